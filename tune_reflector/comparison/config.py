"""A comparison as one model, and the runs that it stands for: every entry with every seed, at an equal budget of rays.

An entry is a set of overrides that is merged into the base. What decides how a placement is *measured* is the same in
all entries, so that their results compare; a mistake in any of them is told before the first run starts.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from search_spaces import plain_yaml
from search_spaces.model import Model
from tune_reflector.config.config_file import read_mapping, validate, validate_as
from tune_reflector.config.search_config import SearchConfig, folder_name
from tune_reflector.config.sections import FinalSettings
from tune_reflector.errors import ConfigError
from tune_reflector.searchers.settings import MAX_TRIALS

MAX_VARIANTS = 500
"""Entries, each crossed with the grid: all of them are checked before the first run starts."""

MAX_SEEDS = 100

_SAME_FOR_ALL = {
    "scene": "it decides what is measured; put it into base",
    "receivers": "it decides what is measured; put it into base",
    "radio": "it decides what is measured; put it into base",
    "carriers": "they decide what is measured; put them into base",
    "objective": "it decides what is measured; put it into base",
    "final": "it decides how a winner is measured; set the comparison's final",
    "budget.trials": "the rays are the budget; set the comparison's rays_per_ap",
    "budget.time_s": "the rays are the budget; set the comparison's rays_per_ap",
    "budget.rays_per_ap": "the rays are the budget; set the comparison's rays_per_ap",
    "name": "the runs are named after entry and seed; leave it out",
    "results_dir": "the runs stay together; set the comparison's results_dir",
    "seed": "every entry runs with every seed; set the comparison's seeds",
}
"""Keys that an entry may not override: why, and what to do instead."""

_USUAL: dict[str, Any] = {
    "launch": "local",
    "report": {"every_s": None, "figures": False},
    "counterfactual": {"kinds": []},
}
"""Settings of the base where it does not say otherwise: what is compared is what each search finds."""

Key = Annotated[str, Field(max_length=200)]

Overrides = dict[Key, Any]


class ComparisonConfig(Model):
    """Which searches are compared, on what, and how long each may trace."""

    name: str = Field(description="name of the comparison and of its folder; null: compare-<name of the file>")
    results_dir: Path = Field(Path("results"), description="folder that holds the comparison's folder")
    base: Overrides = Field(
        {},
        description="settings of a search that all entries share, or path of their file; unless set, launch is "
        "local and nothing is searched for but what is compared (counterfactual.kinds: [])",
    )
    entries: dict[str, Overrides] = Field(
        min_length=1,
        max_length=MAX_VARIANTS,
        description="label: settings that differ from the base; the others are tested against the first",
    )
    grid: dict[Key, Annotated[list[Any], Field(min_length=1, max_length=MAX_VARIANTS)]] = Field(
        {}, description="dotted key: values; every combination is crossed with every entry"
    )
    seeds: tuple[Annotated[int, Field(ge=0, le=2**31 - 1)], ...] = Field(
        (1, 2, 3, 4, 5),
        min_length=1,
        max_length=MAX_SEEDS,
        description="seeds of the searcher; every entry runs with each",
    )
    rays_per_ap: float = Field(
        gt=0, le=1e18, description="budget of each run: rays per access point that its trials trace, all together"
    )
    parallel: int | None = Field(
        None, ge=1, description="runs at a time; null: as many as the cores allow with launch: local, else 1"
    )
    final: FinalSettings | None = Field(None, description="how every winner is scored again; null: as the base says")

    @field_validator("name")
    @classmethod
    def _is_a_folder_name(cls, name: str) -> str:
        return folder_name(name)

    @field_validator("base", "grid", mode="before")
    @classmethod
    def _nothing_is_empty(cls, value: Any) -> Any:
        return {} if value is None else value

    @field_validator("entries", mode="before")
    @classmethod
    def _no_overrides_are_empty(cls, entries: Any) -> Any:
        if not isinstance(entries, dict):
            return entries
        return {label: {} if overrides is None else overrides for label, overrides in entries.items()}

    @field_validator("entries")
    @classmethod
    def _labels_are_folder_names(cls, entries: dict[str, Overrides]) -> dict[str, Overrides]:
        for label in entries:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", label):
                raise ValueError(
                    f"a label must be 1 to 60 letters, digits, '.', '_' or '-', but got {label!r}; it becomes a folder"
                )
        return entries

    @field_validator("grid")
    @classmethod
    def _values_differ(cls, grid: dict[str, list[Any]]) -> dict[str, list[Any]]:
        for key, values in grid.items():
            counted = Counter(plain_yaml.inline(value) for value in values)
            if repeated := [text for text, count in counted.items() if count > 1]:
                raise ValueError(f"{key} must have different values, but {repeated[0]} stands twice; drop one")
        return grid

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if repeated := [seed for seed, count in Counter(seeds).items() if count > 1]:
            raise ValueError(f"must differ, but {repeated[0]} stands twice; drop one")
        return seeds

    @model_validator(mode="after")
    def _few_enough(self) -> Self:
        variants = len(self.entries) * math.prod(len(values) for values in self.grid.values())
        if variants > MAX_VARIANTS:
            raise ValueError(
                f"grid must cross the entries into at most {MAX_VARIANTS} variants, but makes "
                f"{min(variants, 10**99):.3g}; drop some of its values"
            )
        return self

    @property
    def folder(self) -> Path:
        """Folder of the comparison's results."""
        results_dir = self.results_dir
        home = str(results_dir).startswith("~/")
        return ((results_dir.expanduser() if home else results_dir) / self.name).absolute()

    @property
    def runs_folder(self) -> Path:
        """Folder of its runs' folders."""
        return self.folder / "runs"


