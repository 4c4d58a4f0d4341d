"""The number is right: every row of the validation holds here, too."""

import pytest

from trainables.validation.themes import THEMES, rows


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_every_row_holds(theme: str) -> None:
    """Of rows in which Sionna is known to be off, none does: else the way around it is to be taken out."""
    found = list(rows(theme))
    assert found
    assert [row for row in found if row.holds == row.known] == []
