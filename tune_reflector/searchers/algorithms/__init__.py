"""The searchers themselves, as Tune asks them. One a module."""
