"""Settings of Optuna's samplers."""

from importlib.util import find_spec
from typing import ClassVar, Literal

from pydantic import Field

from tune_reflector.errors import install_extra
from tune_reflector.searchers.settings import MAX_TRIALS, SearcherSettings


@SearcherSettings.register
class OptunaSettings(SearcherSettings):
    """Optuna's samplers."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.optuna:OptunaSearcher"

    kind: Literal["optuna"] = "optuna"
    sampler: Literal["tpe", "qmc", "gp"] = Field(
        "tpe",
        description="tpe: tree-structured Parzen estimator; "
        "qmc: Sobol points; gp: Gaussian process (needs the extra [gp])",
    )
    startup_trials: int = Field(
        40, ge=1, le=MAX_TRIALS, description="random trials before the model is used; about three a gene (tpe, gp)"
    )
    candidates: int = Field(
        24, ge=1, le=10_000, description="draws of which the most promising is taken (tpe); Optuna's default"
    )

    @property
    def label(self) -> str:
        return self.sampler

    def missing_package(self) -> str | None:
        """The Gaussian process needs PyTorch."""
        if self.sampler == "gp" and find_spec("torch") is None:
            return f"sampler: gp needs PyTorch, which is not installed; {install_extra('gp')} or choose tpe"
        return super().missing_package()
