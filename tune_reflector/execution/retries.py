"""Retries: whether a trial that failed is tried again, by one rule for both ways of running a search."""

import logging
from collections import Counter

from tune_reflector.execution.candidates import Candidates
from tune_reflector.execution.failures import Failure, FailureLog

HANG_TRIES = 1
"""Further tries of a trial that hangs, each of which takes ``faults.trial_timeout_s``."""

_log = logging.getLogger(__name__)


class Retries:
    """Hands failed candidates out again, from their newest whole checkpoint, or gives them up.

    - A disk that is full is nobody's failure: the search ends.
    - Where memory is short, the candidate is tried again with fewer trials at a time, as often as it takes. One that
      has no room even alone is given up.
    - A failure that would repeat itself is final. Any other is tried ``faults.max_failures`` times more.

    Args:
        candidates: of the stage.
        log: where failures are written down.
        max_failures: tries after the first.
        at_once: trials that may have begun and not ended; None: no limit.
        workers: trials that run at a time.
        remedy: how a user makes room, if memory is short.
    """

    def __init__(
        self,
        candidates: Candidates,
        log: FailureLog,
        max_failures: int,
        at_once: int | None = 1,
        workers: int = 1,
        remedy: str = "lower budget.max_concurrent",
    ) -> None:
        self.at_once = at_once
        """Trials that may have begun and not ended, now; None: no limit."""
        self._candidates = candidates
        self._log = log
        self._max_failures = max_failures
        self._workers = workers
        self._remedy = remedy
        self._tries: Counter[str] = Counter()

    def handle(self, trial_id: str, failure: Failure) -> None:
        """Decide on a trial that has just failed.

        Raises:
            OSError: the disk's own error.
        """
        if failure.disk is not None:
            raise failure.disk
        self._log.write(trial_id, failure)
        if failure.out_of_memory and self.at_once is not None and self.at_once > 1:
            self.at_once = max(1, min(self.at_once, self._workers) - 1)
            self._candidates.requeue(trial_id)
            _log.warning("%s; going on with %d trials at a time: %s", failure.cause, self.at_once, self._remedy)
        elif self._is_worth_a_try(trial_id, failure):
            self._tries[trial_id] += 1
            self._candidates.requeue(trial_id)
        else:
            no_room = "; even alone: lower fidelity.rungs, or the number of receiver cells"
            self._candidates.fail(trial_id, failure.cause + (no_room if self._has_no_room(failure) else ""))

    def _is_worth_a_try(self, trial_id: str, failure: Failure) -> bool:
        tries = HANG_TRIES if failure.hang else self._max_failures
        return self._tries[trial_id] < tries and not failure.repeatable and not self._has_no_room(failure)

    def _has_no_room(self, failure: Failure) -> bool:
        return failure.out_of_memory and self.at_once == 1
