"""Records as tests need them: with the numbers that matter, and some for the others."""

from collections.abc import Mapping

from search_records.events import FIRST_STAGE, Reported
from search_records.result import ResultColumns, Score, TrialResult

COLUMNS = ResultColumns("p5_rss_dbm", ("x1", "y1"))
"""Of a search whose placements are made of two genes."""


def trial_result(
    value: float,
    rung: int = 1,
    *,
    genes: Mapping[str, float] | None = None,
    origin: Mapping[str, float] | None = None,
    feasible: bool = True,
    iteration_rays_per_ap: int = 100,
    rays_per_ap: int = 1_000,
    complete: bool = False,
    step_value: float | None = None,
) -> TrialResult:
    """A result of so much."""
    return TrialResult(
        genes={"x1": 1 / 3, "y1": 2.0} if genes is None else genes,
        origin=origin or {},
        score=Score(value, coverage=0.5, outage=0.25, mean_rss_dbm=-58.5, min_rss_dbm=-90.0, feasible=feasible),
        rung=rung,
        iteration_rays_per_ap=iteration_rays_per_ap,
        rays_per_ap=rays_per_ap,
        trace_time_s=0.125,
        complete=complete,
        step_value=step_value,
    )


def reported(
    trial_id: str,
    iteration: int,
    result: TrialResult,
    elapsed_s: float = 1.0,
    done: bool = False,
    stage: int = FIRST_STAGE,
) -> Reported:
    """The event of a result."""
    return Reported(trial_id, iteration, elapsed_s, done, result, stage=stage)
