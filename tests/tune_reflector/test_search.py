"""The command line from end to end, in one process (``launch=local``): what a user types and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from search_spaces.neighbourhood import distance
from tests.searches import read_rows
from tune_reflector import search
from tune_reflector.config.config_file import load_config, validate
from tune_reflector.searchers.random import RandomSettings

QUICK = [
    "launch=local",
    "fidelity.rungs=[2000, 4000]",
    "final={candidates: 2, rays_per_ap: 20000, lattices: 3, variants: [], second_opinion: false}",
    "report={every_s: null, figures: false}",
    "counterfactual.kinds=[]",
]


def run(*arguments: str) -> int:
    return search.main([*arguments])


def run_quick(*arguments: str) -> int:
    return run(*QUICK, *arguments)


@pytest.mark.parametrize("searcher", ["random", "grid", "cmaes", "ga", "optuna", "hyperopt"])
@pytest.mark.parametrize("scheduler", ["fifo", "asha", "median"])
def test_a_search_leaves_its_results_behind(searcher: str, scheduler: str, capsys: pytest.CaptureFixture[str]) -> None:
    compared = ["counterfactual.kinds=[best_without_reflector]"] if scheduler == "asha" else []
    kinds = f"searcher.kind={searcher}", f"scheduler.kind={scheduler}"
    assert run_quick("name=a", "budget.trials=6", *kinds, *compared) == 0
    folder = Path("results/a")
    best = json.loads((folder / "best.json").read_text())
    out = capsys.readouterr().out
    assert f"P5 {best['p5_rss_dbm']:.1f} +- " in out
    assert ("best without a reflector P5 " in out) == bool(compared)
    for name in ("config.yaml", "provenance.json", "trials.csv", "maps.npz"):
        assert (folder / name).stat().st_size > 0
    rows = list(read_rows(folder / "trials.csv"))
    assert len({row.trial_id for row in rows}) == 6
    assert len({(row.trial_id, row.iteration) for row in rows}) == len(rows)
    assert not (folder / "errors.txt").exists()
    assert load_config(folder / "config.yaml").name == "a"


CLIMB = ["trainable={kind: gradient, steps: 4, path_rays_per_ap: 1000, points: 4}", "fidelity.rungs=[1000, 2000]"]
RATE = "trainable.learning_rate={low: 0.01, high: 0.1, log: true}"


@pytest.mark.slow
def test_asha_over_gradient_trials_is_multi_start_ascent() -> None:
    """Starts come from any searcher, here together with their learning rate; the poor ones are stopped."""
    searcher = "searcher={kind: optuna, startup_trials: 3}"
    assert run_quick(*CLIMB, RATE, searcher, "scheduler={kind: asha, reduction_factor: 2}", "budget.trials=8") == 0
    rows = list(read_rows(Path("results/l_corridor-tpe-gradient/trials.csv")))
    steps = {row.trial_id: row.iteration for row in rows}
    assert len(steps) == 8
    assert 1 <= sum(step == 4 for step in steps.values()) < 8
    assert len({row.values["learning_rate"] for row in rows}) == 8
    best = json.loads(Path("results/l_corridor-tpe-gradient/best.json").read_text())
    winner = [row for row in rows if row.trial_id == best["trial_id"]]
    assert any({name: row.values[name] for name in best["genes"]} == best["genes"] for row in winner)


@pytest.mark.slow
def test_hyperparameters_alone_are_searched_from_a_given_start() -> None:
    config = load_config(None)
    start = RandomSettings().build(config.site().space, 3).suggest("a")
    given = f"trainable.start={json.dumps(start)}"
    assert run_quick(*CLIMB, RATE, given, "searcher={kind: grid, points_per_gene: 3}", "name=a") == 0
    rows = list(read_rows(Path("results/a/trials.csv")))
    assert sorted({row.values["learning_rate"] for row in rows}) == pytest.approx([0.01, 0.1**1.5, 0.1])
    firsts = [row for row in rows if row.iteration == 1]
    space = config.site().space
    for row in firsts:  # one step from the start, as long as the rate says at most
        genes = {gene.name: row.values[gene.name] for gene in space.genes}
        assert distance(space, genes, start) <= max(row.values["learning_rate"], 0.04) * 1.01


def test_best_json_rebuilds_the_winner() -> None:
    assert run_quick("name=a", "budget.trials=4", "searcher.kind=random") == 0
    best = json.loads(Path("results/a/best.json").read_text())
    config = load_config(Path("results/a/config.yaml"))
    placement = config.site().space.decode(best["genes"])
    assert [ap.to_json() for ap in placement.access_points] == best["access_points"]
    for plate, stored in zip(placement.reflectors, best["reflectors"], strict=True):
        assert {**plate.to_json(), "material": "metal", "model": "diffracting"} == stored


@pytest.mark.slow
def test_sionna_alone_confirms_the_winner() -> None:
    """Another program, other code, other rays: the same number within the stated error."""
    final = "final={candidates: 1, rays_per_ap: 500_000, variants: [], second_opinion: false}"
    against = "counterfactual.kinds=[same_access_points]"
    assert run_quick("name=a", "budget.trials=8", "searcher.kind=random", final, against) == 0
    best = json.loads(Path("results/a/best.json").read_text())
    script = Path(__file__).parents[1] / "rescore_with_sionna.py"
    done = subprocess.run(
        [sys.executable, script, "results/a/best.json", "1234567"], capture_output=True, text=True, check=True
    )
    again = json.loads(done.stdout.splitlines()[-1])
    assert again["with_plate"] == pytest.approx(best["p5_rss_dbm"], abs=best["p5_error_db"])
    (without,) = best["comparisons"]
    assert again["without_plate"] == pytest.approx(without["p5_rss_dbm"], abs=without["p5_error_db"])


@pytest.mark.parametrize("mode", ["access_points.count=1", "access_points.count=2", "access_points.count=3"])
def test_modes_without_a_plate(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=2", "searcher.kind=random", mode, "reflector=null") == 0
    out = capsys.readouterr().out
    assert f"({mode[-1]}ap)" in out
    assert "without the reflector" not in out


def test_the_same_seed_gives_the_same_search() -> None:
    for name in ("a", "b"):
        assert run_quick(f"name={name}", "budget.trials=5", "searcher.kind=optuna") == 0
    tables = [[(row.iteration, row.values) for row in read_rows(Path(f"results/{name}/trials.csv"))] for name in "ab"]
    for first, second in zip(*tables, strict=True):
        assert first[0] == second[0]
        genes = [{k: v for k, v in r[1].items() if k != "trace_time_s"} for r in (first, second)]
        assert genes[0] == pytest.approx(genes[1], abs=0.01)


def test_a_run_without_a_name_gets_the_next_free_one() -> None:
    for _ in range(2):
        assert run_quick("budget.trials=1", "searcher.kind=random", "scheduler.kind=fifo") == 0
    assert sorted(p.name for p in Path("results").iterdir()) == ["l_corridor-random", "l_corridor-random-2"]


def test_print_config_loads_back(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--print-config", "searcher.kind=random", "radio.frequency_hz=28e9") == 0
    Path("printed.yaml").write_text(capsys.readouterr().out)
    expected = validate({"searcher": {"kind": "random"}, "radio": {"frequency_hz": 28e9}})
    assert load_config(Path("printed.yaml")) == expected


def test_dry_run_checks_and_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--dry-run", "name=a") == 0
    out = capsys.readouterr().out
    for word in ("device", "l_corridor", "12 (2ap_reflector)", "budget", "about"):
        assert word in out
    assert not Path("results").exists()


def bad(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run something that must be refused, and return its one line."""
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    lines = captured.err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_an_existing_run_is_never_overwritten_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random") == 0
    before = Path("results/a/best.json").read_bytes()
    line = bad(capsys, *QUICK, "name=a")
    assert "name:" in line
    assert "--resume" in line
    assert Path("results/a/best.json").read_bytes() == before
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random", "seed=2", "--overwrite") == 0
    assert Path("results/a/best.json").read_bytes() != before


