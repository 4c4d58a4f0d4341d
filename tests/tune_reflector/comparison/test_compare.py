"""Comparisons: what they stand for, what they refuse, their statistics, and whole ones from end to end."""

import csv
import io
import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search_records.events import Reported
from tests.records import reported, trial_result
from tests.searches import Row, read_rows
from trainables.objectives.quantile import QuantileObjective
from tune_reflector import compare
from tune_reflector.comparison.config import Run, dump_comparison, load_comparison, merged, nested, plan_runs
from tune_reflector.comparison.report import (
    Outcome,
    curves_csv,
    paired_test,
    rays_grid,
    read_off,
    runs_csv,
    summarise,
    table,
)
from tune_reflector.config.config_file import load_config
from tune_reflector.errors import ConfigError
from tune_reflector.runs.history import History

CONFIGS = Path(__file__).parents[3] / "configs"

OBJECTIVE = QuantileObjective()

TWO = "entries: {cmaes: {searcher: {kind: cmaes}}, random: {searcher: {kind: random}}}\n"
QUICK = """
base:
  fidelity: {rungs: [2000, 4000]}
entries:
  random: {searcher: {kind: random}}
  cmaes:
    searcher: {kind: cmaes, startup_trials: 4, population: 4}
    counterfactual: {kinds: [same_access_points]}
seeds: [1, 2]
rays_per_ap: 30_000
parallel: 2
final: {candidates: 2, rays_per_ap: 20_000, lattices: 3, variants: [], second_opinion: false}
"""


