"""The radio map of the best placement so far, as a file for whoever draws it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search_records.atomic_files import atomic_write
from search_records.result import Powers, RankedScore


@dataclass(frozen=True, eq=False)
class BestMap:
    """The map of one placement, with its score; without the reflector only of a measured winner."""

    genes: Mapping[str, float]
    ranked: RankedScore
    rss_w: Powers
    without_reflector_w: Powers | None = None

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
        if self.without_reflector_w is not None:
            arrays["without_reflector_w"] = self.without_reflector_w.astype(np.float32)
        with atomic_write(path) as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path) -> "BestMap | None":
        """Read the map in ``path``; None if there is none, or a damaged one: it is only for show."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
            genes = dict(zip(map(str, found["gene_names"]), map(float, found["gene_values"]), strict=True))
            ranked = _ranked_of_0_1(found["standing"]) if "standing" in found else _ranked(found)
            without = found.get("without_reflector_w")
            return cls(
                genes,
                ranked,
                found["rss_w"].astype(np.float64),
                None if without is None else without.astype(np.float64),
            )
        except Exception:  # a damaged archive can fail in any of numpy's, zipfile's and zlib's ways
            return None


def _ranked(found: Mapping[str, Any]) -> RankedScore:
    return RankedScore(bool(found["measured"]), int(found["rung"]), float(found["score"]))


def _ranked_of_0_1(standing: Any) -> RankedScore:
    """The first version told a measured score by an infinite rung."""
    rung, value = map(float, standing)
    return RankedScore(math.isinf(rung), 0 if math.isinf(rung) else int(rung), value)
