"""Searchers: what proposes the next candidate. A kind a module; importing them here registers them."""

from tune_reflector.searchers import cmaes as cmaes
from tune_reflector.searchers import ga as ga
from tune_reflector.searchers import grid as grid
from tune_reflector.searchers import hyperopt as hyperopt
from tune_reflector.searchers import optuna as optuna
from tune_reflector.searchers import random as random
