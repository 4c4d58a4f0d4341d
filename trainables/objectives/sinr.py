"""The SINR objective: a quantile over all cells of how far the signal stands out of noise and interference, in dB.

It is the quantile of the RSS (``quantile``), with what interference leaves of each cell's power in its place.

With interference a map with less power may be worth more: an access point that falls silent disturbs nobody. That is
no gaming, but what a planner does by switching one off; its cells count with what is left to them.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from trainables.objectives.base import ObjectiveSettings, Powers
from trainables.objectives.cells import Cells
from trainables.objectives.quantile import CellQuantile, stem
from trainables.objectives.spectrum import SpectrumSettings


@ObjectiveSettings.register
class SinrObjective(CellQuantile):
    """The signal over interference and noise that all but a share of the cells exceed."""

    kind: Literal["sinr"] = "sinr"
    combine: Literal["best_server"] = Field(
        "best_server", description="a cell is served by its strongest access point; the others disturb it"
    )
    spectrum: SpectrumSettings = Field(SpectrumSettings(), description="channels and noise")

    @model_validator(mode="after")
    def _channels_exist(self) -> Self:
        self.spectrum.check()
        return self

    @property
    def reference_dbm(self) -> float:
        return self.spectrum.noise_dbm

    @property
    def metric(self) -> str:
        return f"{stem(super().label)}_sinr_db"

    @property
    def error_metric(self) -> str:
        return f"{stem(super().label)}_sinr_error_db"

    @property
    def label(self) -> str:
        return f"{super().label} SINR"

    @property
    def quantity(self) -> str:
        return self.label

    @property
    def unit(self) -> str:
        return "dB"

    def cells_w(self, rss_w: Powers) -> Powers:
        return self.spectrum.signal_w(rss_w)

    def details(self, rss_w: Powers, cells: Cells) -> Mapping[str, float]:
        return told_channels(self.spectrum, rss_w)

    def misled(self, num_ap: int) -> str | None:
        return shared(self.spectrum, num_ap)


def told_channels(spectrum: SpectrumSettings, rss_w: Powers) -> Mapping[str, float]:
    """The channel of each access point."""
    return {f"channel of AP {ap}": int(channel) for ap, channel in enumerate(spectrum.assigned(rss_w), start=1)}


def shared(spectrum: SpectrumSettings, num_ap: int) -> str | None:
    """Why more power may be worth less; None where every access point has a channel for itself."""
    if not spectrum.interferes(num_ap):
        return None
    return (
        f"{num_ap} access points share objective.spectrum.num_channels={spectrum.num_channels}, or are given the same "
        "one, so that more power disturbs, too"
    )
