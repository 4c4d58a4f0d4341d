"""How much memory a worker takes."""

from statistics import median

from benchmarks.support.options import Options, scene_config
from benchmarks.support.processes import call
from benchmarks.support.report import Answer, Row
from benchmarks.throughput import overrides
from benchmarks.whole_search import whole_search

SEED = 1
MAX_MB = 400


def measure(scene: str, trials: int) -> float:
    """Peak memory [MB] of a process that does what a worker does."""
    from benchmarks.bare_loop import sample
    from benchmarks.trial_loop import trial_loop

    config = scene_config(scene)
    result = trial_loop(config.problem(), sample(config.site().space, SEED, trials))
    return float(result["peak_memory_mb"])


def run(options: Options) -> Answer:
    """Measure a worker outside of Ray on each scene, and real ones on the default scene."""
    rows = [
        Row(f"{scene}, worker outside of Ray", call(measure, scene, options.trials), "MB", at_most=MAX_MB)
        for scene in options.scenes
    ]
    if options.ray_workers:
        scene = options.scenes[0]
        names = [gene.name for gene in scene_config(scene).site().space.genes]
        trials = options.trials * options.ray_workers
        search = whole_search(names, overrides(trials, options.ray_workers, 1), watch_memory=True)
        if peaks := search.worker_memory_mb:
            rows.append(Row(f"{scene}, Ray worker (median of {len(peaks)})", median(peaks), "MB", at_most=MAX_MB))
    return Answer(rows, [f"peak resident memory over {options.trials} trials, shared libraries included"])
