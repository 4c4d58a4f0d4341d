"""One experiment as one model, checked as a whole.

The defaults *are* the quick start. Nothing here imports Ray or Sionna, so an error in a file is told at once.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from search_spaces.hyperparameters import TrialSpace
from search_spaces.placement import Gene, SearchSpace
from trainables.problem import MAX_RAYS, PlacementProblem
from trainables.settings import AscentSettings, GradientSettings, PlacementSettings, TrainableSettings
from tune_reflector.config.sections import BudgetSettings, FaultSettings, FinalSettings, RaySettings, ReportSettings
from tune_reflector.refinement.settings import BoundsRefinement, GradientRefinement, Refinement
from tune_reflector.schedulers.settings import FifoSettings, HyperbandSettings, PopulationSettings, SchedulerSettings
from tune_reflector.searchers.settings import GaSettings, GridSettings, RandomSettings, SearcherSettings


class SearchConfig(PlacementProblem):
    """Everything about one search."""

    name: str | None = Field(None, description="name of the run and of its folder; null: made of scene and searcher")
    results_dir: Path = Field(Path("results"), description="folder that holds the runs' folders")
    seed: int = Field(1, ge=0, le=2**31 - 1, description="seed of the searcher")
    launch: Literal["ray", "local"] = Field(
        "ray", description="ray: trials in parallel workers; local: one after another, in-process"
    )
    trainable: TrainableSettings = Field(PlacementSettings(), description="what a trial does")
    searcher: SearcherSettings = Field(GaSettings(), description="what proposes candidates")
    scheduler: SchedulerSettings = Field(FifoSettings(), description="what stops poor trials")
    refine: Refinement | None = Field(None, description="a second stage that starts from the best; null for none")
    budget: BudgetSettings = Field(BudgetSettings(), description="when the search ends")
    faults: FaultSettings = Field(FaultSettings(), description="what happens when a worker dies or hangs")
    ray: RaySettings = Field(RaySettings(), description="which Ray cluster")
    final: FinalSettings = Field(FinalSettings(), description="how the winner is scored again")
    report: ReportSettings = Field(ReportSettings(), description="what is drawn of it")

    @field_validator("results_dir")
    @classmethod
    def _is_a_path(cls, results_dir: Path) -> Path:
        if "\0" in str(results_dir):
            raise ValueError(f"results_dir must be a path, but got {str(results_dir)!r}; drop the NUL character")
        return results_dir.expanduser() if str(results_dir).startswith("~/") else results_dir

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str | None) -> str | None:
        return None if name is None else folder_name(name)

    @model_validator(mode="after")
    def _search_is_coherent(self) -> Self:
        if isinstance(self.trainable, GradientSettings):
            self._check_ascent(self.trainable)
        if isinstance(self.searcher, GridSettings):
            self._check_grid(self.searcher)
        if isinstance(self.refine, GradientRefinement):
            self._check_rung("refine", self.refine)
            if self.refine.rung is not None and self.refine.rung < self.top_rung:
                raise ValueError(
                    f"refine.rung must be at least {self.top_rung}, the rung that scores the first stage, but got "
                    f"{self.refine.rung}; raise it or leave it out"
                )
        if self.budget.rays_per_ap is not None and self.budget.rays_per_ap <= self.refinement_rays_per_ap():
            raise ValueError(
                f"budget.rays_per_ap must be > {self.refinement_rays_per_ap():g}, what refine may take, but got "
                f"{self.budget.rays_per_ap:g}; raise it or refine less"
            )
        if self.launch == "local" and isinstance(self.scheduler, HyperbandSettings | PopulationSettings):
            raise ValueError(
                f"scheduler.kind must be fifo, asha or median with launch: local, but got {self.scheduler.kind!r}, "
                "which pauses trials; use launch: ray"
            )
        if isinstance(self.scheduler, PopulationSettings):
            self._check_population(self.scheduler)
        iterations, remedy = len(self.rays_per_iteration()), self._more_iterations()
        lives_on = isinstance(self.scheduler, PopulationSettings) and isinstance(self.trainable, PlacementSettings)
        if not isinstance(self.scheduler, FifoSettings) and iterations == 1 and not lives_on:
            raise ValueError(
                f"scheduler.kind must be fifo for trials of a single iteration, but got {self.scheduler.kind!r}; "
                f"{remedy} or set scheduler.kind=fifo"
            )
        if isinstance(self.scheduler, HyperbandSettings) and self.scheduler.reduction_factor > iterations:
            raise ValueError(
                f"scheduler.reduction_factor must be at most {iterations}, the iterations of a trial, for "
                f"hyperband to stop any, but got {self.scheduler.reduction_factor:g}; lower it or {remedy}"
            )
        if self.ray.dashboard and (self.launch == "local" or self.ray.address is not None):
            raise ValueError(
                "ray.dashboard must be false with launch: local, or with a ray.address, whose cluster has its own, but "
                "got true; drop it"
            )
        if self.launch == "local" and self.ray.address is not None:
            raise ValueError(
                f"ray.address must be null with launch: local, but got {self.ray.address!r}; use launch: ray"
            )
        # Lattices differ by their number of rays, which grows a little from one to the next.
        most_rays = 1.5 * self.final.rays_per_ap * self.access_points.count
        if most_rays > MAX_RAYS:
            raise ValueError(
                f"final.rays_per_ap times access_points.count must be < 2**32 / 1.5, but is {most_rays:g}; lower it"
            )
        return self

    def _more_iterations(self) -> str:
        return "raise trainable.steps" if isinstance(self.trainable, GradientSettings) else "add fidelity.rungs"

    def _check_rung(self, field: str, ascent: AscentSettings) -> None:
        if ascent.rung is not None and ascent.rung > len(self.fidelity.rungs):
            raise ValueError(
                f"{field}.rung must be at most {len(self.fidelity.rungs)}, the number of fidelity.rungs, but got "
                f"{ascent.rung}; lower it or add rungs"
            )

    def _check_ascent(self, ascent: GradientSettings) -> None:
        self._check_rung("trainable", ascent)
        if ascent.start is not None:
            self._check_start(ascent.start)
        if not self.space().genes and self.searcher.kind != "random":
            raise ValueError(
                f"searcher.kind must be random where nothing is searched, but got {self.searcher.kind!r}; give a "
                "hyperparameter of trainable a range {low, high} or drop trainable.start"
            )

    def _check_start(self, start: Mapping[str, float]) -> None:
        space = self.site().space
        genes = {gene.name: gene for gene in space.genes}
        if wrong := sorted(set(start) ^ set(genes)):
            what = "misses" if wrong[0] in genes else "has an unknown"
            raise ValueError(
                f"trainable.start must name every gene once, but {what} {wrong[0]!r}; the genes are {', '.join(genes)}"
            )
        for name, gene in genes.items():
            if not gene.low <= start[name] <= gene.high:
                raise ValueError(
                    f"trainable.start.{name} must lie in [{gene.low:g}, {gene.high:g}], but got {start[name]:g}; "
                    "move it"
                )
        if (violation := space.violation(start)) > 0:
            raise ValueError(
                f"trainable.start must be a placement that can be built, but misses it by {violation:.3g}; keep it in "
                "access_points.areas, its access points apart and the plate facing the room"
            )

    def _check_population(self, population: PopulationSettings) -> None:
        kind = population.kind
        if self.searcher.kind != "random":
            raise ValueError(
                f"searcher.kind must be random with scheduler.kind={kind}, but got {self.searcher.kind!r}; {kind} "
                "moves its candidates itself, and a searcher would learn from placements that it did not choose"
            )
        places = isinstance(self.trainable, PlacementSettings)
        if population.jitter == 0 and (places or not self.mutable_genes()):
            what = "placement" if places else "hyperparameter or placement"
            raise ValueError(
                f"scheduler.jitter must be > 0 where {kind} has no other {what} to change, but got 0; raise it, or "
                "give a hyperparameter of a gradient trial a range {low, high}"
            )
        if kind == "pb2" and not self.mutable_genes():
            raise ValueError(
                "scheduler.kind must not be pb2 where no hyperparameter is a range, as it models those; give one of "
                "trainable's a range {low, high} or use pbt"
            )
        interval, iterations = self.copy_interval, len(self.rays_per_iteration())
        if interval < iterations if places else interval >= iterations:
            limit = (
                f"at least {iterations}, the number of rungs," if places else f"below {iterations}, trainable.steps,"
            )
            raise ValueError(f"scheduler.interval must be {limit} but got {interval}; change it")

    @property
    def copy_interval(self) -> int:
        """Iterations between the copies of population-based training."""
        given = self.scheduler.interval if isinstance(self.scheduler, PopulationSettings) else None
        usual = len(self.fidelity.rungs) if isinstance(self.trainable, PlacementSettings) else 4
        return given or usual

    def mutable_genes(self) -> tuple[Gene, ...]:
        """What population-based training changes by its own rule: hyperparameters; for pb2 also a placement's genes."""
        if isinstance(self.trainable, GradientSettings):
            return self.trainable.searched()
        return self.site().space.genes if self.scheduler.kind == "pb2" else ()

    def _check_grid(self, grid: GridSettings) -> None:
        genes = [gene.name for gene in self.space().genes]
        if unknown := sorted(set(grid.points) - set(genes)):
            raise ValueError(
                f"searcher.points must name genes, but {unknown[0]!r} is none; the genes are {', '.join(genes)}"
            )

    def problem(self) -> PlacementProblem:
        """The part that workers need."""
        return PlacementProblem(**{name: getattr(self, name) for name in PlacementProblem.model_fields})

    def refined(self, num_starts: int) -> Self:
        """The configuration of the second stage."""
        assert self.refine is not None
        changes: dict[str, Any] = {"scheduler": FifoSettings()}
        if isinstance(self.refine, BoundsRefinement):
            changes |= {"trainable": PlacementSettings(), "searcher": self.refine.searcher}
            trials = self.refine.trials
        else:
            ascent = {name: getattr(self.refine, name) for name in AscentSettings.model_fields}
            changes |= {"trainable": GradientSettings(**ascent), "searcher": RandomSettings()}
            trials = num_starts
        changes["budget"] = self.budget.model_copy(update={"trials": trials})
        return self.model_copy(update=changes)

    def stages(self) -> list[Self]:
        """The configuration of each stage, the second with as many starts as it may have."""
        return [self, self.refined(self.refine.candidates)] if self.refine else [self]

    def refinement_rays_per_ap(self) -> float:
        """Rays per access point that the second stage may take, if there is one."""
        return sum((stage.num_trials * stage.rays_per_iteration()[-1] for stage in self.stages()[1:]), 0.0)

    def space(self) -> SearchSpace:
        """What the searcher searches."""
        placement = self.site().space
        if isinstance(self.trainable, GradientSettings):
            return TrialSpace(None if self.trainable.start else placement, self.trainable.searched())
        return placement

    def rays_per_iteration(self) -> tuple[int, ...]:
        """Rays per access point that a trial has traced after each of its iterations, if it is left alone."""
        return self.trainable.rays_per_ap(self.fidelity.rungs, self.reflector is not None)

    @property
    def num_trials(self) -> int:
        """Trials of the search, without its refinement."""
        return self.scheduler.population if isinstance(self.scheduler, PopulationSettings) else self.budget.trials

    @property
    def top_rung(self) -> int:
        """The rung whose scores may be told."""
        if isinstance(self.trainable, GradientSettings):
            return len(self.trainable.scored_rungs(self.fidelity.rungs))
        return len(self.fidelity.rungs)

    def named(self) -> Self:
        """The same with a name: what is searched and how, with a number if a run of that name is there already."""
        if self.name is not None:
            return self
        scene = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.scene.source).stem).strip("-.") or "scene"
        how = [getattr(self.searcher, "sampler", self.searcher.kind)]
        how += ["gradient"] if isinstance(self.trainable, GradientSettings) else []
        how += [self.scheduler.kind] if isinstance(self.scheduler, PopulationSettings) else []
        names = (f"{scene[:60]}-{'-'.join(how)}{suffix}" for suffix in _suffixes())
        name = next(name for name in names if not (self.results_dir / name).exists())
        return self.model_copy(update={"name": name})

    @property
    def run_dir(self) -> Path:
        """Where the run's results go."""
        assert self.name is not None, "named() comes first"
        return (self.results_dir / self.name).absolute()


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
