"""One experiment as one model, checked as a whole.

The defaults *are* the quick start. Nothing here imports Ray or Sionna, so an error in a file is told at once.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from search_records.result import ResultColumns
from search_spaces.genes import SearchSpace
from search_spaces.kinds import Kind
from trainables.problem import MAX_RAYS, PlacementProblem
from trainables.settings.base import TrainableSettings
from trainables.settings.placement import PlacementSettings
from trainables.trial_plan import TrialPlan
from trainables.variants.base import Worlds, all_variants
from tune_reflector.config.sections import (
    MAX_TRIALS,
    BudgetSettings,
    FaultSettings,
    FinalSettings,
    RaySettings,
    ReportSettings,
)
from tune_reflector.config.start import read_start
from tune_reflector.counterfactuals.alternatives import LABELS, adapted, changes
from tune_reflector.counterfactuals.settings import CounterfactualKind, CounterfactualSettings
from tune_reflector.refinement.settings import RefinementSettings
from tune_reflector.schedulers.fifo import FifoSettings
from tune_reflector.schedulers.settings import SchedulerSettings
from tune_reflector.searchers.ga import GaSettings
from tune_reflector.searchers.settings import SearcherSettings


class SearchConfig(PlacementProblem):
    """Everything about one search."""

    name: str | None = Field(None, description="name of the run and of its folder; null: made of scene and searcher")
    results_dir: Path = Field(Path("results"), description="folder that holds the runs' folders")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="seed of the searcher")
    launch: Literal["ray", "local"] = Field(
        "ray", description="ray: trials in parallel workers; local: one after another, in-process"
    )
    start: tuple[dict[str, float], ...] | None = Field(
        None,
        max_length=1000,
        description="placement to try first: genes by name, or the best.json or trials.csv of a run, whose best it is; "
        "or a list of such genes; null: none",
    )
    trainable: TrainableSettings = Field(PlacementSettings(), description="what a trial does")
    searcher: SearcherSettings = Field(GaSettings(), description="what proposes candidates")
    scheduler: SchedulerSettings = Field(FifoSettings(), description="what stops poor trials")
    refine: RefinementSettings | None = Field(
        None, description="a second stage that starts from the best; null for none"
    )
    budget: BudgetSettings = Field(BudgetSettings(), description="when the search ends")
    faults: FaultSettings = Field(FaultSettings(), description="what happens when a worker dies or hangs")
    ray: RaySettings = Field(RaySettings(), description="which Ray cluster")
    final: FinalSettings = Field(FinalSettings(), description="how the winner is scored again")
    counterfactual: CounterfactualSettings = Field(
        CounterfactualSettings(), description="what the reflector is worth: what the winner is measured against"
    )
    report: ReportSettings = Field(ReportSettings(), description="what is drawn of it")

    @field_validator("results_dir")
    @classmethod
    def _is_a_path(cls, results_dir: Path) -> Path:
        if "\0" in str(results_dir):
            raise ValueError(f"results_dir must be a path, but got {str(results_dir)!r}; drop the NUL character")
        return results_dir.expanduser() if str(results_dir).startswith("~/") else results_dir

    @field_validator("start", mode="before")
    @classmethod
    def _from_a_file(cls, start: Any, info: ValidationInfo) -> Any:
        """The genes themselves are kept, so that a resumed search needs no file."""
        if not isinstance(start, str | Path):
            return (start,) if isinstance(start, Mapping) else start
        if not info.data.keys() >= PlacementProblem.model_fields.keys():  # something else is wrong, and is told
            return None
        problem = PlacementProblem(**{name: info.data[name] for name in PlacementProblem.model_fields})
        genes = [gene.name for gene in problem.site().space.genes]
        return (read_start(Path(start), problem.objective.metric, genes),)

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str | None) -> str | None:
        return None if name is None else folder_name(name)

    @model_validator(mode="after")
    def _search_is_coherent(self) -> Self:
        """Every part is asked whether it fits the rest; here is only what no part can know."""
        self.trainable.check(self)
        if not self.plan.placement_space.genes:
            raise ValueError(
                "access_points.count must be >= 1 where nothing else is searched, but got 0; raise it, set turn: true "
                "for one of access_points.fixed, or give a reflector"
            )
        self._check_start()
        self.searcher.check(self.space())
        self.scheduler.check(self.plan, self.searcher)
        if self.refine is not None:
            self.refine.check(self.plan)
            self._check_refining_searcher()
        self._check_columns()
        self._check_budget()
        self._check_launch()
        self._check_final()
        self._check_counterfactuals()
        return self

    def _check_start(self) -> None:
        if not self.start:
            return
        for number, start in enumerate(self.start):
            field = "start" if len(self.start) == 1 else f"start.{number}"
            self.plan.placement_space.check_start(start, field)
        if not self.searcher.begins_at_start:
            kinds = [kind for kind, of in SearcherSettings.kinds().items() if of.begins_at_start]
            raise ValueError(
                f"start must be null with a searcher that does not begin at it, but searcher.kind is "
                f"{self.searcher.kind!r}; choose {', '.join(kinds)}, or drop start"
            )

    def _check_refining_searcher(self) -> None:
        for stage in self.stages()[1:]:
            try:
                stage.searcher.check(stage.space())
            except ValueError as error:
                raise ValueError(f"refine.{error}") from None

    def _check_columns(self) -> None:
        names = self.columns().names
        if repeated := [name for name in names if names.count(name) > 1]:
            raise ValueError(
                f"names of score, genes and origins must differ, but {repeated[0]!r} stands twice among the columns of "
                "a result; choose another objective.kind, searcher.kind or trainable.kind"
            )

    def _check_budget(self) -> None:
        refinement = self.refinement_rays_per_ap()
        if self.budget.rays_per_ap is not None and self.budget.rays_per_ap <= refinement:
            raise ValueError(
                f"budget.rays_per_ap must be > {refinement:g}, what refine may take, but got "
                f"{self.budget.rays_per_ap:g}; raise it or refine less"
            )

    def _check_launch(self) -> None:
        if self.launch == "ray":
            if self.ray.dashboard and self.ray.address is not None:
                raise ValueError(
                    "ray.dashboard must be false with a ray.address, whose cluster has its own, but got true; drop it"
                )
            return
        if self.scheduler.pauses_trials:
            *others, last = (kind for kind, of in SchedulerSettings.kinds().items() if not of.pauses_trials)
            raise ValueError(
                f"scheduler.kind must be {', '.join(others)} or {last} with launch: local, but got "
                f"{self.scheduler.kind!r}, which pauses trials; use launch: ray"
            )
        if self.ray.dashboard:
            raise ValueError("ray.dashboard must be false with launch: local, but got true; drop it")
        if self.ray.address is not None:
            raise ValueError(
                f"ray.address must be null with launch: local, but got {self.ray.address!r}; use launch: ray"
            )

    def _check_final(self) -> None:
        most_rays = self.final.rays_per_ap * self.access_points.total
        if most_rays > MAX_RAYS:
            raise ValueError(
                f"final.rays_per_ap times access_points.count must be < 2**32 rays, but is {most_rays:g}; lower it"
            )
        most_rays = self.final.variant_rays_per_ap * self.access_points.total
        if most_rays > MAX_RAYS:
            raise ValueError(
                f"final.variant_rays_per_ap times access_points.count must be < 2**32 rays, but is {most_rays:g}; "
                "lower it"
            )
        if not all_variants(self.final.variants, self) and self.objective.robust is not None:
            raise ValueError("objective.robust must be null where final.variants has none, but is set; add variants")

    def _check_counterfactuals(self) -> None:
        """A search for each alternative is possible, as far as can be known now."""
        for kind in self.counterfactuals:
            try:
                self.searched_instead(kind)
            except ValueError as error:
                problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
                raise ValueError(
                    f"counterfactual.kinds: {LABELS[kind]!r} must be a search of its own, but: "
                    f"{problem.removeprefix('Value error, ')}; drop it, or change that"
                ) from None

    def problem(self) -> PlacementProblem:
        """The part that workers need."""
        return self._problem({})

    def _problem(self, changes: Mapping[str, Any]) -> PlacementProblem:
        return PlacementProblem(**{name: getattr(self, name) for name in PlacementProblem.model_fields} | dict(changes))

    @property
    def plan(self) -> TrialPlan:
        """The plan of every trial."""
        return TrialPlan(self, self.trainable, self._searched_worlds)

    @property
    def _searched_worlds(self) -> Worlds | None:
        """The worlds by whose worst the search goes, if it is asked to."""
        robust = self.objective.robust
        if robust is None or not robust.search:
            return None
        return Worlds(tuple(all_variants(self.final.variants, self)), robust.worst_share)

    def refined(self, num_starts: int) -> Self:
        """The configuration of the second stage."""
        refine = self.refine
        assert refine is not None
        changes = {
            "trainable": refine.stage_trainable(self.trainable),
            "searcher": refine.stage_searcher,
            "scheduler": FifoSettings(),
            "budget": self.budget.model_copy(update={"trials": refine.num_trials(num_starts)}),
        }
        return self.model_copy(update=changes)

    def stages(self) -> list[Self]:
        """The configuration of each stage, the second with as many starts as it may have."""
        return [self, self.refined(self.refine.candidates)] if self.refine else [self]

    @property
    def counterfactuals(self) -> tuple[CounterfactualKind, ...]:
        """What the winner is measured against; nothing where no reflector is placed."""
        return self.counterfactual.kinds if self.places_plates else ()

    def searched_instead(self, kind: CounterfactualKind, starts: Sequence[dict[str, float]] = ()) -> Self | None:
        """The search for what could be built in place of the winner; None where nothing is searched for.

        It has the searcher, scheduler and refinement of this one, and a share of its rays.

        Raises:
            ValueError: there can be no such search.
        """
        different = changes(kind, self)
        if not different:
            return None
        share, budget = self.counterfactual.share, self.budget
        # Without a plate few rays rank placements: the same rays try more of them, where nothing else needs the rungs.
        rungs_matter = self.scheduler.needs_rungs or self.trainable.moves_placement or self.refine is not None
        fidelity = self.fidelity if rungs_matter else self.fidelity.coarse()
        space, rng = self._problem(different).site().space, np.random.default_rng(self.seed)
        different |= {
            "start": tuple(starts) if starts and self.searcher.begins_at_start else None,
            "trainable": self.trainable.adapted(lambda genes: adapted(genes, space, rng)),
            "scheduler": self.scheduler.scaled(share),
            "refine": self.refine and self.refine.scaled(share),
            "fidelity": fidelity,
            "budget": BudgetSettings(
                trials=min(
                    MAX_TRIALS, max(1, round(share * budget.trials * sum(self.rungs) / sum(fidelity.rays_per_ap())))
                ),
                max_concurrent=budget.max_concurrent,
                time_s=budget.time_s and share * budget.time_s,
                rays_per_ap=budget.rays_per_ap and share * budget.rays_per_ap,
            ),
            "counterfactual": CounterfactualSettings(kinds=()),
        }
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | different)

    def refinement_rays_per_ap(self) -> float:
        """Rays per access point that the second stage may take, if there is one."""
        return sum((stage.num_trials * stage.plan.rays_per_iteration[-1] for stage in self.stages()[1:]), 0.0)

    def space(self) -> SearchSpace:
        """The space that the searcher searches."""
        return self.trainable.space(replace(self.plan.placement_space, starts=self.start or ()))

    def columns(self) -> ResultColumns:
        """Columns of the results of all stages."""
        origin = self.refine.origin if self.refine else ()
        origin += tuple(name for stage in self.stages() for name in stage.searcher.origin) + self.scheduler.origin
        stages = [stage.plan.columns() for stage in self.stages()]
        searched = dict.fromkeys(name for columns in stages for name in columns.hyperparameters)
        return replace(
            stages[0],
            origin=tuple(dict.fromkeys(origin)),
            steps=any(columns.steps for columns in stages),
            hyperparameters=tuple(searched),
        )

    def missing_packages(self) -> list[str]:
        """Name what some part needs and is not installed: a line each, with a remedy."""
        found = {field: getattr(self, field) for field in type(self).model_fields}
        lines = {field: part.missing_package() for field, part in found.items() if isinstance(part, Kind)}
        return [f"{field}.{line}" for field, line in lines.items() if line is not None]

    @property
    def num_trials(self) -> int:
        """Trials of the search, without its refinement."""
        return self.scheduler.num_trials(self.budget.trials)

    @property
    def top_rung(self) -> int:
        """The rung whose scores may be told."""
        return self.plan.top_rung

    @property
    def folders(self) -> Iterator[Path]:
        """Folders that a new run may have: that of its name or, without one, of what is searched and how, numbered."""
        if self.name is not None:
            yield (self.results_dir / self.name).absolute()
            return
        scene = _as_name(Path(self.scene.source).stem) or "scene"
        parts = (self.searcher.label, self.trainable.name_part, self.scheduler.name_part)
        how = "-".join(_as_name(part) for part in parts if part is not None)
        yield from ((self.results_dir / f"{scene[:60]}-{how[:30]}{suffix}").absolute() for suffix in _suffixes())


def _as_name(text: str) -> str:
    """``text`` with what the name of a folder can hold."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")


def _suffixes() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in itertools.count(2))


def folder_name(name: str) -> str:
    """``name``, if it can be that of a folder; ``ValueError`` says what is wrong with it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ValueError(
            f"name must be 1 to 100 letters, digits, '.', '_' or '-', but got {name!r}; it becomes a folder"
        )
    return name
