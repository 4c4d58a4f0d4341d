"""Kinds of packages that are installed: found by every command, and told in one line where they are broken."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tune_reflector.errors import BAD_INPUT
from tune_reflector.plugins import GROUP

SETTINGS = """
from typing import ClassVar, Literal

from pydantic import Field

from tune_reflector.searchers.settings import SearcherSettings


@SearcherSettings.register
class SpiralSettings(SearcherSettings):
    '''Outwards from the middle.'''

    implementation: ClassVar[str | None] = "spiral_searcher:SpiralSearcher"

    kind: Literal["spiral"] = "spiral"
    pitch: float = Field(0.1, gt=0, le=1, description="from one turn to the next")
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which Python imports, and in which it looks for installed packages."""
    folder = tmp_path / "packages"
    folder.mkdir()
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (folder, root))))
    return folder


def install(packages: Path, module: str, source: str | None) -> None:
    """What pip leaves behind of a package whose entry point is ``module``."""
    if source is not None:
        (packages / f"{module}.py").write_text(source)
    about = packages / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\n{module} = {module}\n")


def command(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", f"tune_reflector.{name}", *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=120)


def refusal(*arguments: str) -> str:
    """The one line with which a search is refused."""
    done = command("search", "--print-config", *arguments)
    assert done.returncode == BAD_INPUT
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_the_kind_of_an_installed_package_is_found(packages: Path) -> None:
    install(packages, "spiral", SETTINGS)
    done = command("search", "--print-config", "searcher={kind: spiral, pitch: 0.2}")
    assert done.returncode == 0, done.stderr
    assert (
        "searcher:  # what proposes candidates\n  kind: spiral\n  pitch: 0.2  # from one turn to the next\n"
        in done.stdout
    )


def test_its_settings_are_checked_like_ours(packages: Path) -> None:
    install(packages, "spiral", SETTINGS)
    assert refusal("searcher={kind: spiral, pitch: 2}").startswith("searcher.pitch: input should be less than or equal")
    assert refusal("searcher={kind: spiral, pich: 1}") == "searcher.pich: unknown key; did you mean 'pitch'?"


def test_a_comparison_finds_it_too(packages: Path) -> None:
    install(packages, "spiral", SETTINGS)
    Path("compare.yaml").write_text(
        "name: a\nentries: {ours: {searcher: {kind: spiral, pitch: 2}}}\nrays_per_ap: 1e6\n"
    )
    done = command("compare", "compare.yaml")
    assert done.returncode == BAD_INPUT
    assert "searcher.pitch: input should be less than or equal" in done.stderr


def test_a_kind_that_nobody_brings_is_told_in_one_line(packages: Path) -> None:
    line = refusal("searcher.kind=spiral")
    assert line.startswith("searcher.kind: must be one of 'cmaes', ")
    assert line.endswith("but got 'spiral'; choose one, or install the package that brings it")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "ModuleNotFoundError: No module named 'spiral'"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        ("def", "SyntaxError: invalid syntax"),
        (SETTINGS.replace('"spiral"', '"random"'), "ValueError: a kind must have a name of its own"),
    ],
    ids=["missing", "lacks another", "fails", "no Python", "taken name"],
)
def test_a_broken_plugin_is_told_in_one_line(packages: Path, source: str | None, reason: str) -> None:
    install(packages, "spiral", source)
    line = refusal()
    assert line.startswith(f"plugin 'spiral' (spiral): must be importable, but {reason}")
    assert line.endswith("; mend or uninstall it")


def test_a_run_is_resumed_with_the_version_of_the_plugin_that_it_was_started_with(packages: Path) -> None:
    install(packages, "spiral", SETTINGS)
    quick = ["launch=local", "searcher.kind=random", "fidelity.rungs=[1000]", "budget.trials=2", "name=a"]
    quick += [
        "final={candidates: 1, rays_per_ap: 1000, lattices: 2, variants: [], second_opinion: false}",
        "report={every_s: null, figures: false}",
    ]
    quick += ["counterfactual.kinds=[]"]
    assert command("search", *quick).returncode == 0
    metadata = packages / "spiral-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "1.1"))
    done = command("search", "--resume", "results/a", "budget.trials=4")
    assert done.returncode == BAD_INPUT
    assert "but spiral is 1.1 and was 1.0" in done.stderr
    assert command("search", "--resume", "results/a", "budget.trials=4", "--other-versions").returncode == 0


def test_help_needs_no_plugin(packages: Path) -> None:
    install(packages, "spiral", None)
    assert command("search", "--help").returncode == 0


def test_an_unused_plugin_changes_nothing(packages: Path) -> None:
    before = command("search", "--print-config").stdout
    install(packages, "spiral", SETTINGS)
    assert command("search", "--print-config").stdout == before != ""
