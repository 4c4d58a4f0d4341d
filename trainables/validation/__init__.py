"""Does this machine compute what theory says? Traced powers beside formulas and independent physics, a row each."""
