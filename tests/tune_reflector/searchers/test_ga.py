"""Settings of the genetic algorithm."""

from typing import Any

import pytest
from pydantic import ValidationError

from tune_reflector.searchers.ga import GaSettings


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"population": 1}, "population"),
        ({"tournament": 30}, "tournament"),
        ({"crossover_probability": 1.1}, "crossover_probability"),
        ({"mutation_probability": -0.1}, "mutation_probability"),
        ({"mutation_probability": 0, "crossover_probability": 0}, "mutation_probability"),
        ({"elites": 24}, "elites"),
        ({"lag": 0}, "lag"),
        ({"mode": "island"}, "mode"),
        ({"mutation_steps": {"position": 0}}, "mutation_steps"),
    ],
)
def test_bad_settings_are_refused(bad: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        GaSettings(**bad)
