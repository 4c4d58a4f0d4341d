"""The weighted objective: zones of different demand, each with its weight and the level that its cells need.

Its value is the weighted mean of the zones' covered shares, in %; a zone may demand a second access point, for roaming
or in case that one fails. Cells in no zone of the list have no weight; those in several count in each.
"""

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from search_spaces.model import Model
from search_spaces.zones import Zone
from trainables.objectives.base import ObjectiveSettings, Powers
from trainables.objectives.cells import Cells
from trainables.objectives.coverage import Demand, ShareOfCells


class ZoneDemand(Model):
    """What the cells of one zone need, and how much that counts."""

    zone: int | Zone = Field(
        description="number of a user zone, the first being 1 (receivers.zones, else the floor plan's), or a polygon"
    )
    weight: float = Field(1.0, gt=0, description="how much it counts, over what the others do")
    level_dbm: float = Field(-67.0, ge=-250, le=250, description="power that its cells need [dBm]; voice over Wi-Fi")
    second_level_dbm: float | None = Field(
        None, ge=-250, le=250, description="power that they need of a second access point, too [dBm]; null: none"
    )

    @property
    def levels_dbm(self) -> tuple[float, ...]:
        """The levels that are demanded of the strongest access points."""
        return (self.level_dbm,) if self.second_level_dbm is None else (self.level_dbm, self.second_level_dbm)


@ObjectiveSettings.register
class WeightedObjective(ShareOfCells):
    """The share of the cells whose zone gets what it needs, zone by zone weighted."""

    kind: Literal["weighted"] = "weighted"
    zones: tuple[ZoneDemand, ...] = Field(min_length=1, max_length=1_000, description="what is needed where")

    @model_validator(mode="after")
    def _floor_is_below_all_levels(self) -> Self:
        for number, zone in enumerate(self.zones):
            if min(zone.levels_dbm) <= self.floor_dbm:
                raise ValueError(
                    f"zones.{number}: levels must be above floor_dbm={self.floor_dbm:g}, or cells without power would "
                    f"count as served, but got {min(zone.levels_dbm):g}; raise it"
                )
        return self

    def check(self, cells: Cells, num_ap: int) -> None:
        for number, zone in enumerate(self.zones):
            field = f"objective.zones.{number}"
            if isinstance(zone.zone, int) and not 1 <= zone.zone <= len(cells.zones):
                raise ValueError(
                    f"{field}.zone must be the number of one of the {len(cells.zones)} user zones, the first being 1, "
                    f"but got {zone.zone}; choose one, or give a polygon"
                )
            if not cells.inside(zone.zone).any():
                raise ValueError(
                    f"{field}.zone must hold the centre of at least one receiver cell, but holds none; move it into "
                    "the user zones, or make receivers.cell_size_m smaller"
                )
            if zone.second_level_dbm is not None and num_ap < 2:
                raise ValueError(
                    f"{field}.second_level_dbm must be null with fewer than two access points, but got "
                    f"{zone.second_level_dbm:g}; raise access_points.count"
                )

    @property
    def metric(self) -> str:
        return "weighted_coverage_percent"

    @property
    def label(self) -> str:
        return "weighted coverage"

    @property
    def _weights(self) -> list[float]:
        total = sum(zone.weight for zone in self.zones)
        return [zone.weight / total for zone in self.zones]

    @property
    def lowest(self) -> float:
        short_db = (max(zone.levels_dbm) - self.floor_dbm for zone in self.zones)
        return -sum(weight * short for weight, short in zip(self._weights, short_db, strict=True))

    def demands(self, rss_w: Powers, cells: Cells) -> list[Demand]:
        """One of each zone; the level that is failed by more decides."""
        strongest_w = self.combined(rss_w)
        second_w = np.sort(rss_w, axis=0)[-2] if len(rss_w) > 1 else np.zeros_like(strongest_w)
        demands = []
        for zone, weight in zip(self.zones, self._weights, strict=True):
            served = self.over(strongest_w, zone.level_dbm)
            if zone.second_level_dbm is not None:
                served = np.minimum(served, self.over(second_w, zone.second_level_dbm))
            demands.append(Demand(weight, cells.inside(zone.zone), served))
        return demands

    def details(self, rss_w: Powers, cells: Cells) -> Mapping[str, float]:
        """The served share of each zone."""
        told = {}
        for number, (zone, demand) in enumerate(zip(self.zones, self.demands(rss_w, cells), strict=True), start=1):
            where = f"zone {zone.zone}" if isinstance(zone.zone, int) else f"polygon {number}"
            told[f"{where} above {' and '.join(f'{level:g}' for level in zone.levels_dbm)} dBm [%]"] = 100 * demand.met
        return told

    def misled(self, num_ap: int) -> str | None:
        if all(zone.second_level_dbm is None for zone in self.zones):
            return None
        return "a second access point is demanded (objective.zones: second_level_dbm)"
