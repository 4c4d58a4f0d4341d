"""Settings of CMA-ES."""

from typing import ClassVar, Literal

from pydantic import Field

from tune_reflector.searchers.settings import MAX_TRIALS, SearcherSettings


@SearcherSettings.register
class CmaesSettings(SearcherSettings):
    """Covariance matrix adaptation that starts from the best of some random placements, and restarts."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.cmaes:CmaesSearcher"

    kind: Literal["cmaes"] = "cmaes"
    startup_trials: int = Field(
        40, ge=1, le=MAX_TRIALS, description="random trials before each climb, which starts from the best"
    )
    initial_step: float = Field(
        0.12, gt=0, le=1, description="standard deviation of a climb's first steps, as a share of a gene's range"
    )
    population: int = Field(
        12, ge=4, le=10_000, description="trials between two updates; Hansen's 4 + 3 ln(12 genes), rounded up"
    )
    patience: int = Field(
        12, ge=1, le=MAX_TRIALS, description="updates without a new best after which the next climb begins"
    )
