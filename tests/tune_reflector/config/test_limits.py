"""Files that are made to eat time or memory are refused at once, in lines that can be read."""

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from trainables.buildings.floor_plan import bundled_floor_plans
from tune_reflector.config.config_file import dump_config, load_config, parse_yaml, validate
from tune_reflector.errors import MOST_PROBLEMS, ConfigError

SEARCH, COMPARE = "tune_reflector.search", "tune_reflector.compare"

PATIENCE_S = 60
"""Only a test that fails waits so long; the longest takes two."""


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)


def nested(first: str, inner: str) -> str:
    """Nine anchors, each of ten of the one before: ``inner`` says how."""
    anchors = [f"a0: &a0 {first}"]
    anchors += [f"a{n}: &a{n} {inner % ', '.join([f'*a{n - 1}'] * 10)}" for n in range(1, 9)]
    return "\n".join(anchors) + "\n"


def keys(count: int, indent: str = "") -> str:
    return "".join(f"{indent}frequency{number}: 1\n" for number in range(count))


def aliases(count: int) -> str:
    return ", ".join(["*a"] * count)


def circle(corners: int) -> list[list[float]]:
    angles = [2 * math.pi * number / corners for number in range(corners)]
    return [[18 + math.cos(angle), 6 + math.sin(angle)] for angle in angles]


SQUARE = "[[16, 4], [20, 4], [20, 20], [16, 20]]"
LAUGHS = nested("[x, x]", "[%s]")
MERGED = nested("{x: 1}", "{<<: [%s]}")
TOO_MANY_VALUES = "bomb.yaml: must hold at most 40,000 values, aliases written out, but holds more in line "


BOMBS = {
    "laughs": (LAUGHS + "seed: *a8", TOO_MANY_VALUES),
    "laughs-inside": (LAUGHS + "radio: {frequency_hz: *a8}", TOO_MANY_VALUES),
    "merged": (MERGED + "radio: *a8", TOO_MANY_VALUES),
    "zones": (f"a: &a {SQUARE}\nreceivers: {{zones: [{aliases(20_000)}]}}", TOO_MANY_VALUES),
    "same-corners": (f"a: &a [16, 4]\nreceivers: {{zones: [[{aliases(100_000)}]]}}", TOO_MANY_VALUES),
    "corners": (
        f"receivers: {{zones: [{circle(100_000)}]}}",
        "bomb.yaml: must be at most 1,000,000 bytes of YAML, but",
    ),
    "keys": (keys(10_000), "frequency0: unknown key"),
    "inner-keys": ("radio:\n" + keys(10_000, "  "), "radio.frequency0: unknown key; did you mean 'frequency_hz'?"),
    "access-points": (
        "access_points: {count: 20000}",
        "access_points.count: ...less than or equal to 100, but got 20000",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_configuration_that_is_a_bomb_is_refused_at_once(bomb: str) -> None:
    text, said = BOMBS[bomb]
    Path("bomb.yaml").write_text(text)
    check_refusal(run(SEARCH, "bomb.yaml", "--dry-run"), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "seed: " + "[" * 100,
            "bomb.yaml: must hold at most 30 levels of lists and mappings, but holds more in line 1",
        ),
        (
            f"name: {'x' * 10_001}",
            "bomb.yaml: must hold at most 10,000 characters in a value, but holds more in line 1",
        ),
        ("seed: &a [*a]", "bomb.yaml: must not hold an anchor that contains itself, as in line 1"),
        (f"receivers: {{zones: [{circle(1100)}, {circle(1100)}]}}", "receivers.zones must have at most 2,000 "),
        (f"receivers: {{zones: [{circle(2100)}]}}", "receivers.zones.0: tuple should have at most 2000 items"),
        (
            "receivers: {zones: [[[0, 0], [1e300, 0], [3, 3]]]}",
            "receivers.zones.0.1.0: ...equal to 100000, but got 1e+300",
        ),
        ("reflector: {focal_height_m: 1e300}", "reflector.focal_height_m: ...equal to 100000, but got 1e+300"),
        ("receivers: {cell_size_m: 0.01}", "receivers.cell_size_m must cut ...at most 250,000 cells"),
        (
            "receivers: {cell_size_m: 0.02}\naccess_points: {count: 100}",
            "receivers.cell_size_m must leave ...5,000,000 ",
        ),
        (f"fidelity: {{rungs: {[2**n for n in range(21)]}}}", "fidelity.rungs must be at most 20, but are 21"),
        ("searcher: {kind: grid, points_per_gene: 10000}", "searcher.points_per_gene must ...1,000,000 points...10^48"),
        ("searcher: {kind: optuna, candidates: 1e9}", "searcher.candidates: ...less than or equal to 10000"),
        ("trainable: {kind: gradient, points: 10000}", "trainable.points: ...less than or equal to 200"),
        ("final: {candidates: 1e9}", "final.candidates: ...less than or equal to 1000"),
        ("faults: {trial_timeout_s: 1e300}", "faults.trial_timeout_s: ...less than or equal to 31536000"),
        ("report: {every_s: 1e300}", "report.every_s: ...less than or equal to 86400"),
    ],
    ids=lambda value: value.replace("\n", " ")[:30],
)
def test_a_setting_beyond_what_can_be_worked_with_is_refused(text: str, said: str) -> None:
    Path("bomb.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(Path("bomb.yaml"))
    check_lines(str(caught.value), said)


def test_what_is_within_the_limits_can_be_resumed() -> None:
    """The file that a run leaves behind spells out every default, and has to be read again."""
    triangle = [[1 / 3, 1 / 3], [2 / 3, 1 / 3], [2 / 3, 2 / 3]]
    zones = [[[x / 3, y / 3] for x, y in circle(1000)], *([triangle] * 333)]
    access_points = {"areas": zones, "keep_out": [triangle] * 666}
    receivers = {"zones": zones, "cell_size_m": 0.1}
    config = validate({"scene": {"plan": "office"}, "receivers": receivers, "access_points": access_points})
    assert validate(parse_yaml(dump_config(config), "config.yaml")) == config


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed=[" + LAUGHS.replace("\n", ", ").replace(": &", ": &") + "]", "must hold at most 40,000 values"),
        ("seed=" + "[" * 5000, "must hold at most 30 levels"),
        ("x" * 50_000 + "=1", "unknown key"),
        (f"name={'x' * 9_000}", "name must be 1 to 100 letters"),
    ],
    ids=["laughs", "deep", "long-key", "long-value"],
)
def test_an_override_that_is_a_bomb_is_refused_at_once(override: str, said: str) -> None:
    check_refusal(run(SEARCH, override), f"...{said}")