def write(text: str, name: str = "mine.yaml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def plan(text: str) -> list[Run]:
    return plan_runs(load_comparison(write(text)))


def problems(text: str) -> list[str]:
    """The lines of the refusal."""
    with pytest.raises(ConfigError) as caught:
        plan(text)
    return str(caught.value).splitlines()


# --- what a comparison stands for ---------------------------------------------------------------------------


def test_every_entry_runs_with_every_seed_in_a_folder_of_its_own() -> None:
    runs = plan(f"{TWO}seeds: [3, 1]\nrays_per_ap: 8e7\n")
    assert [(run.label, run.seed) for run in runs] == [("cmaes", 3), ("random", 3), ("cmaes", 1), ("random", 1)]
    assert [run.config.seed for run in runs] == [3, 3, 1, 1]
    assert runs[1].folder == Path("results/compare-mine/runs/random-seed3").absolute()
    assert {run.config.searcher.kind for run in runs if run.label == "random"} == {"random"}


def test_the_rays_are_what_ends_every_run() -> None:
    """Even if every trial is stopped on its first rung."""
    for run in plan(f"{TWO}rays_per_ap: 1e8\nbase: {{budget: {{time_s: 5, max_concurrent: 3}}}}\n"):
        budget = run.config.budget
        assert budget.rays_per_ap == 1e8
        assert budget.trials * run.config.rungs[0] >= 1e8
        assert budget.time_s is None
        assert budget.max_concurrent == 3


@pytest.mark.parametrize(("base", "launch"), [("{}", "local"), ("{launch: ray}", "ray")])
def test_runs_are_local_unless_the_base_says_otherwise(base: str, launch: str) -> None:
    assert {run.config.launch for run in plan(f"{TWO}rays_per_ap: 1e6\nbase: {base}\n")} == {launch}


def test_a_base_may_be_a_file_beside_the_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    write("radio: {max_depth: 3}\nseed: 99\nname: old\n", "here/base.yaml")
    path = write(f"base: base.yaml\n{TWO}rays_per_ap: 1e6\n", "here/compare_it.yaml")
    monkeypatch.chdir("/")
    comparison = load_comparison(path.absolute() if path.is_absolute() else tmp_path / path)
    runs = plan_runs(comparison)
    assert comparison.name == "compare-it"
    assert {run.config.radio.max_depth for run in runs} == {3}
    assert {run.config.seed for run in runs} == {1, 2, 3, 4, 5}


def test_the_winners_are_measured_as_the_comparison_says_or_the_base() -> None:
    base = f"{TWO}rays_per_ap: 1e6\nbase: {{final: {{lattices: 7}}}}\n"
    assert {run.config.final.lattices for run in plan(base)} == {7}
    assert {run.config.final.lattices for run in plan(base + "final: {lattices: 3}\n")} == {3}


def test_a_grid_is_crossed_with_the_entries() -> None:
    runs = plan(
        "entries: {a: {}, b: {searcher.lag: 9}}\nseeds: [1]\nrays_per_ap: 1e6\n"
        "grid: {searcher.population: [8, 16], searcher.blend_alpha: [0.1, 0.2]}\n"
    )
    assert len(runs) == 8
    found = {(r.label, r.config.searcher.population, r.config.searcher.blend_alpha) for r in runs}  # type: ignore[union-attr]
    steps, sizes = (0.1, 0.2), (8, 16)
    assert found == {
        (f"{label} population={size} blend_alpha={step}", size, step)
        for label, size, step in itertools.product("ab", sizes, steps)
    }
    assert runs[0].name == "a-population-8-blend_alpha-0.1-seed1"
    assert {r.config.searcher.lag for r in runs if r.label.startswith("b")} == {9}  # type: ignore[union-attr]


def test_another_kind_brings_none_of_the_settings_of_the_kind_before() -> None:
    runs = plan(
        "base: {searcher: {population: 9}, scheduler: {kind: asha, reduction_factor: 7}}\n"
        "entries:\n  same: {searcher: {kind: ga, elites: 3}}\n  other: {searcher: {kind: optuna}}\n"
        "  median: {scheduler.kind: median}\n"
        "seeds: [1]\nrays_per_ap: 1e6\n"
    )
    same, other, median = (run.config for run in runs)
    assert (same.searcher.population, same.searcher.elites) == (9, 3)  # type: ignore[union-attr]
    assert other.searcher == load_config(None, ["searcher={kind: optuna}"]).searcher
    assert median.scheduler == load_config(None, ["scheduler={kind: median}"]).scheduler
    assert same.scheduler.reduction_factor == 7  # type: ignore[union-attr]


TREES = st.recursive(
    st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
).filter(lambda tree: isinstance(tree, dict))


@given(TREES, TREES)
@settings(max_examples=200)
def test_merging_keeps_every_leaf_that_is_not_overridden(base: dict[str, Any], change: dict[str, Any]) -> None:
    """Against a plain statement of what a leaf of the result must be."""

    def at(tree: Any, path: tuple[str, ...]) -> Any:
        for key in path:
            if not isinstance(tree, dict) or key not in tree:
                return None
            tree = tree[key]
        return tree

    result = merged(base, change)
    assert merged(result, change) == result
    for length in range(1, 4):
        for path in itertools.product("abc", repeat=length):
            changed = at(change, path)
            if changed is not None and not isinstance(changed, dict):
                assert at(result, path) == changed
            elif changed is None and all(isinstance(at(change, path[:i]), dict | None) for i in range(length)):
                assert at(result, path) == at(base, path)


def test_a_dotted_key_is_a_mapping() -> None:
    assert nested("a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert nested("a", {"b": 1}) == {"a": {"b": 1}}


def test_the_copy_that_is_kept_stands_for_the_same_runs() -> None:
    write("searcher: {population: 9}\nradio: {frequency_hz: 28e9}\n", "base.yaml")
    comparison = load_comparison(
        write(
            "base: base.yaml\nentries: {a: , b: {searcher.elites: 3}}\ngrid: {launch: [ray, local]}\nrays_per_ap: 1e6"
        )
    )
    copy = write(dump_comparison(comparison), "copy.yaml")
    Path("base.yaml").unlink()
    assert plan_runs(load_comparison(copy)) == plan_runs(comparison)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("compare_*.yaml")), ids=lambda path: path.stem)
