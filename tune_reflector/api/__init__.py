"""The program as a library: what ``import tune_reflector as tr`` offers."""
