"""Runs as folders: what is in them, how they are read back, how a winner is measured."""
