"""Placements that are given: measured as a winner is, side by side, without a search."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tune_reflector as tr
from tune_reflector import evaluate
from tune_reflector.config.config_file import load_config

SETTINGS = ["final={rays_per_ap: 20000, lattices: 3}", "report.figures=false"]
TWO = [{"position_m": [x, 2, 2.5], "direction": [1, 0, -0.5]} for x in (2, 11)]
THREE = [*TWO, {"position_m": [18, 10, 2.5], "direction": [0, 1, -0.5]}]
PLATE = {"center_m": [19.6, 2, 1.5], "normal": [-1, 0.8, 0], "size_m": [1, 1]}
PLACEMENTS: dict[str, dict[str, Any]] = {
    "before": {"access_points": TWO},
    "after": {"access_points": TWO, "reflectors": [PLATE]},
    "three": {"access_points": THREE},
}


def write_files() -> list[str]:
    for name, placement in PLACEMENTS.items():
        Path(f"{name}.json").write_text(json.dumps(placement))
    Path("house.yaml").write_text("seed: 1")
    return [f"{name}.json" for name in PLACEMENTS]


def test_several_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    files = write_files()
    assert evaluate.main(["house.yaml", *files, *SETTINGS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    before, after, three = told["evaluations"]
    folder = Path("results/evaluate-l_corridor")
    assert json.loads((folder / "evaluation.json").read_text())["evaluations"] == told["evaluations"]
    maps = np.load(folder / "maps.npz")
    assert maps["after"].shape == (2, before["coverage"]["num_cells"]) == maps["centers_m"].shape[::-1]
    page = (folder / "report.html").read_text()
    assert all(name in page for name in ("3 placements", "For the installer", *PLACEMENTS))

    # Without its plate it is the other one, ray by ray: so both differences are one.
    (alone,) = after["comparisons"]
    assert alone["p5_rss_dbm"] == pytest.approx(before["p5_rss_dbm"], abs=1e-3)
    (of_after, of_three) = told["gains"]
    assert of_after["gain_db"] == after["p5_rss_dbm"] - before["p5_rss_dbm"] > 0
    same = pytest.approx((of_after["gain_db"], of_after["gain_error_db"]), abs=1e-3)
    assert (alone["gain_db"], alone["gain_error_db"]) == same
    assert of_three["gain_db"] == three["p5_rss_dbm"] - before["p5_rss_dbm"]
    # An access point more takes no power from any cell.
    assert np.all(maps["three"].max(axis=0) >= maps["before"].max(axis=0) * (1 - 1e-5))

    # What is left behind is a placement again, and another folder is taken for it.
    again = folder / "placements" / "after.json"
    assert evaluate.main(["house.yaml", str(again), *SETTINGS]) == 0
    assert "after: P5" in capsys.readouterr().out
    content = json.loads(Path("results/evaluate-l_corridor-2/evaluation.json").read_text())
    assert content["evaluations"][0]["p5_rss_dbm"] == pytest.approx(after["p5_rss_dbm"], abs=1e-3)


def test_a_table_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    write_files()
    space = load_config(None).site().space
    genes = [space.sample(np.random.default_rng(seed)) for seed in (1, 2)]
    with Path("many.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(genes[0]))
        table.writeheader()
        table.writerows(genes)
    assert evaluate.main(["house.yaml", "--csv", "many.csv", *SETTINGS]) == 0
    assert "2 placements in many.scores.csv" in capsys.readouterr().out
    found = list(csv.DictReader(Path("many.scores.csv").read_text().splitlines()))
    config = load_config(Path("house.yaml"), SETTINGS)
    expected = [tr.evaluate(config, one, without_reflectors=False).score for one in genes]
    assert [float(row["p5_rss_dbm"]) for row in found] == pytest.approx(expected, abs=1e-3)
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "placement.json: must be given, or --csv, but neither is; add a run's best.json\n"),
        (["nowhere.json"], "nowhere.json: must be a placement in JSON, but No such file or directory; give another\n"),
        (["budget.trials=0", "before.json"], "budget.trials: "),
        (["--csv", "nowhere.csv"], "--csv: must be a file that can be read, but nowhere.csv: No such file"),
        (["before.json", "objective={kind: nothing}"], "objective.kind: must be one of "),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files()
    assert evaluate.main(["house.yaml", *arguments]) == 2
    told = capsys.readouterr()
    assert told.err.startswith(said)
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert not Path("results").exists()


def test_in_python_a_gain_is_of_the_same_rays() -> None:
    config = tr.load_config(None, final={"rays_per_ap": 20_000, "lattices": 3})
    before, after = (tr.evaluate(config, PLACEMENTS[name], name=name) for name in ("before", "after"))
    (gain, error), (loss, same_error) = after.gain(before), before.gain(after)
    assert (gain, error) == (-loss, pytest.approx(same_error))
    assert before.gain(before) == (0, 0)
    assert set(after.figures()) == {"map", "cdf"}
    with pytest.raises(tr.ConfigError, match="must be a Placement, genes, or a JSON file, but is a int"):
        tr.evaluate(config, 3)  # type: ignore[arg-type]
    assert (after.save("kept") / "report.html").exists()
    with pytest.raises(tr.ConfigError, match="must be a new one"):
        after.save("kept")
