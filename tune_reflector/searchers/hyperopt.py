"""Settings of HyperOpt."""

from typing import ClassVar, Literal

from pydantic import Field

from tune_reflector.searchers.settings import MAX_TRIALS, SearcherSettings


@SearcherSettings.register
class HyperOptSettings(SearcherSettings):
    """HyperOpt's tree-structured Parzen estimator."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.hyperopt:HyperOptSearcher"

    kind: Literal["hyperopt"] = "hyperopt"
    startup_trials: int = Field(40, ge=1, le=MAX_TRIALS, description="random trials before the model is used")
    gamma: float = Field(0.25, gt=0, lt=1, description="share of trials that count as good; HyperOpt's default")
