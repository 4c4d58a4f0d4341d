"""Schedulers: what stops poor trials. A kind a module; importing them here registers them."""

from tune_reflector.schedulers import asha as asha
from tune_reflector.schedulers import fifo as fifo
from tune_reflector.schedulers import hyperband as hyperband
from tune_reflector.schedulers import median as median
from tune_reflector.schedulers import pbt as pbt
