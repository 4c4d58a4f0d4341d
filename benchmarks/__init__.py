"""What the project promises about speed, memory and accuracy, measured: ``python -m benchmarks``."""