def test_overwrite_spares_a_folder_that_is_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("results/a").mkdir(parents=True)
    Path("results/a/thesis.tex").write_text("years of work")
    assert "--overwrite" in bad(capsys, *QUICK, "name=a", "--overwrite")
    assert Path("results/a/thesis.tex").exists()


def test_a_results_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("")
    assert "results_dir:" in bad(capsys, *QUICK, "results_dir=file")


def test_a_results_folder_without_permission(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root, who runs CI, may write anywhere
    assert "results_dir:" in bad(capsys, *QUICK)


def test_a_sampler_whose_extra_is_not_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    line = bad(capsys, *QUICK, "scene.plan=l_corridor", "searcher={kind: optuna, sampler: gp}")
    assert "pip install -e '.[gp]' in the folder of this checkout" in line
    line = bad(capsys, *QUICK, "launch=ray", "ray.dashboard=true")
    assert "pip install -e '.[dashboard]' in the folder of this checkout" in line


@pytest.mark.parametrize("where", ["launch=local", "ray.address=auto"])
def test_a_dashboard_of_no_cluster_of_its_own(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "ray.dashboard must be false" in bad(capsys, where, "ray.dashboard=true")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("access_points.min_separation_m=50", "access_points.min_separation_m must leave room"),
        ("reflector.focal_area=[[99, 1.9], [99.9, 2.1]]", "reflector.focal_area must lie in front of reflector.wall"),
    ],
)
def test_a_problem_without_any_feasible_placement(setting: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert bad(capsys, *QUICK, setting).startswith(said)


@pytest.mark.parametrize(
    ("size", "model", "warned"),
    [("[0.2, 0.2]", "mirror", True), ("[1, 1]", "mirror", False), ("[0.2, 0.2]", "diffracting", False)],
)
def test_a_mirror_too_small_for_ray_optics_is_warned_of(
    size: str, model: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--dry-run", f"reflector.size_m={size}", f"reflector.model={model}") == 0
    assert ("Fresnel" in capsys.readouterr().out) == warned


@pytest.mark.parametrize(("timeout_s", "warned"), [("0.001", True), ("1000", False), ("null", False)])
def test_a_timeout_that_slow_trials_would_meet_is_warned_of(
    timeout_s: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--dry-run", "fidelity.rungs=[2000, 4000]", f"faults.trial_timeout_s={timeout_s}") == 0
    assert ("warning: faults.trial_timeout_s" in capsys.readouterr().out) == warned


def test_no_space_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from tune_reflector.experiment import run_folder

    monkeypatch.setattr(run_folder, "MIN_FREE_MB", 10**12)
    line = bad(capsys, *QUICK)
    assert "results_dir:" in line
    assert "free" in line


def test_cuda_demanded_but_absent(capsys: pytest.CaptureFixture[str]) -> None:
    import drjit

    if drjit.has_backend(drjit.JitBackend.CUDA):
        pytest.skip("there is a GPU")
    assert "resources.device:" in bad(capsys, "resources.device=cuda")


@pytest.mark.parametrize(("version", "found"), [((15, 0, 7), "found 15.0.7"), (None, "found none")])
def test_llvm_missing_or_too_old(
    version: tuple[int, int, int] | None,
    found: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import drjit

    monkeypatch.setattr(drjit, "has_backend", lambda backend: version is not None and "LLVM" in str(backend))
    monkeypatch.setattr(drjit.detail, "llvm_version", lambda: version)
    line = bad(capsys, "resources.device=cpu")
    assert found in line
    assert "libllvm19" in line


def test_more_cores_for_a_trial_than_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    cores = os.cpu_count() or 1
    assert "resources.cpus_per_trial:" in bad(capsys, f"resources.cpus_per_trial={cores + 1}")


def test_a_wall_outside_a_sionna_scene(capsys: pytest.CaptureFixture[str]) -> None:
    line = bad(
        capsys,
        "scene={kind: sionna, name: box}",
        "receivers.zones=[[[-2,-2],[2,-2],[2,2],[-2,2]]]",
        "access_points.areas=[[[-2,-2],[2,-2],[2,2],[-2,2]]]",
        "reflector.wall={top_left_m: [90,2,3], bottom_right_m: [90,-2,0]}",
    )
    assert "reflector.wall:" in line
    assert "inside the scene" in line


@pytest.mark.parametrize("kind", ["sionna", "xml"])
def test_a_scene_that_is_no_floor_plan_runs(kind: str) -> None:
    import sionna.rt

    scene = {"sionna": "{kind: sionna, name: box}", "xml": f"{{kind: xml, path: {sionna.rt.scene.box}}}"}[kind]
    assert (
        run_quick(
            "name=a",
            "budget.trials=2",
            "searcher.kind=random",
            f"scene={scene}",
            "receivers.zones=[[[-2,-2],[2,-2],[2,2],[-2,2]]]",
            "access_points={areas: [[[-2,-2],[2,-2],[2,2],[-2,2]]], height_m: 2}",
            "reflector={wall: {top_left_m: [4,2,3], bottom_right_m: [4,-2,0]}}",
        )
        == 0
    )


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_resume_of_a_folder_that_is_no_run(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    if what == "empty":
        Path("a").mkdir()
    assert "--resume:" in bad(capsys, "--resume", "a")


def test_resume_of_another_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random") == 0
    Path("results/a/best.json").unlink()
    path = Path("results/a/provenance.json")
    about = json.loads(path.read_text())
    about["packages"]["sionna-rt"] = "0.1"
    path.write_text(json.dumps(about))
    line = bad(capsys, "--resume", "results/a")
    assert "sionna-rt" in line
    assert "0.1" in line


def test_resume_with_other_versions_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    test_resume_of_another_version(capsys)
    assert "--resume DIR" in bad(capsys, "--other-versions")
    assert run("--resume", "results/a", "--other-versions") == 0
    assert Path("results/a/best.json").exists()


@pytest.mark.parametrize(
    "change",
    [
        "seed=2",
        "searcher.kind=cmaes",
        "objective.quantile=0.1",
        "fidelity.rungs=[2000, 4001]",
        "results_dir=elsewhere",
        "budget.trials=1",
        "budget.time_s=1e9",
        "budget.trails=9",
    ],
)
def test_resume_changes_the_budget_only_and_upwards(change: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=2", "searcher.kind=random") == 0
    line = bad(capsys, "--resume", "results/a", change)
    assert change.partition("=")[0] in line
    assert "configs/office.yaml" not in line
    assert "--resume:" in bad(capsys, "--resume", "results/a", "configs/office.yaml")


def test_a_larger_budget_goes_on_with_a_finished_run(capsys: pytest.CaptureFixture[str]) -> None:
    for name, trials in (("a", 3), ("straight", 7)):
        assert run_quick(f"name={name}", f"budget.trials={trials}", "searcher={kind: ga, population: 3}") == 0
    assert run("--resume", "results/a", "budget.trials=7", "final.lattices=2") == 0
    found, expected = (list(read_rows(Path(f"results/{name}/trials.csv"))) for name in ("a", "straight"))
    assert [(r.trial_id, r.iteration, r.values["x1"]) for r in found] == [
        (r.trial_id, r.iteration, r.values["x1"]) for r in expected
    ]
    assert load_config(Path("results/a/config.yaml")).budget.trials == 7
    assert json.loads(Path("results/a/best.json").read_text())["samples"] == 2
    sessions = json.loads(Path("results/a/provenance.json").read_text())["sessions"]
    assert [session.get("changes") for session in sessions] == [None, {"budget.trials": 7, "final.lattices": 2}]
    capsys.readouterr()
    assert run("--resume", "results/a") == 0
    assert "finished" in capsys.readouterr().out


def test_resume_with_an_edited_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random") == 0
    path = Path("results/a/config.yaml")
    path.write_text(path.read_text().replace("trials: 1 ", "trials: 9 "))
    line = bad(capsys, "--resume", "results/a")
    assert "config.yaml has changed" in line
    assert "budget.trials=N" in line


def test_resume_with_a_damaged_journal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=3", "searcher.kind=random") == 0
    path = Path("results/a/journal.log")
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"done":true', b'"done":false', 1))
    assert "journal.log: line " in bad(capsys, "--resume", "results/a")
    path.write_bytes(b"")
    line = bad(capsys, "--resume", "results/a")
    assert "journal.log: must hold the results that trials.csv tells of, but is empty" in line
    path.unlink()
    assert "but is missing" in bad(capsys, "--resume", "results/a")


def test_a_table_that_was_damaged_is_made_anew() -> None:
    assert run_quick("name=a", "budget.trials=3", "searcher.kind=random") == 0
    table = Path("results/a/trials.csv")
    before = table.read_text()
    table.write_text(before.replace("-", "+", 5)[:-30])
    assert run("--resume", "results/a", "budget.trials=4") == 0
    assert table.read_text().startswith(before)


def test_resume_in_another_building(capsys: pytest.CaptureFixture[str]) -> None:
    from trainables.buildings.floor_plan import bundled_floor_plans

    plan = Path("house.yaml")
    plan.write_text(bundled_floor_plans()["l_corridor"].read_text())
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random", "scene.plan=house.yaml") == 0
    Path("results/a/best.json").unlink()
    plan.write_text(plan.read_text().replace("height_m: 3.0", "height_m: 3.1"))
    assert "house.yaml has changed" in bad(capsys, "--resume", "results/a")


def test_a_failed_trial_says_why_and_the_search_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainables.placement import PlacementTrainable

    step, calls = PlacementTrainable.step, iter(range(1000))

    def failing(self: PlacementTrainable) -> dict[str, object]:
        if next(calls) == 2:
            raise RuntimeError("the ray tracer has had enough")
        return step(self)

    monkeypatch.setattr(PlacementTrainable, "step", failing)
    assert run_quick("name=a", "budget.trials=4", "scheduler.kind=fifo", "faults.max_failures=0") == 0
    assert "had enough" in Path("results/a/errors.txt").read_text()
    assert (
        "1 trial failed, see errors.txt:\n  1 x RuntimeError: the ray tracer has had enough" in capsys.readouterr().out
    )
    rows = list(read_rows(Path("results/a/trials.csv")))
    assert len({row.trial_id for row in rows if row.values["complete"]}) == 3


def test_a_trial_that_failed_once_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainables.placement import PlacementTrainable

    step, calls = PlacementTrainable.step, iter(range(1000))

    def failing(self: PlacementTrainable) -> dict[str, object]:
        if next(calls) == 3:  # the second rung of the second trial
            raise RuntimeError("the ray tracer has had enough")
        return step(self)

    assert run_quick("name=straight", "budget.trials=4", "searcher.kind=random") == 0
    monkeypatch.setattr(PlacementTrainable, "step", failing)
    assert run_quick("name=a", "budget.trials=4", "searcher.kind=random") == 0
    assert "failed" not in capsys.readouterr().out
    rows, straight = ([*read_rows(Path(f"results/{name}/trials.csv"))] for name in ("a", "straight"))
    assert len({row.trial_id for row in rows if row.values["complete"]}) == 4
    assert {(row.iteration, row.values["x1"]) for row in rows} == {(r.iteration, r.values["x1"]) for r in straight}


def test_a_candidate_whose_map_cannot_be_does_not_win(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the last measurement: the first candidate's map is spoilt, then everybody's."""
    from trainables.tracing.radio_map import RadioMapper

    trace, spoilt = RadioMapper.trace, {20_000: 1}

    def spoiling(self: RadioMapper, rays_per_ap: int, sample: int = 0) -> object:
        map_w = trace(self, rays_per_ap, sample)
        if spoilt.get(rays_per_ap, 0) > 0:
            spoilt[rays_per_ap] -= 1
            map_w[0, 0] = float("nan")
        return map_w

    monkeypatch.setattr(RadioMapper, "trace", spoiling)
    assert run_quick("name=a", "budget.trials=4", "searcher.kind=random") == 0
    out = capsys.readouterr().out
    assert "is left out: a radio map must hold finite powers" in out
    left_out = out.partition("is left out")[0].split()[-1]
    assert json.loads(Path("results/a/best.json").read_text())["trial_id"] != left_out
    spoilt[20_000] = 99
    assert run_quick("name=b", "budget.trials=4", "searcher.kind=random") == 1
    assert "the winner cannot be measured: no candidate" in capsys.readouterr().out
    assert not Path("results/b/best.json").exists()


def test_a_finished_run_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_quick("name=a", "budget.trials=1", "searcher.kind=random") == 0
    before = Path("results/a/trials.csv").read_bytes()
    assert run("--resume", "results/a") == 0
    assert "finished" in capsys.readouterr().out
    assert Path("results/a/trials.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("searcher", "scheduler"),
    [
        ("random", "fifo"),
        ("cmaes", "fifo"),
        ("ga", "fifo"),
        ("optuna", "asha"),
        ("random", "asha"),
        ("random", "median"),
    ],
)
def test_an_interrupted_local_search_goes_on_where_it_stopped(
    searcher: str, scheduler: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the middle of a trial, then --resume: the same candidates and decisions as without the interruption."""
    from trainables.placement import PlacementTrainable

    arguments = ["budget.trials=12", f"searcher.kind={searcher}", f"scheduler.kind={scheduler}"]
    if scheduler == "median":
        arguments.append("scheduler.min_trials=2")
    assert run_quick("name=straight", *arguments) == 0

    step, calls = PlacementTrainable.step, iter(range(1000))

    def interrupted(self: PlacementTrainable) -> dict[str, object]:
        if next(calls) >= 9 and self.iteration == 1:  # the second rung of a trial
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(PlacementTrainable, "step", interrupted)
    assert run_quick("name=broken", *arguments) == 130
    assert "--resume" in capsys.readouterr().out
    monkeypatch.setattr(PlacementTrainable, "step", step)
    assert run("--resume", "results/broken") == 0

    straight, broken = (list(read_rows(Path(f"results/{n}/trials.csv"))) for n in ("straight", "broken"))
    assert [(r.iteration, r.values["x1"]) for r in broken] == [(r.iteration, r.values["x1"]) for r in straight]
    assert "repeated" not in Path("results/broken/journal.log").read_text()  # it went on from its first rung


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_local_search_between_two_iterations(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never in the middle of a callback, where it could leave a lock taken or a row cut off."""
    from tune_reflector.execution.recorder import Recorder

    on_trial_result, log = Recorder.on_trial_result, list[str]()

    def hit_by_a_signal(self: Recorder, *args: object, **about: object) -> None:
        log.append("begins")
        if len(log) == 5:  # in the second trial, on its first rung
            os.kill(os.getpid(), number)
            time.sleep(0.01)
        on_trial_result(self, *args, **about)  # type: ignore[arg-type]
        log.append("ends")

    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(Recorder, "on_trial_result", hit_by_a_signal)
    assert run_quick("name=a", "searcher.kind=random", "budget.trials=50") == 128 + number
    assert log == ["begins", "ends"] * 3
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert len(list(read_rows(Path("results/a/trials.csv")))) == 3


# --- the budget of rays -------------------------------------------------------------------------------------


def rays_spent(name: str) -> list[float]:
    """Rays per AP that all trials had traced after each row of the table."""
    rays_of: dict[str, float] = {}
    sums = []
    for row in read_rows(Path(f"results/{name}/trials.csv")):
        rays_of[row.trial_id] = row.values["rays_per_ap"]
        sums.append(sum(rays_of.values()))
    return sums


@pytest.mark.parametrize(("budget", "rows"), [(1, 1), (14_000, 5), (14_001, 6), (18_000, 6)])
def test_a_budget_of_rays_ends_the_search_with_the_iteration_that_reaches_it(
    budget: int, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trial traces 2,000 and then 4,000 rays: 2, 6, 8, 12, 14, 18 thousand after iterations 1 to 6."""
    assert run_quick("name=a", "searcher.kind=random", "budget.trials=50", f"budget.rays_per_ap={budget}") == 0
    spent = rays_spent("a")
    assert len(spent) == rows
    assert spent[-1] >= budget
    assert all(rays < budget for rays in spent[:-1])
    out = capsys.readouterr().out
    assert f"budget   50 trials, at most {budget:g} rays per AP, about " in out
    assert "100% of the rays" in out


def test_the_trials_end_a_search_that_its_rays_do_not() -> None:
    assert run_quick("name=a", "searcher.kind=random", "budget={trials: 3, rays_per_ap: 1e9}") == 0
    assert rays_spent("a")[-1] == 18_000


def test_a_resumed_search_goes_on_with_the_rays_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainables.placement import PlacementTrainable

    step, calls = PlacementTrainable.step, iter(range(1000))

    def interrupted(self: PlacementTrainable) -> dict[str, object]:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return step(self)

    with monkeypatch.context() as patch:
        patch.setattr(PlacementTrainable, "step", interrupted)
        assert run_quick("name=a", "searcher.kind=random", "budget.rays_per_ap=24000") == 130
    assert rays_spent("a")[-1] == 12_000
    assert run("--resume", "results/a") == 0
    assert rays_spent("a")[-1] == 24_000
    before = Path("results/a/trials.csv").read_bytes()
    Path("results/a/best.json").unlink()
    assert run("--resume", "results/a") == 0  # nothing is left, so the winner is measured and no ray is searched with
    assert Path("results/a/trials.csv").read_bytes() == before


def test_help_imports_neither_sionna_nor_ray() -> None:
    code = (
        "import sys\nfrom tune_reflector import search\n"
        "try: search.main(['--help'])\nexcept SystemExit as e: assert e.code == 0\n"
        "assert not {'ray', 'sionna', 'mitsuba', 'drjit', 'numpy', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_config_error_is_told_before_ray_or_sionna_is_imported() -> None:
    code = (
        "import sys\nfrom tune_reflector import search\n"
        "assert search.main(['budget.trials=-1']) == 2\n"
        "assert not {'ray', 'sionna', 'mitsuba', 'drjit'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
