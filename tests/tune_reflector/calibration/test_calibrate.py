"""The command: what it says and writes, and what it refuses before anything is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from tune_reflector import calibrate
from tune_reflector.config.config_file import load_config

SMALL = """
seed: 3
receivers: {cell_size_m: 2}
radio: {max_depth: 2}
access_points: {count: 1, areas: [[[16.5, 0.5], [19.5, 0.5], [19.5, 19.5], [16.5, 19.5]]]}
reflector: null
objective: {quantile: 0.5}
fidelity: {rungs: [1000, 4000]}
"""
"""One access point that sees its users: few rays rank its places."""


@pytest.mark.slow
def test_the_copy_has_the_rungs_that_were_suggested_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hall.yaml").write_text(SMALL)
    assert calibrate.main(["hall.yaml", "--minutes", "0.05", "searcher.kind=random"]) == 0
    said, copy = capsys.readouterr().out, Path("hall.calibrated.yaml")
    before, after = load_config(Path("hall.yaml"), ["searcher.kind=random"]), load_config(copy)
    assert after.model_copy(update={"fidelity": before.fidelity}) == before
    rungs = list(after.problem().rungs)
    assert f"fidelity.rungs {rungs}, merged as a trial does" in said
    comment = [line.removeprefix("#").strip() for line in copy.read_text().splitlines() if line.startswith("#")]
    told = [line.strip() for line in said.splitlines() if "  " in line.strip()]
    assert told
    assert set(told) <= set(comment)
    text = copy.read_text()
    assert calibrate.main(["hall.yaml", "--minutes", "0.05"]) == 2
    assert copy.read_text() == text


@pytest.mark.slow
def test_where_no_rung_is_to_be_trusted_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a ray arrives: all placements are worth the same."""
    Path("dark.yaml").write_text(SMALL)
    dark = ["radio.line_of_sight=false", "radio.specular_reflection=false"]
    assert calibrate.main(["dark.yaml", "--minutes", "0.05", *dark]) == 1
    assert "no rung can be trusted yet" in capsys.readouterr().out
    assert not Path("dark.calibrated.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.yaml"], "no.yaml: must be a readable YAML file"),
        (["a.yaml", "b.yaml"], "b.yaml: only one CONFIG.yaml may be given"),
        (["--minutes", "0"], "--minutes: must be above 0 and at most 1440, but got 0; "),
        (["--minutes", "nan"], "--minutes: must be above 0 and at most 1440, but got nan; "),
        (["budget.trials=0"], "budget.trials: "),
        (["-o", "there.yaml"], "-o: must be a file that is not there yet, but there.yaml is; "),
        (["-o", "nowhere/a.yaml"], "-o: must be in a folder that there is, but nowhere is none; "),
    ],
)
def test_bad_input_is_told_in_a_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("there.yaml").write_text("mine")
    assert calibrate.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(said)
    assert Path("there.yaml").read_text() == "mine"


@pytest.mark.slow
def test_too_little_time_is_told_with_what_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate.main(["--minutes", "0.0001"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("--minutes: must be enough for two rungs, but ")
    assert line.endswith("; raise it")


@pytest.mark.parametrize("arguments", [["--help"], ["budget.trials=-1"]])
def test_help_and_bad_input_need_neither_sionna_nor_ray(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom tune_reflector import calibrate\n"
        f"try: assert calibrate.main({arguments}) == 2\nexcept SystemExit as e: assert e.code == 0\n"
        "assert not {'ray', 'sionna', 'mitsuba', 'drjit', 'scipy.stats'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
