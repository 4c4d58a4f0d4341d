"""The plain sections of a configuration: when the search ends, what faults cost, where it runs, what is drawn."""

import re

from pydantic import Field, field_validator

from search_spaces.model import Model
from trainables.variants import VARIANTS
from trainables.variants.base import VariantSettings

MAX_TRIALS = 10_000_000
"""Of one search."""


class BudgetSettings(Model):
    """When the search ends."""

    trials: int = Field(250, ge=1, le=MAX_TRIALS, description="candidates to try")
    max_concurrent: int | None = Field(
        None, ge=1, le=10_000, description="trials at a time; null: as many as the machine's cores or GPU allow"
    )
    time_s: float | None = Field(None, gt=0, description="end the search after this long [s]; null: no limit")
    rays_per_ap: float | None = Field(
        None,
        gt=0,
        description="end the search once its trials have traced this many rays per access point, all together; "
        "null: no limit",
    )


class FaultSettings(Model):
    """What happens when a worker dies or hangs."""

    max_failures: int = Field(
        1, ge=0, le=100, description="how often a trial is tried again after its worker died or it raised an error"
    )
    trial_timeout_s: float | None = Field(
        1800.0,
        gt=0,
        le=31_536_000,
        description="a trial that gives no sign of life for this long [s], a rung being one, is ended and tried once "
        "more (launch: ray); null: no limit",
    )


class RaySettings(Model):
    """Which Ray cluster."""

    address: str | None = Field(
        None, description="host:port of a running cluster, or auto; null: a local one, for this search only"
    )

    dashboard: bool = Field(
        False, description="whether to start Ray's dashboard (this machine only; needs pip install -e '.[dashboard]')"
    )

    @field_validator("address")
    @classmethod
    def _is_no_client(cls, address: str | None) -> str | None:
        if address is not None and address != "auto" and not re.fullmatch(r"[^/\s]+:\d{1,5}", address):
            raise ValueError(
                f"address must be host:port or auto (not a ray:// client, in which callbacks run elsewhere), but got "
                f"{address!r}; start the search on a node of the cluster"
            )
        return address


class ReportSettings(Model):
    """What is drawn of a search, by a process of its own beside it."""

    every_s: float | None = Field(
        5.0,
        ge=1,
        le=86_400,
        description="least time between two updates of report.html and tensorboard/ [s]; null: neither",
    )
    curves: int = Field(
        10, ge=0, le=1000, description="best trials with a curve of their own and a line in TensorBoard's HParams tab"
    )
    figures: bool = Field(True, description="whether to draw figures/ at the end (PNG and PDF)")


class FinalSettings(Model):
    """How the winner is scored again, with fresh rays, before it is told to anybody."""

    candidates: int = Field(5, ge=1, le=1000, description="best candidates of the search that are traced again")
    rays_per_ap: int = Field(1_000_000, ge=100, le=2**32 - 1, description="rays per access point of one sample")
    lattices: int = Field(
        5,
        ge=2,
        le=20,
        description="samples of rays of the winner, each a lattice turned at random; their spread is the error bar",
    )
    variants: tuple[VariantSettings, ...] = Field(
        tuple(kind() for kind in VARIANTS),
        max_length=100,
        description="worlds that differ from the model, in each of which the winner, what it is compared with and the "
        "runners-up are traced again; []: none",
    )
    variant_rays_per_ap: int = Field(
        100_000,
        ge=100,
        le=2**32 - 1,
        description="rays per access point there; differences of the same rays need few",
    )
    second_opinion: bool = Field(
        True,
        description="whether to work out the winner's plate by physical optics, too, where the building is a rectangle "
        "or an L without inner walls",
    )
