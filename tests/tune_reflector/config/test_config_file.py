"""A configuration is either whole and coherent, or refused with lines that say what to change."""

import contextlib
import copy
import io
import os
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tune_reflector import search
from tune_reflector.config.config_file import dump_config, load_config, parse_yaml, validate
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.errors import ConfigError

L_CORRIDOR_USERS = [[16, 4], [20, 4], [20, 20], [16, 20]]


def problems(*overrides: str, path: Path | None = None) -> list[str]:
    """The lines of the refusal."""
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value).splitlines()


# --- what is accepted ---------------------------------------------------------------------------------------


def test_the_defaults_are_the_quick_start() -> None:
    config = load_config(None)
    assert config == SearchConfig()
    assert config.site().space.mode == "2ap_reflector"


def test_an_empty_file_is_the_quick_start(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing yet\n")
    assert load_config(path) == SearchConfig()


EXPERIMENTS = sorted(
    path for path in (Path(__file__).parents[3] / "configs").glob("*.yaml") if not path.stem.startswith("compare_")
)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_a_bundled_experiment_is_valid(path: Path) -> None:
    assert isinstance(load_config(path), SearchConfig)


def test_overrides_change_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("seed: 3\nbudget: {trials: 7}\n")
    config = load_config(path, ["budget.max_concurrent=2", "searcher={kind: random}", "seed=4"])
    assert (config.seed, config.budget.trials, config.budget.max_concurrent) == (4, 7, 2)
    assert config.searcher.kind == "random"


@pytest.mark.parametrize(
    ("text", "number"),
    [("28e9", 28e9), ("2.8e10", 28e9), ("1E+10", 1e10), ("5180000000", 5.18e9), ("1.5e9", 1.5e9)],
)
def test_numbers_may_be_written_with_an_exponent(text: str, number: float) -> None:
    assert parse_yaml(f"x: {text}", "test") == {"x": number}
    assert load_config(None, [f"radio.frequency_hz={text}"]).radio.frequency_hz == number


@pytest.mark.parametrize(("text", "number"), [("1e5", 1e5), ("1e-3", 1e-3), ("-1e2", -100.0)])
def test_an_exponent_makes_a_number_not_a_text(text: str, number: float) -> None:
    assert parse_yaml(text, "test") == number


def test_whole_numbers_with_an_exponent_are_counts() -> None:
    assert load_config(None, ["fidelity.rungs=[3e4, 1e5]"]).fidelity.rungs == (30_000, 100_000)


def test_a_kind_left_out_is_the_default_kind() -> None:
    brief, full = (load_config(None, [f"searcher={{{kind}population: 9}}"]) for kind in ("", "kind: ga, "))
    assert brief == full


def test_a_kind_left_out_in_an_optional_section_is_the_default_kind_there() -> None:
    brief = load_config(None, ["refine={searcher: {population: 9}}"])
    assert brief == load_config(None, ["refine={kind: bounds, searcher: {kind: cmaes, population: 9}}"])


def test_a_run_without_a_name_is_called_after_what_it_does_and_counted() -> None:
    config = load_config(None, ["searcher={kind: random}"])
    here = Path("results").absolute()
    assert list(islice(config.folders, 3)) == [here / f"l_corridor-random{end}" for end in ("", "-2", "-3")]
    assert list(SearchConfig(name="mine").folders) == [here / "mine"]


# --- what is printed loads back -----------------------------------------------------------------------------

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
SETTINGS = st.floats(0, 0.9) | st.fixed_dictionaries({"low": st.floats(0, 0.4), "high": st.floats(0.5, 0.9)})


def coherent(changes: dict[str, Any]) -> dict[str, Any]:
    """Population-based training needs a random searcher and several workers."""
    if changes.get("scheduler", {}).get("kind") == "pbt":
        return changes | {"searcher": {"kind": "random"}, "launch": "ray"}
    return changes


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(
            st.none(), NAMES, st.sampled_from(["1e5", "28e9", "null", "true", "1_0", "1.5", "2020-01-01"])
        ),
        "results_dir": TEXTS,
        "seed": st.integers(0, 2**31 - 1),
        "launch": st.sampled_from(["ray", "local"]),
        "scene": st.fixed_dictionaries({"plan": st.sampled_from(["l_corridor", "office"])}),
        "radio": st.fixed_dictionaries({"frequency_hz": st.floats(1e9, 1e11), "refraction": st.booleans()}),
        "receivers": st.fixed_dictionaries(
            {"cell_size_m": st.floats(0.3, 2), "surface": st.sampled_from(["crosses", "plane"])}
        ),
        "access_points": st.fixed_dictionaries(
            {"count": st.integers(1, 5), "dir_z": st.floats(-10, -1e-9), "areas": st.just([[[1, 1], [9, 1], [9, 3]]])}
        ),
        "reflector": st.one_of(st.none(), st.fixed_dictionaries({"size_m": st.tuples(*[st.floats(0.1, 2)] * 2)})),
        "fidelity": st.fixed_dictionaries(
            {
                "rungs": st.lists(st.integers(0, 19), min_size=2, unique=True, max_size=5).map(
                    lambda powers: [2**power for power in sorted(powers)]
                )
            }
        ),
        "trainable": st.one_of(
            st.fixed_dictionaries({"kind": st.just("gradient"), "steps": st.integers(6, 99), "momentum": SETTINGS}),
            st.just({"kind": "placement"}),
        ),
        "searcher": st.sampled_from(
            [
                {"kind": "random"},
                {"kind": "grid", "points_per_gene": 1, "points": {"x1": 3}},
                {"kind": "hyperopt"},
                {"kind": "ga", "mode": "steady_state", "mutation_steps": {"wall": 0.5}},
                {"population": 9},
            ]
        ),
        "scheduler": st.sampled_from(
            [
                {"kind": "fifo"},
                {"kind": "median"},
                {"kind": "asha", "reduction_factor": 1.5},
                {"kind": "pbt", "jitter": 0.1, "interval": 5},
            ]
        ),
        "refine": st.sampled_from([None, {"margin": 0.2}, {"kind": "gradient", "steps": 5, "momentum": 0.5}]),
        "budget": st.fixed_dictionaries({"time_s": st.none() | st.floats(1e-300, 1e300)}),
        "ray": st.fixed_dictionaries({"address": st.none()}),
    },
)


