"""Objectives: how good a radio map is. One kind a module; importing them here registers them."""

from trainables.objectives import quantile as quantile
