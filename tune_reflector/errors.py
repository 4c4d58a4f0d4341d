"""The error that a user can mend: told in lines, without a traceback, before anything expensive starts."""


class ConfigError(ValueError):
    """An error of the user's, one problem a line: field, rule, value, remedy."""


BAD_INPUT = 2
"""Exit code of a program that was told something wrong."""