@given(CHANGES.map(coherent), st.booleans())
@settings(max_examples=100)
def test_a_dumped_configuration_loads_back_equal(changes: dict[str, Any], comments: bool) -> None:
    config = validate(changes)
    dumped = dump_config(config, comments)
    assert validate(parse_yaml(dumped, "dump")) == config
    assert ("  # " in dumped) >= comments


def test_comments_explain_every_field_that_is_described() -> None:
    lines = dump_config(SearchConfig()).splitlines()
    assert any(line.startswith("seed: 1  # seed of the searcher") for line in lines)
    assert all("#" in line for line in lines if not line.strip().startswith("kind:"))
    assert not any("#" in line for line in dump_config(SearchConfig(), comments=False).splitlines())


GRADIENT = "trainable={kind: gradient}"
PBT = ["scheduler={kind: pbt}", "searcher={kind: random}"]
START = SearchConfig().site().space.sample(np.random.default_rng(0))

# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "said"),
    [
        # keys
        ("radoi={}", "radoi: unknown key; did you mean 'radio'?"),
        ("dashboard=true", "dashboard: unknown key; did you mean 'ray.dashboard'?"),
        ("trials=9", "trials: unknown key; did you mean 'budget.trials' or 'refine.trials'?"),
        ("radio.frequncy_hz=1e9", "radio.frequncy_hz: unknown key; did you mean 'frequency_hz'?"),
        ("searcher.populaton=9", "searcher.populaton: unknown key; did you mean 'population'?"),
        ("searcher={kind: random, startup_trials: 3}", "searcher.startup_trials: unknown key; known: kind"),
        ("objective.colour=1", "objective.colour: unknown key; known: combine, coverage_threshold_dbm, ..."),
        # types and units
        ("radio.frequency_hz='5 GHz'", "radio.frequency_hz: ...valid number...'5 GHz'; correct it"),
        ("access_points.height_m='2.5m'", "access_points.height_m: ...valid number...'2.5m'; correct it"),
        ("budget.trials=many", "budget.trials: ...valid integer...'many'; correct it"),
        ("budget.trials=1.5", "budget.trials: ...valid integer...1.5; correct it"),
        ("radio=[1, 2]", "radio: ...valid dictionary...[1, 2]; correct it"),
        ("radio.tx_pattern=yagi", "radio.tx_pattern: ...'tr38901'...'yagi'; correct it"),
        ("radio.frequency_hz=.nan", "radio.frequency_hz: ...finite...nan; correct it"),
        (
            "searcher={kind: psychic}",
            "searcher.kind: must be one of ...'random'...'psychic'; choose one, or...",
        ),
        ("searcher={kind: 3}", "searcher.kind: must be one of ...'random'...but got 3; choose one, or install..."),
        ("searcher={kind: optuna, sampler: cmaes}", "searcher.sampler: ...'tpe', 'qmc' or 'gp'...'cmaes'; correct it"),
        ("scheduler.kind=lottery", "scheduler.kind: must be one of ...'pb2', but got 'lottery'; choose one, or..."),
        ("trainable.kind=annealing", "trainable.kind: must be one of ...but got 'annealing'; choose one, or..."),
        ("objective.kind=mean", "objective.kind: must be one of ...'quantile'...but got 'mean'; choose one, or..."),
        ("fidelity.kind=depth", "fidelity.kind: must be one of 'rungs', but got 'depth'; choose one, or install..."),
        ("scene.kind=castle", "scene.kind: must be one of ...'floor_plan'...'castle'; choose one, or install..."),
        # ranges and bounds
        ("budget.rays_per_ap=0", "budget.rays_per_ap: ...greater than 0...0; correct it"),
        ("budget.trials=0", "budget.trials: ...greater than or equal to 1...0; correct it"),
        ("radio.frequency_hz=5.18", "radio.frequency_hz: ...greater than...5.18; correct it"),
        (
            "reflector.focal_area=[[3, 3], [1, 4]]",
            "reflector.focal_area must ...min < max...[[3.0, 3.0], [1.0, 4.0]]; order...",
        ),
        (
            "reflector.focal_area=[[3, 3], [3, 4]]",
            "reflector.focal_area must ...min < max...[[3.0, 3.0], [3.0, 4.0]]; order...",
        ),
        ("receivers.zones=[]", "receivers.zones: ...at least 1...[]; correct it"),
        ("access_points.areas=[]", "access_points.areas: must ...at least one polygon...[]; drop..."),
        ("fidelity.rungs=[]", "fidelity.rungs: ...at least 1...[]; correct it"),
        ("fidelity.rungs=[3, 2]", "fidelity.rungs must ...rise...[3, 2]; spread..."),
        ("fidelity.rungs=[0, 2]", "fidelity.rungs must be positive...[0, 2]; spread..."),
        ("fidelity.rungs=[1e9, 3e9]", "fidelity.rungs ...must be < 2**32 rays...6000000000; lower..."),
        ("final.variant_rays_per_ap=4e9", "final.variant_rays_per_ap ...must be < 2**32 rays...8e+09; lower..."),
        ("final.variants=[{kind: people}, {kind: people}]", "final.variants must differ...'people, ...' twice..."),
        ("final.variants=[{kind: windows}]", "final.variants.0.kind: must be one of ...'rough_walls'..."),
        ("final.rays_per_ap=4e9", "final.rays_per_ap ...must be < 2**32 rays...8e+09; lower..."),
        ("receivers.cell_size_m=0.001", "receivers.cell_size_m must ...250,000 cells...0.001 m...; raise..."),
        ("receivers.cell_size_m=1e-300", "receivers.cell_size_m must ...250,000 cells...1e-300 m...; raise..."),
        # geometry
        ("reflector.size_m=[5, 1]", "reflector.size_m: ...must fit on its wall...[5.0, 1.0]; make it smaller"),
        (
            "reflector.wall={top_left_m: [30, 4, 3], bottom_right_m: [30, 0, 0]}",
            "reflector.wall must be inside the building...[30.0, 4.0, 3.0]...; move...",
        ),
        (
            "reflector.wall={top_left_m: [20, 4, 0], bottom_right_m: [20, 0, 3]}",
            "reflector.wall.top_left_m must be higher...0.0 and 3.0; swap...",
        ),
        ("receivers.zones=[[[17, 5], [17.1, 5], [17.1, 5.1]]]", "receivers.zones must hold...0.5 m; make..."),
        ("receivers.zones=[[[0, 0], [1, 1], [1, 0], [0, 1]]]", "receivers.zones.0: ...cross itself...; list..."),
        ("receivers.zones=[[[0, 0], [30, 0], [30, 3]]]", "receivers.zones must lie inside...30.0...; move..."),
        (
            "access_points.areas=[[[0, 1], [0.1, 1], [0.1, 3], [0, 3]]]",
            "access_points.areas must ...0.1...inside a wall; move...",
        ),
        ("access_points.areas=[[[50, 1], [60, 1], [60, 3]]]", "access_points.areas must ...50.0...outside...; move..."),
        (
            "access_points.keep_out=[[[0, 0], [20, 0], [20, 4], [0, 4]]]",
            "access_points.keep_out must ...34.5 m2; shrink...",
        ),
        (
            "access_points.areas=[[[1, 1], [1.00001, 1], [1.00001, 1.00001]]]",
            "access_points.areas must cover at least 1e-06 m2...; enlarge them",
        ),
        ("objective.floor_dbm=-1", "objective.floor_dbm must be below ...=-67, ..., but got -1; lower it"),
        ("access_points.height_m=3", "access_points.height_m must ...ceiling at 3 m...got 3; lower..."),
        ("receivers.height_m=9", "receivers.height_m must ...ceiling at 3 m...got 9; lower..."),
        ("reflector.material=gold", "reflector.material must ...'gold'; metal..."),
        # scenes
        ("scene.plan=castle", "scene.plan must ...castle...; ...l_corridor, office, office_floor"),
        ("scene={kind: sionna, name: castle}", "scene.name must ...'castle'; choose from...munich..."),
        ("scene={kind: xml, path: nowhere.xml}", "scene.path must ...existing file...nowhere.xml...; check it"),
        ("scene={kind: sionna, name: box}", "receivers.zones and access_points.areas must be given...; give..."),
        # the search as a whole
        ("name=a/b", "name must be ...letters, digits...'a/b'; ..."),
        ("name='..'", "name must be ...letters, digits...'..'; ..."),
        ("searcher={kind: grid, points: {x9: 3}}", "searcher.points must name genes...'x9'...; the genes are x1..."),
        # overrides that are none
        ("budget.trials", "budget.trials: ...key=value..."),
        ("=3", "=3: ...key=value..."),
        ("budget.trials=[1", "budget.trials=[1: must be YAML...; correct it"),
    ],
)
def test_a_bad_setting_is_named_with_rule_value_and_remedy(override: str, said: str) -> None:
    (line,) = problems(override)
    assert matches(line, said), line


