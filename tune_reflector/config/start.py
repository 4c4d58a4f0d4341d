"""The placement that a search tries first: its genes, or a file of an earlier run that holds them."""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

MOST_BYTES = 1_000_000_000


def read_start(path: Path, metric: str, genes: Sequence[str]) -> dict[str, float]:
    """Genes by name: those of a ``best.json``, or of the best row of a ``trials.csv``.

    Args:
        path: of the file.
        metric: column of the score.
        genes: names of what is wanted; what a file lacks of them is left out.

    Raises:
        ValueError: it is neither, or tells of no placement that can be built.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 10**6} MB")
        found = _of_winner(path) if path.suffix == ".json" else _of_best_row(path, metric)
        start = {name: float(found[name]) for name in genes if name in found}
    except OSError as error:
        reason = str(error.strerror)
    except KeyError as error:
        reason = f"it lacks {error}"
    except (ValueError, TypeError, RecursionError, csv.Error) as error:
        reason = str(error)
    else:
        return start
    raise ValueError(
        f"start must be the genes of a placement, or a best.json or trials.csv that tells of one, but with "
        f"{str(path)!r}: {reason}; give another"
    )


def _of_winner(path: Path) -> Mapping[str, Any]:
    content = json.loads(path.read_bytes())
    genes = content["genes"]
    if not isinstance(genes, dict):
        raise TypeError("its genes are no mapping")
    return genes


def _of_best_row(path: Path, metric: str) -> Mapping[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        ranked = [(int(row["rung"]), score, row) for row, score in _scored(csv.DictReader(file), metric)]
    if not ranked:
        raise ValueError("it has no row of a placement that can be built")
    return max(ranked, key=lambda entry: entry[:2])[2]


def _scored(rows: "csv.DictReader[str]", metric: str) -> Iterator[tuple[dict[str, str], float]]:
    for row in rows:
        score = float(row[metric])
        if row["feasible"] == "1" and math.isfinite(score):
            yield row, score
