"""Settings of searchers: what every kind of them answers. Free of Ray, so that a config is checked at once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from search_spaces.genes import SearchSpace
from search_spaces.kinds import Kind

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.search import Searcher

MAX_TRIALS = 10_000_000
"""Of a search; a setting that counts trials need not be larger."""

NEIGHBOURHOOD = "neighbourhood"
"""What a proposal of a second stage tells of itself: the number of the start that it is near."""


class SearcherSettings(Kind):
    """What proposes candidates."""

    default_kind: ClassVar[str] = "ga"

    needs_implementation: ClassVar[bool] = True
    """A Tune searcher, called with space, settings and seed."""

    learns: ClassVar[bool] = True
    """Whether what it proposes depends on the results that it is told."""

    needs_genes: ClassVar[bool] = True
    """Whether there must be something to search: a population may only want many trials of the same."""

    begins_at_start: ClassVar[bool] = True
    """Whether it tries a space's ``starts`` first, so that it can refine a placement."""

    origin: ClassVar[tuple[str, ...]] = ()
    """What a proposal tells of itself besides the genes: numbers that become columns of the table."""

    @property
    def label(self) -> str:
        """Name for people, and in the name of a run."""
        return self.kind

    def check(self, space: SearchSpace) -> None:
        """Raise ``ValueError`` where these settings do not fit what is searched."""
        if self.needs_genes and not space.genes:
            raise ValueError(
                f"searcher.kind must be random where nothing is searched, but got {self.kind!r}; give a "
                "hyperparameter of trainable a range {low, high} or drop trainable.start"
            )

    def most_candidates(self, space: SearchSpace) -> int | None:
        """Number of candidates that it has; None: as many as are wanted."""
        return None

    def most_at_once(self, space: SearchSpace) -> int | None:
        """Number of candidates that it proposes before one of them has a result; None: any number."""
        return self.most_candidates(space)

    def describe_budget(self, space: SearchSpace) -> str:
        """Words to add to the number of trials, for people."""
        return ""

    def warnings(self, space: SearchSpace, workers: int) -> list[str]:
        """List what is allowed with so many workers, but will not give what one may expect; a line each."""
        return []

    def callbacks(self, searcher: Any, folder: Path, metric: str, workers: int) -> "list[Callback]":
        """Make what keeps more of a search than its results.

        Args:
            searcher: what ``build`` has made.
            folder: of the run.
            metric: name of the score.
            workers: trials at a time.
        """
        return []

    def build(self, space: SearchSpace, seed: int) -> "Searcher":
        """A fresh searcher; libraries are imported only here, for the kind in use."""
        searcher: Searcher = self.resolve_implementation()(space, self, seed)
        return searcher
