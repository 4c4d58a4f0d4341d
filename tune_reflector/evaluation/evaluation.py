"""A placement that was measured: its score with an error bar, its maps, and what it gains over another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search_records.result import Score
from search_spaces.design import Placement
from trainables.problem import Site
from tune_reflector.config.search_config import SearchConfig
from tune_reflector.runs.best_file import measured_json
from tune_reflector.runs.comparisons import Comparison
from tune_reflector.runs.measurement import Measurement, shown_error
from tune_reflector.runs.run_data import Image, images

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A placement, measured on several samples of rays that no search uses.

    All placements are measured on the same samples, so that a difference errs less than either of them: ``gain``.
    """

    name: str
    config: SearchConfig
    site: Site
    placement: Placement
    genes: Mapping[str, float] | None
    """What it is made of, if it was given so."""
    measured: Measurement
    alone: Measurement | None = None
    """The same access points without plates; None where there are none, or nobody asked."""

    @property
    def score(self) -> float:
        """In the unit of the objective."""
        return self.measured.score.value

    @property
    def error(self) -> float:
        """Half-width of the score's 95 % interval, in the unit of a difference of scores."""
        return self.measured.error

    @property
    def coverage(self) -> float:
        """Share of the cells above ``objective.coverage_threshold_dbm``."""
        return self.measured.score.coverage

    @property
    def outage(self) -> float:
        """Share of the cells without signal."""
        return self.measured.score.outage

    def gain(self, other: "Evaluation") -> tuple[float, float]:
        """By how much the score is better than another's, and the half-width of that.

        Both are of one configuration: the same cells, rays and objective. It is a power ratio only where neither score
        is a penalty.
        """
        return self.measured.gain(other.measured)

    @property
    def title(self) -> str:
        """What figures call it."""
        return self.name

    @property
    def told(self) -> str:
        """The score, for people."""
        return self.config.objective.told(self.score, shown_error(self.error))

    @property
    def headline(self) -> str:
        """The score with what it leaves out, for people."""
        return self.config.objective.headline(self.score, self.coverage, self.outage, shown_error(self.error))

    @property
    def details(self) -> Mapping[str, float | str]:
        """What else the objective tells of the map, by name with its unit."""
        return self.measured.details

    @property
    def compared(self) -> Comparison | None:
        """The same access points without plates."""
        if self.alone is None:
            return None
        _, gain_error = self.measured.gain(self.alone)
        return Comparison(
            "same_access_points",
            self.alone.score.value,
            self.alone.error,
            self.score,
            gain_error,
            None,
            self.placement.without_reflectors(),
            {},
            len(self.placement.hung_reflectors),
        )

    @cached_property
    def maps(self) -> dict[str, Image]:
        """RSS [dBm], each ``[num_y, num_x]``, NaN outside the zones: ``all``, without the plates, ``AP 1``, ..."""
        label = self.compared.label if self.compared else None
        alone_w = self.alone.shown_w if self.alone else None
        return images(self.config.objective, self.site, self.measured.shown_w, label, alone_w)

    @property
    def scores(self) -> dict[str, Score]:
        """Of the maps of all access points."""
        found = {"all": self.measured.score}
        if self.alone is not None and self.compared is not None:
            found[self.compared.label] = self.alone.score
        return found

    def told_gain(self, other: "Evaluation") -> str:
        """What it gains over another, in one line: ``+3.1 +- 0.2 dB against before``."""
        return f"{_told_gain(self, other.measured)} against {other.name}"

    @property
    def facts(self) -> Sequence[str]:
        """What there is to say beside the headline, a line each."""
        objective = self.config.objective
        found: list[str] = []
        if self.details:
            found.append(objective.told_details(self.details))
        if (compared := self.compared) is not None and self.alone is not None:
            told = objective.told(compared.value, shown_error(compared.error))
            found.append(f"{compared.label} {told}: {_told_gain(self, self.alone)} with")
        if cost := self.config.told_plate_cost(self.placement):
            found.append(f"a search would take off {cost}")
        found.append(f"measured with {self.measured.traced.rays_per_ap:,} rays per access point")
        return found

    def to_json(self) -> dict[str, Any]:
        """As ``best.json`` tells of a winner, as far as it is the same."""
        objective = self.config.objective
        compared = [self.compared.to_json(objective)] if self.compared else []
        about = {"name": self.name, "comparisons": compared, "genes": self.genes and dict(self.genes)}
        return measured_json(self.config, self.site, self.placement, self.measured) | about

    def figures(self) -> "dict[str, Figure]":
        """Of Matplotlib, by name: ``map`` and ``cdf``."""
        from tune_reflector.reporting.matplotlib_figures import cdf_figure, map_figure

        return {"map": map_figure(self), "cdf": cdf_figure(self)}

    def save(self, folder: str | Path) -> Path:
        """Write JSON, maps, page and figures into a new folder.

        Raises:
            ConfigError: it is there already, or cannot be made.
        """
        from tune_reflector.evaluation.results import save

        return save([self], Path(folder))

    def __repr__(self) -> str:
        return f"<Evaluation {self.name}: {self.headline}>"


def _told_gain(one: Evaluation, other: Measurement) -> str:
    objective = one.config.objective
    if objective.difference(one.score, other.score.value) is None:
        return "better" if one.score > other.score.value else "not better"
    gain, error = one.measured.gain(other)
    within = ", which is nothing beyond the error" if abs(gain) <= error else ""
    return f"{gain:+.1f} +- {shown_error(error):.1f} {objective.difference_unit}{within}"


def gains_json(evaluations: Sequence[Evaluation]) -> list[dict[str, Any]]:
    """Of each evaluation but the first: its gain over the first; null where one of the two scores is a penalty."""
    found = []
    for one in evaluations[1:]:
        first, objective = evaluations[0], one.config.objective
        gain, error = one.gain(first)
        is_gain = objective.difference(one.score, first.score) is not None
        told = {
            objective.gain_metric: gain if is_gain else None,
            objective.gain_error_metric: error if is_gain else None,
        }
        found.append({"name": one.name, "against": first.name, **told})
    return found