def test_a_bundled_comparison_is_valid(path: Path) -> None:
    comparison = load_comparison(path)
    runs = plan_runs(comparison)
    assert comparison.name == path.stem.replace("_", "-", 1)
    assert {"ga", "cmaes", "tpe", "hyperopt", "gradient-asha", "random"} <= set(comparison.entries)
    assert len(runs) == 5 * len(comparison.entries)
    assert {run.config.scene.source for run in runs} == {path.stem.removeprefix("compare_")}


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["entries: must be given, but is missing", "rays_per_ap: must be given, but is missing"]),
        ("entries: {}\nrays_per_ap: 1e6", ["entries: dictionary should have at least 1 item"]),
        ("entries: [cmaes]\nrays_per_ap: 1e6", ["entries: input should be a valid dictionary"]),
        ("entries: {a: 3}\nrays_per_ap: 1e6", ["entries.a: input should be a valid dictionary, but got 3"]),
        ("entries: {a/b: {}}\nrays_per_ap: 1e6", ["entries: a label must be 1 to 60 letters, digits"]),
        (TWO + "rays_per_ap: 0", ["rays_per_ap: input should be greater than 0, but got 0"]),
        (TWO + "rays_per_ap: 1e308", ["rays_per_ap: input should be less than or equal to 1"]),
        (TWO + "rays_per_ap: 1e6\nseeds: []", ["seeds: tuple should have at least 1 item"]),
        (TWO + "rays_per_ap: 1e6\nseeds: [1, 2, 1]", ["seeds: must differ, but 1 stands twice; drop one"]),
        (TWO + "rays_per_ap: 1e6\nseeds: [-1]", ["seeds.0: input should be greater than or equal to 0, but got -1"]),
        (TWO + "rays_per_ap: 1e6\nparallel: 0", ["parallel: input should be greater than or equal to 1"]),
        (TWO + "rays_per_ap: 1e6\nname: a/b", ["name must be 1 to 100 letters"]),
        (TWO + "rays_per_ap: 1e6\nsedes: [1]", ["sedes: unknown key; did you mean 'seeds'?"]),
        (TWO + "rays_per_ap: 1e6\nfinal: {latices: 3}", ["final.latices: unknown key; did you mean 'lattices'?"]),
        (TWO + "rays_per_ap: 1e6\nfinal: {lattices: 1}", ["final.lattices: input should be greater than"]),
        (TWO + "rays_per_ap: 1e6\ngrid: {seed: []}", ["grid.seed: list should have at least 1 item"]),
        (TWO + "rays_per_ap: 1e6\nbase: 3", ["base: input should be a valid dictionary, but got 3"]),
        (TWO + "rays_per_ap: 1e6\nbase: no.yaml", ["no.yaml: must be a readable YAML file: No such file"]),
        (TWO + "rays_per_ap: 1e6\nbase: {radoi: {}}", ["base: radoi: unknown key; did you mean 'radio'?"]),
        (
            TWO + "rays_per_ap: 1e6\nbase: {scheduler: {kind: hyperband}}",
            ["base: scheduler.kind must be asha, fifo or median with launch: local"],
        ),
        (
            "entries:\n  a: {searcher: {populaton: 9}}\n  b: {searcher: {kind: psychic}}\nrays_per_ap: 1e6",
            [
                "entries.a: searcher.populaton: unknown key; did you mean 'population'?",
                "entries.b: searcher.kind: must be ",
            ],
        ),
        (
            TWO + "rays_per_ap: 1e6\ngrid: {searcher.population: [8]}",
            ["entries.random population=8: searcher.population: unknown key"],
        ),
        (
            "entries: {a: {}}\ngrid: {searcher.population: [8, 8]}\nrays_per_ap: 1e6",
            ["grid: searcher.population must have different values, but 8 stands twice; drop one"],
        ),
        (
            "entries: {a-population-8: {}, a: {}}\ngrid: {searcher.population: [8], searcher.elites: [1, '1 ']}\n"
            "rays_per_ap: 1e6",
            ["entries: labels must differ by more than punctuation"],
        ),
        ("entries: {a: {}, a: {}}\nrays_per_ap: 1e6", ["mine.yaml: must be YAML: key 'a' stands twice"]),
        ("entries: {a: {x: &x {y: *x}}}\nrays_per_ap: 1e6", ["mine.yaml: must not hold an anchor that contains"]),
        ("- 1", ["mine.yaml: must be a mapping of keys, but is a list"]),
    ],
)
def test_a_bad_comparison_is_told_line_by_line(text: str, said: list[str]) -> None:
    lines = problems(text)
    assert len(lines) == len(said), lines
    for line, start in zip(lines, said, strict=True):
        assert line.startswith(start), lines
        assert "; " in line


