"""Counterfactuals: what could be built in place of the winner, and how the winner's worth follows from it."""
