"""The documentation: its examples run, its reference names every setting, its site builds and needs no network."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from sybil import Document, Region, Sybil
from sybil.example import Example
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from search_spaces.kinds import Kind
from search_spaces.model import Model
from tools.notebook import code_cells, outputs
from trainables.buildings.floor_plan import FloorPlan
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.plugins import GROUP

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
EXTENDING = ROOT / "docs/extending/index.md"
FAMILIES = [
    family
    for family in Kind.__subclasses__()
    if family.__module__.startswith(("tune_reflector", "trainables", "search_spaces"))
]
LINK = re.compile(r"(?<!!)\[[^]\[]*]\(([^)\s]+)\)|!\[[^]]*]\(([^)\s]+)\)")


def titled_files(document: Document) -> Iterator[Region]:
    """A block with a title is a file, which later blocks of its page can read or import."""
    for region in FencedCodeBlockLexer(r'(?:python|yaml|json) title="[\w.]+"')(document):
        region.parsed = region.lexemes["source"]
        region.evaluator = write_file
        yield region


def write_file(example: Example) -> None:
    Path(example.region.lexemes["language"].split('"')[1]).write_text(example.parsed)
    importlib.invalidate_caches()


EXAMPLES = Sybil([PythonCodeBlockParser(), titled_files])


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Files of a page can be imported; neither they nor the kinds that they register outlive it."""
    for family in FAMILIES:
        monkeypatch.setattr(family, "_registered", dict(family.kinds()))
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if (tmp_path / f"{name}.py").exists()]:
        del sys.modules[name]


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT / "docs").with_suffix("")))
def test_the_examples_of_a_page_run(page: Path) -> None:
    examples = list(EXAMPLES.parse(page))
    blocks = re.findall(r"^```(?:py|yaml|json)", page.read_text(), re.MULTILINE)
    assert len(examples) == len(blocks), "a block of Python, YAML or JSON is run, or written to a file, or it is none"
    for example in examples:
        example.evaluate()


def test_the_notebook_runs() -> None:
    """As its outputs were made: ``python tools/notebook.py docs/planner.ipynb``."""
    cells = code_cells(ROOT / "docs/planner.ipynb")
    shown = list(outputs(["".join(cell["source"]) for cell in cells]))
    for cell, now in zip(cells, shown, strict=True):
        kept = cell["outputs"]
        assert [output["output_type"] for output in now] == [output["output_type"] for output in kept]
        kinds = [[set(output.get("data", ())) for output in found] for found in (now, kept)]
        assert kinds[0] == kinds[1]


def test_the_entry_point_of_the_documentation_is_the_one_that_is_looked_up() -> None:
    (block,) = re.findall(r'^```toml title="pyproject.toml"\n(.*?)^```', EXTENDING.read_text(), re.M | re.S)
    assert list(tomllib.loads(block)["project"]["entry-points"]) == [GROUP]


def test_the_documentation_names_every_family() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| `(\w+)` \| `([\w/.]+)` \| (\S+) \|", EXTENDING.read_text(), re.M)
    expected = {family.__name__: family for family in FAMILIES}
    assert {name for _, name, _, _ in rows} == expected.keys()
    for key, name, file, default in rows:
        family = expected[name]
        assert file == family.__module__.replace(".", "/") + ".py"
        assert default == (f"`{family.default_kind}`" if key != "refine" else "none")
        *sections, last = key.split(".")
        model: Any = SearchConfig
        for section in sections:
            model = model.model_fields[section].annotation
        held = list(leaves(model.model_fields[last].annotation))
        assert family in [*held, *(item for leaf in held for item in get_args(leaf))]  # alone, or a list of them


