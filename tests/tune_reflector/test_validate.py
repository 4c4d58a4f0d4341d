"""The command line of the validation: what it prints, keeps and returns; its rows are tested with their physics."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trainables.tracing.backend import find_backend
from trainables.validation.row import Row
from trainables.validation.themes import THEMES
from tune_reflector import validate
from tune_reflector.runs import bar_coverage
from tune_reflector.runs.provenance import package_versions
from tune_reflector.runs.validations import PACKAGES, find_validation

GOOD = Row("good", -50.0, -50.1, "dBm", 0.5, "a book")
BAD = Row("bad", -50.0, -60.0, "dBm", 0.5, "a book", "why")
KNOWN = Row("off", -50.0, -60.0, "dBm", 0.5, "a book", "another way", known=True)


@pytest.fixture
def of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Let the validation consist of given rows, and keep its outcome in the test's folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def set_rows(*rows: Row) -> None:
        def given(_: object) -> Iterator[Row]:
            return iter(rows)

        monkeypatch.setattr(validate, "_rows", given)

    return set_rows


def test_all_hold(of: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    of(GOOD, KNOWN)
    assert validate.main([]) == 0
    told = capsys.readouterr().out
    assert "1 of 1 rows hold; 1 more in which Sionna is known to be off\n" in told
    assert "another way" in told
    kept = find_validation(find_backend("auto").description, package_versions(PACKAGES))
    assert kept is not None
    assert (kept.held, kept.rows) == (1, 1)


def test_one_fails(of: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    of(GOOD, BAD, KNOWN)
    assert validate.main(["--json", "rows.json"]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 rows hold, 1 FAILED; 1 more in which" in told
    assert [row["verdict"] for row in json.loads((tmp_path / "rows.json").read_text())["rows"]] == [
        "ok",
        "FAILED",
        "known",
    ]


def test_of_a_part_nothing_is_kept(of: Callable[..., None], tmp_path: Path) -> None:
    of(GOOD)
    assert validate.main(["--only", "slabs"]) == 0
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("arguments", [["--only", "magic"], ["--json", "nowhere/rows.json"]])
def test_bad_input_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = validate.main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    assert arguments[1] in capsys.readouterr().err


def test_help_names_every_theme_at_once() -> None:
    """Neither Ray nor Sionna is loaded for it."""
    code = (
        "import sys; from tune_reflector.validate import parser; print(parser().format_help()); "
        "sys.exit(any(name in sys.modules for name in ('ray', 'sionna', 'mitsuba', 'drjit')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert all(f"  {theme}" in done.stdout for theme in [*THEMES, validate.ERROR_BAR])


@pytest.mark.slow
def test_the_error_bar_holds_what_it_promises() -> None:
    assert [row.verdict for row in bar_coverage.rows()] == ["ok"]
