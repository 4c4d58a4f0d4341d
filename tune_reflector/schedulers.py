"""Schedulers: what stops a poor trial before it has spent its rays.

All compare trials at the same rung only, as every trial climbs the same rungs in the same order. ASHA's clock is
``rays_per_ap``, the resource that rungs really spend; the others count rungs.
"""

import math
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from search_spaces.model import Model
from trainables.problem import FidelityConfig

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


class FifoSettings(Model):
    """Every trial climbs all rungs."""

    kind: Literal["fifo"] = "fifo"


class AshaSettings(Model):
    """Asynchronous successive halving (Li et al. 2020): at each milestone the best 1/n go on."""

    kind: Literal["asha"] = "asha"
    reduction_factor: float = Field(
        3.0,
        ge=1.1,
        le=1000,
        description="one in this many trials goes on; a milestone each time the rays have grown so much",
    )


class HyperbandSettings(Model):
    """Synchronous successive halving in brackets (Li et al. 2018); trials pause until their bracket is full."""

    kind: Literal["hyperband"] = "hyperband"
    reduction_factor: float = Field(
        2.0, ge=1.1, le=100, description="one in this many trials goes on; at most the number of rungs"
    )


class MedianSettings(Model):
    """Stop a trial whose score is below the median of the others at its rung (Golovin et al. 2017)."""

    kind: Literal["median"] = "median"
    min_trials: int = Field(10, ge=1, description="trials at a rung before any is stopped there")


SchedulerSettings = Annotated[
    FifoSettings | AshaSettings | HyperbandSettings | MedianSettings, Field(discriminator="kind")
]


def trials_in_flight(settings: SchedulerSettings, fidelity: FidelityConfig, workers: int) -> int:
    """How many trials may have begun and not ended: one a worker, and for Hyperband at least a full bracket.

    A paused trial counts as begun, so with fewer a bracket would never fill and nothing would be stopped.
    """
    if not isinstance(settings, HyperbandSettings):
        return workers
    halvings: float = math.log(len(fidelity.rungs), settings.reduction_factor)
    bracket: float = (halvings + 1) * settings.reduction_factor**halvings
    return max(workers, math.ceil(bracket))


def build_scheduler(settings: SchedulerSettings, fidelity: FidelityConfig) -> "TrialScheduler":
    """A fresh scheduler of the configured kind."""
    from ray.tune import schedulers

    rungs = fidelity.rungs
    match settings:
        case AshaSettings():
            return schedulers.AsyncHyperBandScheduler(
                time_attr="rays_per_ap",
                grace_period=rungs[0],
                max_t=sum(rungs) + 1,  # the trial itself ends at its last rung
                reduction_factor=settings.reduction_factor,
            )
        case HyperbandSettings():
            from tune_reflector.hyperband import PatientHyperBand

            return PatientHyperBand(
                time_attr="training_iteration",
                max_t=len(rungs),
                reduction_factor=settings.reduction_factor,
            )
        case MedianSettings():
            return schedulers.MedianStoppingRule(
                time_attr="training_iteration",
                grace_period=1,
                min_samples_required=settings.min_trials,
            )
        case FifoSettings():
            return schedulers.FIFOScheduler()
