"""The map of the best placement as a file: read back as it was, and None where that cannot be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_records.best_map import BestMap
from search_records.result import RankedScore

PATH = Path("maps.npz")
POWERS = np.array([[1e-9, 2e-9, 0.0], [3e-9, 0.0, 1e-12]])
SEARCHED, MEASURED = RankedScore(False, 2, -60.25), RankedScore(True, 3, -1 / 3)


@pytest.mark.parametrize("ranked", [SEARCHED, MEASURED])
@pytest.mark.parametrize("alternative_w", [None, POWERS / 4, np.tile(POWERS[:1], (3, 1))])
def test_a_map_reads_back_as_it_was_written(ranked: RankedScore, alternative_w: np.ndarray | None) -> None:
    genes = {"x1": 1 / 3, "y1": 2.0}
    BestMap(genes, ranked, POWERS, alternative_w).write(PATH)
    again = BestMap.read(PATH, POWERS.shape)
    assert again is not None
    assert (again.genes, again.ranked) == (genes, ranked)
    assert [type(field) for field in (again.ranked.measured, again.ranked.rung, again.ranked.value)] == [
        bool,
        int,
        float,
    ]
    assert again.rss_w == pytest.approx(POWERS, rel=1e-6)
    assert again.rss_w.dtype == np.float64
    if alternative_w is None:
        assert again.alternative_w is None
    else:
        assert again.alternative_w == pytest.approx(alternative_w, rel=1e-6)
    assert list(Path().iterdir()) == [PATH]


@given(
    genes=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True), st.floats(allow_nan=False)),
    rung=st.integers(0, 9),
    value=st.floats(allow_nan=False, allow_infinity=False),
    measured=st.booleans(),
)
def test_genes_and_score_are_exact(genes: dict[str, float], rung: int, value: float, measured: bool) -> None:
    ranked = RankedScore(measured, rung, value)
    BestMap(genes, ranked, POWERS).write(PATH)
    again = BestMap.read(PATH, POWERS.shape)
    assert again is not None
    assert (again.genes, again.ranked) == (genes, ranked)


def test_no_file_has_no_map() -> None:
    assert BestMap.read(PATH, POWERS.shape) is None


def test_wherever_a_file_is_cut_it_holds_no_map_or_the_whole() -> None:
    BestMap({"x1": 0.5}, SEARCHED, POWERS).write(PATH)
    whole = PATH.read_bytes()
    for size in range(len(whole)):
        PATH.write_bytes(whole[:size])
        assert BestMap.read(PATH, POWERS.shape) is None


def test_wherever_a_bit_is_changed_it_holds_no_map_or_the_right_one() -> None:
    """An archive has many ways to be damaged, such as to ask for a later version of its reader."""
    BestMap({"x1": 0.5}, SEARCHED, POWERS).write(PATH)
    whole = PATH.read_bytes()
    found = []
    for place in range(len(whole)):
        PATH.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        found.append(BestMap.read(PATH, POWERS.shape))
    assert found.count(None) > len(whole) / 2
    assert all(kept is None or kept.ranked == SEARCHED for kept in found)


@pytest.mark.parametrize(
    ("standing", "ranked"), [((2.0, -60.25), SEARCHED), ((np.inf, -50.5), RankedScore(True, 0, -50.5))]
)
def test_a_map_of_the_first_version_is_read(standing: tuple[float, float], ranked: RankedScore) -> None:
    """It told a measured score by an infinite rung."""
    genes = {"gene_names": np.array(["x1"]), "gene_values": np.array([1.5])}
    np.savez_compressed(PATH, standing=np.array(standing), rss_w=POWERS.astype(np.float32), **genes)
    kept = BestMap.read(PATH, POWERS.shape)
    assert kept is not None
    assert kept.genes == {"x1": 1.5}
    assert kept.ranked == ranked
