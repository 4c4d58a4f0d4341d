"""Placements that are given, measured as a search measures its winner; without a search."""
