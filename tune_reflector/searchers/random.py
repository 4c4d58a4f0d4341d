"""Settings of the random search."""

from typing import ClassVar, Literal

from tune_reflector.searchers.settings import SearcherSettings


@SearcherSettings.register
class RandomSettings(SearcherSettings):
    """Independent, uniform, feasible placements: the baseline that every other kind has to beat."""

    implementation: ClassVar[str | None] = "tune_reflector.searchers.algorithms.random:RandomSearcher"
    learns: ClassVar[bool] = False
    needs_genes: ClassVar[bool] = False

    kind: Literal["random"] = "random"
