"""The list of commands: ``python -m tune_reflector``, or ``tune-reflector COMMAND`` where the package is installed."""

import importlib
import sys
from collections.abc import Sequence

from tune_reflector.errors import BAD_INPUT

COMMANDS = {
    "preview": "draw a building and list what is wrong, before anything is searched",
    "search": "find where access points and a reflector go",
    "evaluate": "measure placements that are given, without a search",
    "compare": "compare searches at an equal budget of rays",
    "calibrate": "measure which rungs of the fidelity earn trust in a scene",
    "validate": "compare what this machine computes with theory, a row each",
    "report": "make the page, figures and curves of a run anew; or export its trials",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command by its name, or print what there is; returns the exit code."""
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in COMMANDS:
        exit_code: int = importlib.import_module(f"tune_reflector.{name}").main(arguments)
        return exit_code
    asked = name in ("-h", "--help")
    lines = ["usage: python -m tune_reflector COMMAND ...   (COMMAND --help says more)", ""]
    lines += [f"  {command:<9} {meaning}" for command, meaning in COMMANDS.items()]
    if not asked:
        lines = [f"{name}: must be a command: {', '.join(COMMANDS)}; choose one"]
    print(*lines, sep="\n", file=sys.stdout if asked else sys.stderr)
    return 0 if asked else BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
