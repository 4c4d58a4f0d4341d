"""Objectives: how good a radio map is. One kind a module; importing them here registers them."""

from trainables.objectives import coverage as coverage
from trainables.objectives import quantile as quantile
from trainables.objectives import sinr as sinr
from trainables.objectives import throughput as throughput
from trainables.objectives import weighted as weighted
