"""The themes of the validation: a module each, whose ``rows`` computes them one after another.

Themes are named here, so that they can be listed without Sionna.
"""

import importlib
from collections.abc import Iterator

from trainables.tracing.backend import start_backend
from trainables.validation.row import Row

THEMES = {
    "free_space": "Friis, two rays, a room by its images",
    "slabs": "reflection and transmission by ITU-R P.2040",
    "surfaces": "crosses beside the plane, and beside paths between points",
    "plates": "a plate beside physical optics and the radar equation",
    "corners": "diffraction into a shadow beside the knife edge of ITU-R P.526",
}


def rows(theme: str) -> Iterator[Row]:
    """The rows of a theme, each as it is done.

    Raises:
        BackendError: rays cannot be traced on this machine.
    """
    start_backend("auto")  # before Sionna is imported
    module = importlib.import_module(f"trainables.validation.{theme}")
    found: Iterator[Row] = module.rows()
    return found