@pytest.mark.parametrize(
    ("override", "key"),
    [
        ("scene: {plan: office}", "scene.plan"),
        ("receivers: {cell_size_m: 1}", "receivers.cell_size_m"),
        ("radio: {frequency_hz: 28e9}", "radio.frequency_hz"),
        ("radio.max_depth: 3", "radio.max_depth"),
        ("radio: {}", "radio"),
        ("objective: {quantile: 0.5}", "objective.quantile"),
        ("final: {lattices: 3}", "final.lattices"),
        ("budget: {trials: 3}", "budget.trials"),
        ("budget.rays_per_ap: 3", "budget.rays_per_ap"),
        ("budget: {time_s: 3}", "budget.time_s"),
        ("seed: 3", "seed"),
        ("name: x", "name"),
        ("results_dir: x", "results_dir"),
    ],
)
@pytest.mark.parametrize("place", ["entries", "grid"])
def test_an_entry_may_not_change_what_is_measured_or_the_budget(override: str, key: str, place: str) -> None:
    if place == "grid":
        dotted, _, value = override.partition(": ")
        (line,) = problems(f"entries: {{b: {{}}}}\ngrid: {{{dotted}: [{value}]}}\nrays_per_ap: 1e6")
    else:
        (line,) = problems(f"entries: {{a: {{}}, b: {{{override}}}}}\nrays_per_ap: 1e6")
    assert line.startswith("entries.b")
    assert f": {key}: must be the same in every entry, but got " in line


def test_what_is_placed_and_how_it_is_searched_may_differ() -> None:
    entries = "{a: {reflector: null}, b: {fidelity.rungs: [1e4]}, c: {budget.max_concurrent: 1}, d: {launch: ray}}"
    assert len(plan(f"entries: {entries}\nrays_per_ap: 1e6\nseeds: [1]")) == 4


def run(*arguments: str) -> int:
    return compare.main([*arguments])


def test_bad_input_ends_with_exit_code_2_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write("entries: {}\n")
    assert run("mine.yaml") == 2
    assert run("nowhere.yaml") == 2
    out, err = capsys.readouterr()
    assert "entries:" in err
    assert "nowhere.yaml: must be a readable" in err
    assert not out
    assert not Path("results").exists()


def test_what_this_machine_cannot_run_is_told_before_the_first_run(capsys: pytest.CaptureFixture[str]) -> None:
    cores = (os.cpu_count() or 1) + 1
    write(f"entries: {{a: {{}}, b: {{resources.cpus_per_trial: {cores}}}}}\nrays_per_ap: 1e6\n")
    assert run("mine.yaml") == 2
    assert capsys.readouterr().err.startswith("entries.b: resources.cpus_per_trial: must be at most")
    assert not Path("results").exists()


def test_a_dry_run_lists_the_runs_and_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write(f"{TWO}seeds: [1, 2]\nrays_per_ap: 8e7\nparallel: 3\n")
    assert run("mine.yaml", "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "results/compare-mine: 4 runs of 8e+07 rays per AP each, 3 at a time",
        "cmaes, seed 1",
        "random, seed 1",
        "cmaes, seed 2",
        "random, seed 2",
    ]
    assert not Path("results").exists()