def test_a_file_without_an_end_is_not_read_to_its_end() -> None:
    check_refusal(run(SEARCH, "/dev/zero"), "/dev/zero: must be at most 1,000,000 bytes of YAML, but is more")


def wall(*corners_m: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {"name": "w", "material": "metal", "thickness_m": 0.01, "path_m": [list(c) for c in corners_m], **more}


MANY_WALLS = [wall((0.1, 0.1), (19, 0.1 + number / 1000)) for number in range(1001)]
ACROSS = [wall((0.1, 0.1 + number / 100), (19, 0.1 + number / 100)) for number in range(300)]
ALONG = [wall((0.1 + number / 20, 0.01), (0.1 + number / 20, 3.9)) for number in range(300)]
DOORS = [{"segment": 0, "start_m": number / 100, "width_m": 0.005, "top_m": 2} for number in range(1900)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "x" * 2_000_000}, "scene: plan.yaml: must be at most 1,000,000 bytes of YAML"),
        ({"name": "x" * 9_000}, "scene.plan: name: string should have at most 100 "),
        (
            {"ceiling": {"material": "x" * 9_000, "thickness_m": 1}},
            "scene.plan: ceiling.material: ...'xxx...xxx'",
        ),
        ({"outline_m": circle(2_100)}, "scene.plan: outline_m: tuple should have at most 2000 items"),
        ({"walls": MANY_WALLS}, "scene.plan: walls must have at most 1,000 segments together, but have 1,001"),
        ({"walls": ACROSS + ALONG}, "scene.plan: walls must meet at most 5,000 times, ...but do 90,000 times"),
        (
            {"walls": [wall((0, 0), (20, 0), openings=DOORS)]},
            "scene.plan: walls.0.openings: tuple ...at most 100 items",
        ),
        ({"walls": [{}] * 5_000}, "scene.plan: walls.0.material: must be given"),
    ],
    ids=["bytes", "name", "material", "outline", "segments", "crossings", "openings", "complaints"],
)
def test_a_floor_plan_that_is_a_bomb_is_refused_at_once(changes: dict[str, Any], said: str) -> None:
    plan = yaml.safe_load(bundled_floor_plans()["l_corridor"].read_text()) | changes
    Path("plan.yaml").write_text(yaml.safe_dump(plan))
    with pytest.raises(ConfigError) as caught:
        load_config(None, ["scene.plan=plan.yaml"])
    check_lines(str(caught.value).replace(str(Path("plan.yaml").absolute()), "plan.yaml"), said)


GRID = "rays_per_ap: 1e6\nentries: {a: {}}\ngrid:\n" + "".join(
    f"  searcher.{key}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n" for key in ("population", "elites", "tournament", "lag")
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GRID, "grid must cross the entries into at most 500 variants, but makes 1e+04"),
        (
            f"rays_per_ap: 1e6\nentries: {{a: {{}}}}\ngrid: {{seed: {[*range(20_000)]}}}",
            "grid.seed: ...at most 500 items",
        ),
        (f"rays_per_ap: 1e6\nentries: {{a: {{}}}}\nseeds: {[*range(20_000)]}", "seeds: ...at most 100 items"),
        ("rays_per_ap: 1e6\nentries: " + str({f"e{n}": {} for n in range(5_000)}), "entries: ...at most 500 items"),
        (f"rays_per_ap: 1e6\nentries: {{a: {{{'a.' * 200}b: 1}}}}", "entries.a.a...at most 200 characters"),
        (LAUGHS + "rays_per_ap: 1e6\nentries: {a: {radio: *a8}}", TOO_MANY_VALUES),
    ],
    ids=["grid", "values", "seeds", "entries", "key", "laughs"],
)
def test_a_comparison_that_is_a_bomb_is_refused_at_once(text: str, said: str) -> None:
    Path("bomb.yaml").write_text(text)
    check_refusal(run(COMPARE, "bomb.yaml", "--dry-run"), said)


def check_refusal(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 2, done
    assert done.stdout == ""
    check_lines(done.stderr, said)


def check_lines(text: str, said: str) -> None:
    """A few short lines, of which the first is as expected; ``...`` stands for any text."""
    first, *others = text.splitlines()
    assert re.match(".*".join(map(re.escape, said.split("..."))), first), first
    assert "; " in first
    assert len(others) <= MOST_PROBLEMS
    assert max(map(len, (first, *others))) <= 1000


@pytest.mark.slow
def test_a_rung_of_a_billion_rays_is_not_traced_to_say_how_long_it_takes() -> None:
    done = run(SEARCH, "fidelity.rungs=[1e9]", "--dry-run")
    assert done.returncode == 0, done
    assert re.search(r"budget +250 trials, about \d+h", done.stdout)
