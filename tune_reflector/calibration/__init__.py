"""Calibration: which rungs of the fidelity earn trust in a scene, measured against many more rays."""
