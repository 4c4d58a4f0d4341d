"""The cells of a map, as an objective may ask about them: where they are, and in which zones."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from search_spaces.zones import Zone, contains, region


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a map, in its order.

    Args:
        centers_m: ``[num_cells, 2]``.
        zones: where users are; a cell lies in one at least.
    """

    centers_m: npt.NDArray[np.float64]
    zones: tuple[Zone, ...]

    def inside(self, zone: int | Zone) -> npt.NDArray[np.bool_]:
        """Which of the cells lie in a zone, ``[num_cells]``: the number of a user zone, from 1, or a polygon."""
        return contains(region([self.zones[zone - 1] if isinstance(zone, int) else zone]), self.centers_m)


NOWHERE = Cells(np.empty((0, 2)), ())
"""Where nothing is known of them."""
