"""Look at a building before a search: ``python -m tune_reflector.preview [CONFIG.yaml] [key=value ...]``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tune_reflector.errors import BAD_INPUT


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="python -m tune_reflector.preview",
        description="Draw a building with all that a configuration says about it, and list what is wrong, all at once: "
        "mistakes with their place in the file, and what is hopeless, such as rooms that no ray reaches. Nothing is "
        "searched.",
        epilog="Exit code 2: something is wrong. What can be drawn is drawn nevertheless.",
    )
    p.add_argument(
        "words",
        nargs="*",
        metavar="CONFIG.yaml | key=value",
        help="an experiment (see configs/; none: the quick start), and settings to change",
    )
    p.add_argument(
        "-o", "--out", type=Path, metavar="FOLDER", help="where the pictures and their page go; default: preview/NAME"
    )
    p.add_argument("--flat", action="store_true", help="leave out the picture in three dimensions, which takes longest")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (2: something is wrong)."""
    arguments = parser().parse_intermixed_args(argv)

    from search_records.display import display_path  # past --help
    from tune_reflector.config.config_file import read_settings, split_words
    from tune_reflector.config.draft import read_draft
    from tune_reflector.errors import ConfigError

    try:
        file, overrides = split_words(arguments.words)
        folder = own_folder(arguments.out or Path("preview") / (file.stem if file else "quick-start"))
        draft = read_draft(*read_settings(file, overrides))

        from tune_reflector.experiment.preview import preview

        found = preview(draft, folder, not arguments.flat)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"--out: must be writable, but {error.filename}: {error.strerror or error}", file=sys.stderr)
        return BAD_INPUT
    print(*found.facts, sep="\n")
    for line in found.problems:
        print(line, file=sys.stderr)
    for line in found.warnings:
        print(f"warning: {line}", file=sys.stderr)
    print(*(display_path(path.absolute()) for path in found.files), sep="\n")
    return BAD_INPUT if found.problems else 0


def own_folder(folder: Path) -> Path:
    """``folder``, if nothing in it would be lost: it is new, empty, or holds an earlier preview and nothing else.

    Raises:
        ConfigError: it holds something else.
    """
    from tune_reflector.errors import ConfigError
    from tune_reflector.reporting.preview_page import PAGE, is_preview, names

    there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    others = set(there) - set(names())
    if folder.exists() and not folder.is_dir():
        problem = "is a file"
    elif others:
        problem = f"holds {min(others)!r}"
    elif there and not is_preview(folder / PAGE):
        problem = f"holds {there[0]!r} and no page of a preview"
    else:
        return folder
    raise ConfigError(f"--out: must be a folder of its own or an earlier preview, but {folder} {problem}; name another")


if __name__ == "__main__":
    sys.exit(main())
