"""Gains that an antenna can have, and others."""

from pathlib import Path

import numpy as np
import pytest

from search_spaces.antenna_patterns import gain_table
from search_spaces.antenna_patterns.gain_table import GainTable, read_text


def test_what_an_antenna_radiates_is_its_mean_gain_over_the_sphere() -> None:
    """A short dipole, 1.5 cos^2 of its elevation, radiates all that it is fed."""
    elevation = np.radians(np.arange(-90, 91))
    table = GainTable(np.repeat(10 * np.log10(np.maximum(1.5 * np.cos(elevation) ** 2, 1e-9))[:, None], 4, axis=1))
    assert table.radiated() == pytest.approx(1, abs=1e-3)
    assert table.check("it") is table


@pytest.mark.parametrize("gain_dbi", [np.nan, np.inf, -1000.0, 100.0, 3.5])
def test_a_gain_that_no_antenna_has_is_refused(gain_dbi: float) -> None:
    with pytest.raises(ValueError, match=r"^it: .*must.*; c"):
        GainTable(np.full((7, 12), gain_dbi)).check("it")


@pytest.mark.parametrize(
    ("content", "said"), [(b"1" * 101, "at most 100 bytes"), (b"PK\0\0", "must be a text")], ids=["huge", "binary"]
)
def test_no_text_is_read_as_one(content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gain_table, "MAX_BYTES", 100)
    (tmp_path / "a.msi").write_bytes(content)
    with pytest.raises(ValueError, match=rf"^a.msi: .*{said}.*;"):
        read_text(tmp_path / "a.msi")
