"""Mounts: where an access point may be. One kind a module; importing them here registers them."""

from search_spaces.mounts.area import AreaMount, CeilingMount
from search_spaces.mounts.points import PointsMount
from search_spaces.mounts.wall import WallMount

MOUNTS = (AreaMount, CeilingMount, WallMount, PointsMount)
"""The kinds that come with the program."""