def matches(line: str, pattern: str) -> bool:
    """Whether ``line`` is ``pattern``, whose ``...`` stand for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("..."))), line) is not None


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (
            ["launch=local", "scheduler={kind: hyperband}"],
            "scheduler.kind must be ...launch: local...'hyperband'...; use launch: ray",
        ),
        (
            ["fidelity.rungs=[100]", "scheduler={kind: asha}"],
            "scheduler.kind must be fifo...single iteration...'asha'; add fidelity.rungs...",
        ),
        (["scheduler={kind: pbt}"], "searcher.kind must be random with scheduler.kind=pbt...'ga'...did not choose"),
        (["scheduler={kind: pb2}", GRADIENT], "searcher.kind must be random with scheduler.kind=pb2...'ga'..."),
        ([*PBT, "scheduler.jitter=0"], "scheduler.jitter must be > 0...placement to change...got 0; raise it..."),
        ([*PBT, "scheduler.jitter=0", GRADIENT], "scheduler.jitter must be > 0...hyperparameter...got 0; raise it..."),
        ([*PBT, "scheduler.kind=pb2", GRADIENT], "scheduler.kind must not be pb2...no hyperparameter is a range..."),
        ([*PBT, "scheduler.population=1"], "scheduler.population: ...greater than or equal to 2...got 1..."),
        ([*PBT, "scheduler.interval=1"], "scheduler.interval must be at least 2, the number of rungs, but got 1..."),
        ([*PBT, GRADIENT, "trainable.steps=4"], "scheduler.interval must be below 4, trainable.steps, but got 4..."),
        ([*PBT, "launch=local"], "scheduler.kind must be ...launch: local...'pbt'...; use launch: ray"),
        ([GRADIENT, "trainable.rung=3"], "trainable.rung must be at most 2...got 3; lower it or add rungs"),
        (["refine={kind: gradient, rung: 1}"], "refine.rung must be at least 2...first stage, but got 1; raise it..."),
        ([*PBT, "scheduler={kind: pb2, jitter: 0}"], "scheduler.jitter must be > 0...placement to change...got 0..."),
        (["refine={}", "budget.rays_per_ap=1e6"], "budget.rays_per_ap must be > 1.95e+07...got 1e+06; raise it..."),
        (["refine={kind: gradient, rung: 3}"], "refine.rung must be at most 2...got 3; lower it or add rungs"),
        (["refine={kind: gradient, momentum: {low: 0, high: 0.5}}"], "refine.momentum must be a number...range..."),
        ([GRADIENT, "trainable.start={x1: 1}"], "trainable.start must name every gene once, but misses 'dir1_x'..."),
        (
            [GRADIENT, f"trainable.start={START | {'u': 1}}"],
            "trainable.start ... has an unknown 'u'; the genes are ...",
        ),
        (
            [GRADIENT, f"trainable.start={START | {'x1': 99}}"],
            "trainable.start.x1 must lie in [0.5, 12], but got 99;...",
        ),
        (
            [GRADIENT, f"trainable.start={START | {'x2': START['x1'], 'y2': START['y1']}}", "searcher={kind: random}"],
            "trainable.start must be a placement that can be built, but misses it by 1...",
        ),
        ([GRADIENT, f"trainable.start={START}"], "searcher.kind must be random where nothing is searched...'ga'..."),
        ([GRADIENT, "trainable.learning_rate=0"], "trainable.learning_rate: must lie in (0, 1], but got 0; move it..."),
        (
            [GRADIENT, "trainable.learning_rate=fast"],
            "trainable.learning_rate: ...valid number...'fast'...",
        ),
        (
            [GRADIENT, "trainable.learning_rate={low: 0.2, high: 0.1}"],
            "trainable.learning_rate.low must be < high=0.1, but got 0.2; swap them",
        ),
        (
            [GRADIENT, "trainable.learning_rate={low: 0.1, hihg: 0.2, high: 0.2}"],
            "trainable.learning_rate.hihg: unknown key; did you mean 'high'?",
        ),
        ([GRADIENT, "trainable.learning_rate={low: 0.1}"], "trainable.learning_rate.high: must be given..."),
        (["searcher={kind: ga, population: 1}"], "searcher.population: ...greater than or equal to 2...got 1..."),
        (["searcher={kind: ga, tournament: 99}"], "searcher.tournament must be at most population=24, but got 99..."),
        (
            ["searcher={kind: ga, mutation_probability: 2}"],
            "searcher.mutation_probability: ...equal to 1...",
        ),
        (
            ["refine={kind: bouns}"],
            "refine.kind: must be one of 'bounds', 'gradient', but got 'bouns'; choose...",
        ),
        (["refine={searcher: {elites: 9}}"], "refine.searcher.elites: unknown key; known: ...initial_step..."),
        (
            ["refine={searcher: {kind: grid}}"],
            "refine.searcher.kind must be one that begins where it is told to, but 'grid' does not; choose another",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused(overrides: list[str], said: str) -> None:
    (line,) = problems(*overrides)
    assert matches(line, said), line


@pytest.mark.parametrize("field", ["seed", "radio.frequency_hz", "budget.trials"])
def test_a_number_with_more_digits_than_python_prints_is_refused(field: str) -> None:
    (line,) = problems(f"{field}=0x{'f' * 5000}")
    assert matches(line, f"{field}: ...a value too long to print; correct it"), line


def test_every_problem_is_listed_at_once() -> None:
    lines = problems("seed=-1", "radio.frequency_hz='5 GHz'", "radoi={}", "reflector.size_m=[0, 1]")
    assert sorted(line.split(":")[0] for line in lines) == ["radio.frequency_hz", "radoi", "reflector.size_m", "seed"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("this is no xml", "scene.path must be an XML file...; export it again"),
        ("<scene><shape></scene>", "scene.path must be an XML file...; export it again"),
        ("<mesh/>", "scene.path must be a Mitsuba scene...<mesh>; export..."),
        (
            "<!DOCTYPE scene [<!ENTITY a 'b'>]><scene>&a;</scene>",
            "scene: an XML scene must not declare...; remove them",
        ),
        (
            "<!DOCTYPE scene SYSTEM 'file:///etc/passwd'><scene/>",
            "scene: an XML scene must not declare...; remove them",
        ),
    ],
)
def test_a_file_that_is_no_scene_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "scene.xml"
    path.write_text(content)
    (line,) = problems(f"scene={{kind: xml, path: {path}}}")
    assert str(path) in line
    assert matches(line, said), line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"seed: 1\nseed: 2\n", "must be YAML: key 'seed' stands twice; keep one..."),
        (b"radio: {refraction: true, refraction: false}", "must be YAML: key 'refraction' stands twice; keep one..."),
        (b"seed: [1", "must be YAML: ...; correct it"),
        (b"a: b: c", "must be YAML: ...; correct it"),
        (b"seed: !!python/object:os.system x", "must be YAML: ...; correct it"),
        (b"seed: !!bool perhaps", "must be YAML: ...; correct it"),
        (b"seed: !!map [1]", "must be YAML: ...; correct it"),
        (b"seed: !!timestamp never", "must be YAML: ...; correct it"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "must be YAML: ...invalid start byte...; correct it"),
        (b"- 1\n- 2\n", "must be a mapping of keys, but is a list; write..."),
        (b"seed", "must be a mapping of keys, but is a str; write..."),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    (line,) = problems(path=path)
    assert matches(line, f"{path}: {said}"), line


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert problems(path=tmp_path / "no.yaml") == [
        f"{tmp_path / 'no.yaml'}: must be a readable YAML file: No such file or directory; check the path"
    ]
    assert problems(path=tmp_path) == [f"{tmp_path}: must be a readable YAML file: Is a directory; check the path"]


def test_a_broken_floor_plan_is_refused_with_its_own_fields(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("name: x\nheight_m: -3\nceilling: null\n")
    lines = problems(f"scene.plan={path}")
    assert matches(lines[0], "scene.plan: height_m: ...greater than 0, but got -3; correct it (plan.yaml:2:1)"), lines
    assert "scene.plan: outline_m: must be given, but is missing; add it (plan.yaml)" in lines
    assert "scene.plan: ceilling: unknown key; did you mean 'ceiling'? (plan.yaml:3:1)" in lines
    assert len(lines) == 8


def test_a_problem_is_told_with_its_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("radio:\n  max_depth: 99\n  frequncy_hz: 5\nreceivers: {zones: [[[1, 2], [3, x]]]}\nseed: -1\n")
    told = problems("seed=-2", path=path)
    assert [line.rpartition(" (")[2].removeprefix(str(path)) for line in told[:3]] == [":4:34)", ":2:3)", ":3:3)"]
    assert matches(told[3], "seed: ...but got -2; correct it"), "what is given on the command line is not in the file"


@pytest.mark.parametrize("zones", ["[[1, 2], [3, 4], [5, 6]]", "[1, 2, 3, 4]"])
def test_a_missing_bracket_is_one_problem(zones: str) -> None:
    (line,) = problems(f"receivers.zones={zones}")
    assert "bracket" in line


# --- anything else ------------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([10**400, 2**64, -1, 0, 1, 2]),
        st.floats(),
        st.text(max_size=10),
        st.binary(max_size=5),
        st.dates(),
        st.sampled_from(["ray", "xml", "grid", "hyperband", "office", "../..", "\0", "x" * 5000, "1e400"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["kind", "plan", "path", "top_left_m", "trials"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def paths_in(node: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in nested mappings and lists."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [prefix, *(path for key, value in inner for path in paths_in(value, (*prefix, key)))]


VALID = [
    {"searcher": {"kind": "grid", "points": {"x1": 2}}, "scheduler": {"kind": "median"}},
    {
        "receivers": {"zones": [L_CORRIDOR_USERS]},
        "access_points": {"areas": [[[1, 1], [9, 1], [9, 3]]], "keep_out": [[[2, 1], [3, 1], [3, 2]]]},
        "reflector": {
            "wall": {"top_left_m": [20, 4, 3], "bottom_right_m": [20, 0, 0]},
            "focal_area": [[16, 4], [20, 20]],
        },
    },
]


@st.composite
def mutations(draw: st.DrawFn) -> dict[str, Any]:
    """A valid configuration in which some values, keys and lists have been spoilt."""
    data: dict[str, Any] = parse_yaml(dump_config(validate(copy.deepcopy(draw(st.sampled_from(VALID))))), "dump")
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(paths_in(data)[1:]))
        node: Any = data
        for key in parents:
            node = node[key]
        match draw(st.sampled_from(["replace", "delete", "insert", "nest"])):
            case "replace":
                node[last] = draw(JUNK)
            case "delete":
                del node[last]
            case "insert" if isinstance(node, dict):
                node[draw(st.text(max_size=5) | st.integers() | st.none())] = draw(JUNK)
            case "insert":
                node.insert(0, draw(JUNK))
            case "nest":
                node[last] = draw(st.sampled_from([[node[last]], {"kind": node[last]}, {last: node[last]}]))
        if not data:
            break
    return data


def attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function returns, or its refusal; any other exception passes through."""
    try:
        return function(*arguments)
    except ConfigError as refusal:
        return refusal


