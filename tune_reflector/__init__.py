"""tune-reflector: where access points and a metal reflector go in a building."""

__version__ = "0.2.0"
