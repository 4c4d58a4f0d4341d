"""Searchers: what proposes the next candidate. One kind a module; ``settings`` names them all."""