def test_help_imports_nothing_heavy() -> None:
    heavy = {"ray", "sionna", "mitsuba", "drjit", "numpy", "pydantic", "scipy", "matplotlib"}
    code = (
        "import sys\nfrom tune_reflector import compare\n"
        "try: compare.main(['--help'])\nexcept SystemExit as e: assert e.code == 0\n"
        f"assert not {heavy} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_bad_comparison_is_told_before_anything_slow_is_imported() -> None:
    write("entries: {a: {seed: 3}}\nrays_per_ap: 1e6\n")
    code = (
        "import sys\nfrom tune_reflector import compare\n"
        "assert compare.main(['mine.yaml']) == 2\n"
        "assert not {'ray', 'sionna', 'mitsuba', 'drjit', 'scipy.stats', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


# --- curves and statistics ----------------------------------------------------------------------------------


def told(trial: str, iteration: int, score: float, rays: int, complete: bool = True, feasible: bool = True) -> Reported:
    result = trial_result(score, 1 + complete, feasible=feasible, iteration_rays_per_ap=rays, complete=complete)
    return reported(trial, iteration, result)


def best_curve(*events: Reported) -> list[tuple[float, float]]:
    """Of a search with two rungs: rays so far and best so far, as an outcome has them."""
    history = History(load_config(None))
    history.add(events)
    return [(rays, value) for rays, _, value in history.curve]


def test_a_curve_rises_with_complete_feasible_scores_only() -> None:
    curve = best_curve(
        told("a", 1, -10, 100, complete=False),
        told("b", 1, -11, 100, complete=False),
        told("a", 2, -60, 300),
        told("c", 1, -5, 0, feasible=False),
        told("b", 2, -70, 300),
        told("d", 2, -50, 400),
    )
    assert curve == [(500, -60), (1200, -50)]
    off = read_off(curve, np.array([499.0, 500.0, 1199.0, 1200.0, 9999.0]))
    assert math.isnan(off[0])
    assert off[1:].tolist() == [-60, -60, -50, -50]


def test_a_curve_without_a_complete_trial_is_empty() -> None:
    assert np.isnan(read_off(best_curve(told("a", 1, -10, 100, complete=False)), rays_grid(1e6))).all()


def test_curves_are_read_off_up_to_the_budget() -> None:
    rays = rays_grid(8e7)
    assert rays[-1] == 8e7
    assert rays[0] > 0
    assert np.allclose(np.diff(rays), rays[0])


def exact_signed_rank_p(differences: list[float]) -> float:
    """Wilcoxon's two-sided p by listing all sign patterns (no ties)."""
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1
    total = ranks.sum()
    observed = min(w := ranks[np.array(differences) > 0].sum(), total - w)
    sums = [np.dot(ranks, signs) for signs in itertools.product([0, 1], repeat=len(ranks))]
    return sum(min(s, total - s) <= observed for s in sums) / len(sums)


def exact_t_p(differences: list[float]) -> float:
    """Student's two-sided p by integrating the density of t."""
    d, n = np.array(differences), len(differences)
    t = abs(d.mean()) / (d.std(ddof=1) / math.sqrt(n))
    nu = n - 1
    c = math.gamma((nu + 1) / 2) / (math.sqrt(nu * math.pi) * math.gamma(nu / 2))
    x = np.linspace(0, t, 200_001)
    y = c * (1 + x**2 / nu) ** (-(nu + 1) / 2)
    return 1 - 2 * float(np.sum((y[1:] + y[:-1]) / 2) * (x[1] - x[0]))


@pytest.mark.parametrize("pairs", [2, 3, 5, 6, 9])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_paired_tests_agree_with_their_definitions(pairs: int, shift: float) -> None:
    differences = list(np.random.default_rng(pairs).normal(shift, 1, pairs))
    found = paired_test(differences)
    assert found is not None
    name, exact = ("t-test", exact_t_p) if pairs < 6 else ("Wilcoxon", exact_signed_rank_p)
    assert (found.name, found.pairs) == (name, pairs)
    assert found.p == pytest.approx(exact(differences), abs=1e-6)


def test_no_difference_at_all_is_no_evidence_and_one_pair_is_no_test() -> None:
    for pairs in (3, 8):
        found = paired_test([0.0] * pairs)
        assert found is not None
        assert found.p == 1
    assert paired_test([1.0]) is None
    assert paired_test([]) is None


def outcome(label: str, seed: int, value: float) -> Outcome:
    return Outcome(label, seed, value, 0.1, 1e6, 10, 1.0, [])


def test_the_table_pairs_runs_of_the_same_seed() -> None:
    """Seed 3 of b and seed 9 of a have no partner; the outcomes come in any order."""
    outcomes = [
        outcome("a", 1, -60.0),
        outcome("b", 3, -10.0),
        outcome("b", 2, -51.0),
        outcome("a", 2, -50.0),
        outcome("a", 9, -99.0),
        outcome("b", 1, -58.0),
    ]
    a, b, c = summarise(outcomes, ["a", "b", "c"], OBJECTIVE)
    assert (a.test, math.isnan(a.difference)) == (None, True)
    assert b.difference == pytest.approx((2 - 1) / 2)
    assert b.test is not None
    assert b.test.pairs == 2
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table([a, b, c], OBJECTIVE).splitlines()]
    assert lines[0] == ["entry", "runs", "mean", "std", "median", "best", "worst", "vs a", "p", "paired test"]
    std = np.std([-10, -51, -58], ddof=1)
    mean = np.mean([-10, -51, -58])
    assert lines[3][:8] == ["b", "3", f"{mean:.2f}", f"{std:.2f}", "-51.00", "-10.00", "-58.00", "+0.50"]
    assert lines[3][9] == "t-test, n = 2"
    assert lines[4] == ["c", "0", *["-"] * 8]
    assert len({len(line) for line in table([a, b, c], OBJECTIVE).splitlines()}) == 1


def test_penalties_are_ranked_and_tested_but_have_no_part_in_means_and_differences() -> None:
    dark = OBJECTIVE.score(np.array([[0.0] * 61 + [1e-9] * 39])).value
    outcomes = [outcome("a", 1, -60.0), outcome("a", 2, dark), outcome("b", 1, -50.0), outcome("b", 2, -55.0)]
    a, b = summarise(outcomes, ["a", "b"], OBJECTIVE)
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table([a, b], OBJECTIVE).splitlines()]
    assert lines[2][1:7] == ["2", "-", "-", "-", "-60.00", "61 % of the cells get no signal"]
    assert lines[3][2] == "-52.50"
    assert lines[3][7] == "-"
    assert b.test == paired_test([10.0, -55.0 - dark])