@given(mutations())
@settings(max_examples=100)
def test_a_spoilt_configuration_is_valid_or_refused_and_nothing_else(data: dict[str, Any]) -> None:
    match attempt(validate, data):
        case ConfigError() as refusal:
            assert all(line.strip() for line in str(refusal).split("\n"))
        case config:
            assert validate(parse_yaml(dump_config(config), "dump")) == config


def outcome_of_a_file(content: bytes) -> tuple[int, str]:
    """Exit code and complaints of the command line over a file of this content."""
    path, errors = Path("fuzz.yaml"), io.StringIO()
    path.write_bytes(content)
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        code = search.main([str(path), "--print-config"])
    return code, errors.getvalue()


def is_accepted_or_refused(content: bytes) -> None:
    """No other end, and above all no traceback: that would be an exception here."""
    code, complaints = outcome_of_a_file(content)
    assert code == (2 if complaints else 0)
    assert all(len(line) > 10 for line in complaints.splitlines())


SOAK_FILES = int(os.environ.get("SOAK_FILES", "0"))
"""How many spoilt files of each sort ``make soak`` reads; without it as many as take seconds."""


@given(mutations())
@example({"\r": None})
@settings(max_examples=SOAK_FILES or 200)
def test_a_spoilt_file_is_accepted_or_refused_in_one_line(data: dict[str, Any]) -> None:
    is_accepted_or_refused(yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass"))


FILES = [path.read_bytes() for path in EXPERIMENTS]


@given(st.data())
@settings(max_examples=SOAK_FILES or 200)
def test_a_file_with_spoilt_bytes_is_accepted_or_refused_in_one_line(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([*FILES, dump_config(SearchConfig()).encode()])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 12)))
        content[start:end] = data.draw(
            st.binary(max_size=8) | st.text("0123456789.-e:[]{}, \n'#", max_size=8).map(str.encode)
        )
    is_accepted_or_refused(bytes(content))


@given(st.text(max_size=40) | st.text("&*!{}[]<:-'\"#|>?%@, \n\tab1e.", max_size=40))
@settings(max_examples=200)
def test_any_text_is_yaml_or_refused(text: str) -> None:
    refusal = attempt(parse_yaml, text, "text")
    assert not isinstance(refusal, ConfigError) or str(refusal).startswith("text: must be YAML: ")
