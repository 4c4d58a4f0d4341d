"""Telling a fresh scheduler what happened in the sessions before it was made."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from search_records.events import Event, Failed, Proposed, Reported

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler


@dataclass(frozen=True)
class PastTrial:
    """A trial of an earlier session, as far as schedulers want to know it."""

    trial_id: str


class _NoOthers:
    """Stands for Tune's controller where no trial runs beside the one in hand."""

    def get_live_trials(self) -> list[Any]:
        return []


NO_OTHERS = _NoOthers()


def replay(scheduler: "TrialScheduler", events: Iterable[Event], metric: str) -> None:
    """Tell the events as Tune would have.

    Args:
        scheduler: a fresh one.
        events: of one stage, in their order.
        metric: name of the score.
    """
    for event in events:
        match event:
            case Proposed(trial_id):
                scheduler.on_trial_add(NO_OTHERS, PastTrial(trial_id))
            case Reported(trial_id, iteration, result=result, done=done):
                told = {**result.flat(metric), "training_iteration": iteration}
                if not result.complete:
                    scheduler.on_trial_result(NO_OTHERS, PastTrial(trial_id), told)
                if done:
                    scheduler.on_trial_complete(NO_OTHERS, PastTrial(trial_id), told)
            case Failed(trial_id):
                scheduler.on_trial_error(NO_OTHERS, PastTrial(trial_id))