def test_a_single_entry_makes_a_table_without_comparison() -> None:
    head, rule, line = table(summarise([outcome("a", 1, -60.0)], ["a"], OBJECTIVE), OBJECTIVE).splitlines()
    assert len(head) == len(rule) == len(line)
    assert all(re.fullmatch(" -{2,}[-:] ", cell) for cell in rule.strip("|").split("|"))
    assert line.split()[3:8] == ["1", "|", "-60.00", "|", "-"]


def test_columns_are_called_as_the_objective_calls_its_value() -> None:
    objective = QuantileObjective(quantile=0.1)
    (record,) = csv.DictReader(io.StringIO(runs_csv([outcome("a", 1, -60.0)], objective)))
    assert (record["p10_rss_dbm"], record["p10_error_db"]) == ("-60.0", "0.1")
    curves = {("a", 1): np.array([math.nan, -60.0])}
    (point,) = csv.DictReader(io.StringIO(curves_csv(curves, np.array([1.0, 2.0]), objective)))
    assert point == {"label": "a", "seed": "1", "rays_per_ap": "2.0", "best_p10_rss_dbm": "-60.0"}


# --- whole comparisons --------------------------------------------------------------------------------------


def command(path: str = "mine.yaml") -> list[str]:
    return [sys.executable, "-m", "tune_reflector.compare", path]


def best_files(folder: str = "results/compare-mine") -> dict[str, float]:
    return {path.parent.name: path.stat().st_mtime_ns for path in Path(folder).glob("runs/*/best.json")}


