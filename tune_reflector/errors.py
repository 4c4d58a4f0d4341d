"""The error that a user can mend: told in lines, without a traceback, before anything expensive starts."""

MOST_PROBLEMS = 20
"""That are told at once; the others are counted."""

_HEAD, _TAIL = 600, 395
"""Characters that are left of a line too long to be read: where it says which field, and where it says what to do."""


class ConfigError(ValueError):
    """An error of the user's, one problem a line: field, rule, value, remedy.

    Values come from files, whatever is in them: lines are cut to a length that can be read, and to ``MOST_PROBLEMS``.
    """

    def __init__(self, text: str) -> None:
        problems = text.split("\n")
        if len(problems) > MOST_PROBLEMS + 1:
            problems = [*problems[:MOST_PROBLEMS], f"and {len(problems) - MOST_PROBLEMS} more"]
        super().__init__("\n".join(map(one_line, problems)))


def one_line(text: str) -> str:
    """``text`` as a line that can be read: short enough, and without control characters."""
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    if len(printable) <= _HEAD + _TAIL + len(" ... "):
        return printable
    return f"{printable[:_HEAD]} ... {printable[-_TAIL:]}"


class SearchError(RuntimeError):
    """A search that has ended without a winner, and why; what it leaves behind is in its folder."""


BAD_INPUT = 2
"""Exit code of a program that was told something wrong."""


def install_extra(name: str) -> str:
    """How the extra of that name is installed: from the checkout, as no package index has this project."""
    return f"run pip install -e '.[{name}]' in the folder of this checkout"