def test_the_ways_of_the_architecture_name_what_there_is() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    steps = re.findall(r"^.{8} *([\w/]+\.py) +((?:\w+\.)?)(\w+)\(\)", page, re.M)
    assert len(steps) > 40
    for file, owner, function in steps:
        paths = [root / file for root in (ROOT, ROOT / "tune_reflector") if (root / file).is_file()]
        assert len(paths) == 1, file
        (body,) = [ast.parse(path.read_text()).body for path in paths]
        if owner:
            (body,) = [node.body for node in body if isinstance(node, ast.ClassDef) and f"{node.name}." == owner]
        assert function in [node.name for node in body if isinstance(node, ast.FunctionDef)], (file, owner, function)


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    for package in ("tune_reflector", "trainables"):
        rooms = {path.name for path in (ROOT / package).iterdir() if (path / "__init__.py").exists()}
        assert rooms
        assert all(f"`{room}/`" in page for room in rooms)
    for path in set(re.findall(r"`([\w/]+/\w+\.py)`", page)):
        assert (ROOT / path).is_file() or (ROOT / "tune_reflector" / path).is_file(), path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    built = {path.relative_to(site).with_suffix(".md") for path in site.rglob("*.html")} - {Path("404.md")}
    assert built == {page.relative_to(ROOT / "docs") for page in PAGES}


class Loaded(HTMLParser):
    """What a browser loads with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name == "src" or (tag == "link" and name == "href")):
                self.sources.append(value)


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text())
        assert loaded.sources
        assert not [source for source in loaded.sources if "//" in source]


def leaves(annotation: Any) -> Iterator[Any]:
    """What a field may hold."""
    if get_origin(annotation) is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for argument in get_args(annotation):
            yield from leaves(argument)
    else:
        yield annotation


def models(thing: Any) -> list[type[Model]]:
    """The models that a value may be of: of a family all its kinds."""
    if not (isinstance(thing, type) and issubclass(thing, Model)):
        return []
    return list(thing.kinds().values()) if issubclass(thing, Kind) and thing.is_family() else [thing]


def keys(model: type[Model], prefix: str = "") -> Iterator[str]:
    """Every key of a model but ``kind``, by walking its classes; dotted, unless the model is but a part of a value."""
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        yield f"{prefix}{name}"
        held = [leaf for leaf in leaves(field.annotation) if leaf is not type(None)]
        alone = len(held) == 1 and bool(models(held[0]))
        items = [argument for leaf in held for argument in get_args(leaf)]
        for inner in [model for thing in (*held, *items) for model in models(thing)]:
            yield from keys(inner, f"{prefix}{name}." if alone else "")


def cells(page: Path) -> set[str]:
    """What stands between the tags of a page."""
    return set(re.split(r"<[^>]+>", page.read_text()))


def test_the_reference_names_every_setting(site: Path) -> None:
    expected = set(keys(SearchConfig))
    assert {"searcher.mutation_steps.wall", "refine.searcher.gamma", "wall", "object", "low"} <= expected
    assert expected <= cells(site / "configuration.html")


def test_the_reference_names_every_key_of_a_floor_plan(site: Path) -> None:
    expected = set(keys(FloorPlan))
    assert {"floor.thickness_m", "openings", "start_m"} <= expected
    assert expected <= cells(site / "extending" / "scene.html")


def test_the_reference_tells_bounds_defaults_and_kinds(site: Path) -> None:
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (site / "configuration.html").read_text()))
    assert "radio.frequency_hz number, ≥ 1e9, ≤ 1e11 5.18e9 carrier frequency [Hz]; Wi-Fi channel 36" in page
    assert "trainable.momentum number or Range , ≥ 0, ≤ 0.999 0.8" in page
    for kind in ("grid", "cmaes", "ga", "optuna", "hyperopt", "random"):
        assert f"searcher.kind: {kind}" in page
    for name, field in SearchConfig.model_fields.items():
        for family in (leaf for leaf in leaves(field.annotation) if leaf in FAMILIES):
            assert all(f"{name}.kind: {kind}" in page for kind in family.kinds()), name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_the_repository_resolve(page: str) -> None:
    text = (ROOT / page).read_text()
    for link in filter(None, (target for pair in LINK.findall(text) for target in pair)):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        there = ROOT / (path or page)
        assert there.exists(), link
        if anchor:
            assert anchor in headings(there.read_text()), link


def headings(text: str) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}