@dataclass(frozen=True)
class Run:
    """One search of the comparison."""

    label: str
    seed: int
    config: SearchConfig

    @property
    def name(self) -> str:
        """Entry and seed, as the name of a file."""
        return _run_name(self.label, self.seed)

    @property
    def folder(self) -> Path:
        """Folder of the search's results."""
        return next(self.config.folders)


def load_comparison(path: Path) -> ComparisonConfig:
    """Read a comparison from its YAML file.

    Raises:
        ConfigError: with every problem that was found, one a line.
    """
    data = read_mapping(path)
    if isinstance(base := data.get("base"), str):
        data["base"] = read_mapping(path.parent / base)
    if data.get("name") is None:
        # configs/compare_office.yaml -> compare-office
        stem = re.sub(r"^compare[-_]|[^A-Za-z0-9._-]+", "", path.stem)
        data["name"] = f"compare-{stem}".rstrip("-")
    return validate_as(ComparisonConfig, data)


def dump_comparison(comparison: ComparisonConfig) -> str:
    """The comparison as YAML that loads back to one with the same runs."""
    base = base_of(comparison).model_dump(mode="json", exclude={"name", "results_dir", "seed"})
    return plain_yaml.block(comparison.model_dump(mode="json") | {"base": base})


def base_of(comparison: ComparisonConfig) -> SearchConfig:
    """Check what the entries share, on its own."""
    try:
        return validate(_USUAL | comparison.base)
    except ConfigError as error:
        raise _at("base", error) from None


def plan_runs(comparison: ComparisonConfig) -> list[Run]:
    """Plan every entry with every seed; first all entries with the first seed, so that the results grow evenly.

    Raises:
        ConfigError: with what is wrong with the base, or with any entry, one problem a line.
    """
    base = base_of(comparison)
    problems: list[str] = []
    configs: dict[str, SearchConfig] = {}
    for label, overrides in _entries(comparison):
        try:
            configs[label] = _entry_config(comparison, base, label, overrides)
        except ConfigError as error:
            problems += str(_at(f"entries.{label}", error)).splitlines()
    if problems:
        raise ConfigError("\n".join(problems))
    _check_names_differ(configs)
    return [
        Run(label, seed, config.model_copy(update={"seed": seed, "name": _run_name(label, seed)}))
        for seed in comparison.seeds
        for label, config in configs.items()
    ]


def _entries(comparison: ComparisonConfig) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Each entry crossed with the grid: label, and overrides by dotted key, in the order in which they apply."""
    last_parts = Counter(key.rpartition(".")[2] for key in comparison.grid)
    for label, overrides in comparison.entries.items():
        for values in itertools.product(*comparison.grid.values()):
            point = list(zip(comparison.grid, values, strict=True))
            suffix = ""
            for key, value in point:
                last = key.rpartition(".")[2]
                suffix += f" {last if last_parts[last] == 1 else key}={plain_yaml.inline(value)}"
            yield label + suffix, [*overrides.items(), *point]


def _entry_config(
    comparison: ComparisonConfig, base: SearchConfig, label: str, overrides: list[tuple[str, Any]]
) -> SearchConfig:
    data = base.model_dump(mode="json")
    for dotted_key, value in overrides:
        change = nested(dotted_key, value)
        for key, leaf in _leaves(change):
            for same, why in _SAME_FOR_ALL.items():
                if key == same or key.startswith(same + "."):
                    found = plain_yaml.inline(leaf)
                    raise ConfigError(f"{key}: must be the same in every entry, but got {found}; {why}")
        data = merged(data, change)
    config = validate(data)
    # Few trials trace less than their first iteration (those that cannot be built), so that many outlast the rays.
    trials = min(MAX_TRIALS, math.ceil(3 * comparison.rays_per_ap / config.plan.rays_per_iteration[0]))
    budget = {
        "trials": max(config.budget.trials, trials),
        "time_s": None,
        "rays_per_ap": comparison.rays_per_ap,
    }
    final = comparison.final or base.final
    return validate(
        config.model_dump(mode="json")
        | {
            "name": _run_name(label, comparison.seeds[0]),
            "results_dir": str(comparison.runs_folder),
            "seed": comparison.seeds[0],
            "budget": config.budget.model_dump(mode="json") | budget,
            "final": final.model_dump(mode="json"),
        }
    )


def nested(dotted_key: str, value: Any) -> dict[str, Any]:
    """``a.b`` and a value as ``{a: {b: value}}``."""
    first, dot, rest = dotted_key.partition(".")
    return {first: nested(rest, value) if dot else value}


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the keys of ``change``, mapping by mapping.

    Another ``kind`` replaces the whole mapping: the settings of one kind mean nothing to another.
    """
    result = dict(base)
    for key, value in change.items():
        old = result.get(key)
        if (
            isinstance(old, Mapping)
            and isinstance(value, Mapping)
            and value.get("kind", old.get("kind")) == old.get("kind")
        ):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


def _leaves(change: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of everything that is no mapping."""
    for key, value in change.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _run_name(label: str, seed: int) -> str:
    """``cmaes population=32`` and 1 as ``cmaes-population-32-seed1``."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', label).strip('-')}-seed{seed}"


def _check_names_differ(configs: Mapping[str, SearchConfig]) -> None:
    label_of: dict[str | None, str] = {}
    for label, config in configs.items():
        other = label_of.setdefault(config.name, label)
        if other != label:
            raise ConfigError(
                f"entries: labels must differ by more than punctuation, but got {other!r} and {label!r}; rename one"
            )


def _at(where: str, error: ConfigError) -> ConfigError:
    return ConfigError("\n".join(f"{where}: {line}" for line in str(error).splitlines()))
