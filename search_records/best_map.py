"""The radio map of the best placement so far, as a file for whoever draws it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import numpy.typing as npt

from search_records.atomic_files import atomic_write
from search_records.result import Powers, RankedScore

_MOST_OTHER_BYTES = 1_000_000
"""Of all that is in the file beside powers."""


@dataclass(frozen=True, eq=False)
class BestMap:
    """The map of one placement, with its score; of a measured winner also that of what it is compared with."""

    genes: Mapping[str, float]
    ranked: RankedScore
    rss_w: Powers
    alternative_w: Powers | None = None
    """Of other access points, perhaps of another number; in the same cells."""

    def write(self, path: Path) -> None:
        """Replace ``path``."""
        arrays: dict[str, Any] = {
            "gene_names": np.array(list(self.genes)),
            "gene_values": np.array(list(self.genes.values())),
            "measured": self.ranked.measured,
            "rung": self.ranked.rung,
            "score": self.ranked.value,
            "rss_w": self.rss_w.astype(np.float32),
        }
        if self.alternative_w is not None:
            arrays["alternative_w"] = self.alternative_w.astype(np.float32)
        with atomic_write(path) as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path, shape: tuple[int, int]) -> "BestMap | None":
        """Read the map in ``path``; None if there is none, or not one of this shape: it is only for show."""
        try:
            _check_size(path, shape)
            with np.load(path, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
            genes = dict(zip(map(str, found["gene_names"]), map(float, found["gene_values"]), strict=True))
            ranked = _ranked_of_0_1(found["standing"]) if "standing" in found else _ranked(found)
            alternative = found.get("alternative_w", found.get("without_reflector_w"))  # its name in the first version
            if alternative is not None:
                alternative = _powers(alternative, (min(len(alternative), shape[0] + 1), shape[1]))
            return cls(genes, ranked, _powers(found["rss_w"], shape), alternative)
        except Exception:  # a damaged archive can fail in any of numpy's, zipfile's and zlib's ways
            return None


def _check_size(path: Path, shape: tuple[int, int]) -> None:
    """An archive of a few bytes can unfold to more than there is memory."""
    num_powers = (2 * shape[0] + 1) * shape[1]
    with ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > 4 * num_powers + _MOST_OTHER_BYTES:
            raise ValueError("it is larger than the maps of this search")


def _powers(array: npt.NDArray[Any], shape: tuple[int, int]) -> Powers:
    powers_w = array.astype(np.float64)
    if powers_w.shape != shape or not np.all(np.isfinite(powers_w) & (powers_w >= 0)):
        raise ValueError(f"powers of shape {shape} are needed")
    return powers_w


def _ranked(found: Mapping[str, Any]) -> RankedScore:
    ranked = RankedScore(bool(found["measured"]), int(found["rung"]), float(found["score"]))
    if not math.isfinite(ranked.value):
        raise ValueError("a score must be finite")
    return ranked


def _ranked_of_0_1(standing: Any) -> RankedScore:
    """The first version told a measured score by an infinite rung."""
    rung, value = map(float, standing)
    return RankedScore(math.isinf(rung), 0 if math.isinf(rung) else int(rung), value)
