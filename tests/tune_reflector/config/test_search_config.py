"""The configuration as a whole: what no part can know of the others, and what it asks them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import Field

from search_spaces.genes import Gene, SearchSpace
from search_spaces.kinds import Kind
from trainables.objectives.base import ObjectiveSettings
from trainables.objectives.quantile import QuantileObjective
from trainables.settings.base import TrainableSettings
from trainables.settings.gradient import GradientSettings
from tune_reflector.config.config_file import dump_config, load_config
from tune_reflector.errors import ConfigError
from tune_reflector.refinement.bounds import BoundsRefinement
from tune_reflector.refinement.settings import RefinementSettings
from tune_reflector.searchers.random import RandomSettings
from tune_reflector.searchers.settings import SearcherSettings


@pytest.fixture(autouse=True)
def other_kinds() -> Iterator[None]:
    """Kinds as somebody else may write them; they leave with the test."""

    class Odd(RandomSettings):
        """Its name is no name of a folder."""

        kind: Literal["never/1+1"] = "never/1+1"
        note: str = Field("", description="a description\nof two lines")

    class Choosy(RandomSettings):
        kind: Literal["choosy"] = "choosy"

        def check(self, space: SearchSpace) -> None:
            if len(space.genes) > 4:
                raise ValueError(f"searcher.kind must not be choosy with {len(space.genes)} genes; drop some")

    class MeanObjective(QuantileObjective):
        """Its value is called as a figure that every result has."""

        kind: Literal["mean"] = "mean"

        @property
        def metric(self) -> str:
            return "mean_rss_dbm"

    class RateTrial(GradientSettings):
        kind: Literal["rate"] = "rate"

        def searched(self) -> tuple[Gene, ...]:
            return (Gene("rate", 0.0, 1.0, "hyperparameter"),)

    class RateRefinement(BoundsRefinement):
        kind: Literal["rate"] = "rate"

        def stage_trainable(self, first_stage: TrainableSettings) -> TrainableSettings:
            return RateTrial()

    families: dict[type[Kind], type[Kind]] = {
        Odd: SearcherSettings,
        Choosy: SearcherSettings,
        MeanObjective: ObjectiveSettings,
        RateTrial: TrainableSettings,
        RateRefinement: RefinementSettings,
    }
    for settings, family in families.items():
        family.register(settings)
    yield
    for settings, family in families.items():
        del family._registered[settings.model_fields["kind"].default]


def test_the_name_of_a_run_can_be_that_of_a_folder_whatever_the_kinds_are_called() -> None:
    name = next(load_config(None, ["searcher.kind=never/1+1"]).folders).name
    assert name == "l_corridor-never-1-1"
    assert load_config(None, [f"name={name}"]).name == name


def test_a_description_of_two_lines_is_one_comment(tmp_path: Path) -> None:
    config = load_config(None, ["searcher.kind=never/1+1", "searcher.note=yes!"])
    (tmp_path / "config.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "config.yaml") == config
    assert "note: yes!  # a description of two lines" in dump_config(config)


def test_the_searcher_of_the_refinement_is_asked_too() -> None:
    with pytest.raises(ConfigError, match=r"^refine\.searcher\.kind must not be choosy with 12 genes; drop some$"):
        load_config(None, ["refine.searcher.kind=choosy"])


def test_a_score_that_is_called_as_another_number_of_a_result_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'mean_rss_dbm' stands twice among the columns .* objective\.kind"):
        load_config(None, ["objective.kind=mean"])


def test_the_columns_are_those_of_all_stages() -> None:
    columns = load_config(None, ["refine.kind=rate", "searcher.kind=random"]).columns()
    alone = load_config(None, ["searcher.kind=random"]).columns()
    assert columns == replace(alone, origin=("neighbourhood",), steps=True, hyperparameters=("rate",))


class Nowhere(RandomSettings):
    """What does its work is not installed."""

    implementation: ClassVar[str | None] = "no_such_package.searcher:Searcher"

    kind: Literal["nowhere"] = "nowhere"


def test_a_kind_whose_work_nobody_does_is_told_before_anything_starts() -> None:
    assert load_config(None, []).missing_packages() == []
    SearcherSettings.register(Nowhere)
    try:
        (line,) = load_config(None, ["searcher.kind=nowhere"]).missing_packages()
        assert line.startswith("searcher.kind: 'nowhere' needs the module 'no_such_package.searcher', which is not")
        (line,) = load_config(None, ["refine.searcher.kind=nowhere"]).missing_packages()
        assert line.startswith("refine.searcher.kind: 'nowhere' needs the module")
    finally:
        del SearcherSettings._registered["nowhere"]