@pytest.mark.slow
def test_a_comparison_from_end_to_end_and_again_does_only_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    write(QUICK)
    assert run("mine.yaml") == 0
    folder = Path("results/compare-mine")
    out = capsys.readouterr().out
    text = (folder / "table.md").read_text()
    assert text in out
    assert "4/4 runs done" in out

    names = {f"{label}-seed{seed}" for label in ("random", "cmaes") for seed in (1, 2)}
    assert set(best_files()) == names
    with (folder / "comparison.csv").open() as file:
        records = list(csv.DictReader(file))
    assert {f"{r['label']}-seed{r['seed']}" for r in records} == names
    for record in records:
        home = folder / "runs" / f"{record['label']}-seed{record['seed']}"
        best = json.loads((home / "best.json").read_text())
        assert float(record["p5_rss_dbm"]) == best["p5_rss_dbm"]
        assert (best["samples"], best["rays_per_sample"]) == (3, 20_000)
        assert 30_000 <= float(record["rays_per_ap"]) < 34_000
        assert len({r.trial_id for r in read_rows(home / "trials.csv")}) == int(record["trials"])
    random = np.mean([float(r["p5_rss_dbm"]) for r in records if r["label"] == "random"])
    assert f"| {random:.2f} |" in text
    assert text.count("- cmaes, seed ") == text.count(": same APs without the reflector P5 ") == 2
    gains = {f"{r['label']}-seed{r['seed']}": r["gain_db"] for r in records}
    for name, gain in gains.items():
        comparisons = json.loads((folder / f"runs/{name}/best.json").read_text())["comparisons"]
        assert (
            [float(gain)] == [c["gain_db"] for c in comparisons] if "cmaes" in name else (gain, comparisons) == ("", [])
        )

    with (folder / "curves.csv").open() as file:
        points = list(csv.DictReader(file))
    for name in names:
        label, seed = name.split("-seed")
        mine = [p for p in points if (p["label"], p["seed"]) == (label, seed)]
        bests = [float(p["best_p5_rss_dbm"]) for p in mine]
        assert bests == sorted(bests)
        assert float(mine[-1]["rays_per_ap"]) == 30_000
        rows = read_rows(folder / "runs" / name / "trials.csv")
        spent, complete = 0.0, []
        for one in rows:
            spent += 2_000 if one.iteration == 1 else 4_000
            if one.values["complete"] and spent <= 30_000:
                complete.append(one.values["p5_rss_dbm"])
        assert bests[-1] == max(complete)
    assert (folder / "comparison.png").stat().st_size > 10_000

    # Again: one run lost its winner, another all that it had; the other two are left alone.
    before = best_files()
    (folder / "runs/random-seed1/best.json").unlink()
    (folder / "runs/cmaes-seed2").rename("gone")
    table_before = (folder / "runs/random-seed1/trials.csv").read_bytes()
    assert run("mine.yaml") == 0
    assert "2 of 4 runs to do" in capsys.readouterr().out
    after = best_files()
    assert {name for name in names if after[name] == before[name]} == {"random-seed2", "cmaes-seed1"}
    assert (folder / "runs/random-seed1/trials.csv").read_bytes() == table_before

    # Other settings under the same name would mix two comparisons.
    write(QUICK.replace("population: 4", "population: 5"))
    assert run("mine.yaml") == 2
    err = capsys.readouterr().err
    assert err.startswith("name: ")
    assert "searcher.population 4, not 5 (and 1 more runs)" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_run_that_fails_is_told_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    """A file is where a run's folder would go."""
    write(QUICK.replace("seeds: [1, 2]", "seeds: [1]"))
    runs = Path("results/compare-mine/runs")
    runs.mkdir(parents=True)
    (runs / "cmaes-seed1").write_text("in the way")
    assert run("mine.yaml") == 1
    out, err = capsys.readouterr()
    assert "1 failed" in out
    assert "Missing: cmaes-seed1." in out
    assert err.startswith("cmaes-seed1 failed: ")
    assert "logs/cmaes-seed1.log" in err
    assert set(best_files()) == {"random-seed1"}

    (runs / "cmaes-seed1").unlink()
    assert run("mine.yaml") == 0
    assert set(best_files()) == {"random-seed1", "cmaes-seed1"}


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on_where_it_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    """After Ctrl-C, then after SIGTERM."""
    text = QUICK.replace("rays_per_ap: 30_000", "rays_per_ap: 600_000").replace("seeds: [1, 2]", "seeds: [1]")
    write(text)
    tables = [Path(f"results/compare-mine/runs/{label}-seed1/trials.csv") for label in ("random", "cmaes")]
    before: list[list[Row]] = [[], []]
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(command(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 120
        while any(len(list(read_rows(path))) < len(rows) + 6 for path, rows in zip(tables, before, strict=True)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert run("mine.yaml") == 2
        assert "is being run already" in capsys.readouterr().err

        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "go on with: python -m tune_reflector.compare mine.yaml" in out
        assert "Traceback" not in out + err
        assert not best_files()
        before = gone_on(tables, before)

    done = subprocess.run(command(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    gone_on(tables, before)
    assert len(best_files()) == 2


def gone_on(tables: list[Path], before: list[list[Row]]) -> list[list[Row]]:
    """The rows of the tables now: those of before, and more."""
    now = [list(read_rows(path)) for path in tables]
    for after, rows in zip(now, before, strict=True):
        assert after[: len(rows)] == rows
        assert len(after) > len(rows)
    return now
