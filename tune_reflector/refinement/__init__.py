"""Refinements: a second stage from the best placements. A kind a module; importing them here registers them."""

from tune_reflector.refinement import bounds as bounds
from tune_reflector.refinement import gradient as gradient
