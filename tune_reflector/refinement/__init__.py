"""Refinements: a second stage that starts from the best placements of the first."""
