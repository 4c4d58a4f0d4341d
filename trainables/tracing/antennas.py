"""Antennas as Sionna takes them: an element's pattern, looked up in a table where it is no equation, and its array.

A scene of Sionna's has one array for all transmitters, so that access points are traced in groups of equal antennas:
one launch a group. A table is data: kernels are those of its size, not of what it holds.
"""

import mitsuba as mi  # isort: skip  (the variant is chosen before Sionna is imported)

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import drjit as dr
import numpy as np
import sionna.rt as rt
from sionna.rt.antenna_pattern import polarization_registry
from sionna.rt.path_solvers.paths_buffer import PathsBuffer

from search_spaces.antenna import AntennaConfig, Polarization
from search_spaces.antenna_patterns.gain_table import GainTable


@dataclass(frozen=True, eq=False)
class AntennaGroup:
    """Access points with equal antennas: what one launch traces.

    ``members`` are their indices in the placement, rising.
    """

    antenna: AntennaConfig
    array: rt.PlanarArray
    members: tuple[int, ...]


class AntennaGroups:
    """Sorts access points by their antennas, and remembers the arrays: they are built once."""

    def __init__(self) -> None:
        self._arrays: dict[AntennaConfig, rt.PlanarArray] = {}

    def of(self, antennas: Sequence[AntennaConfig]) -> tuple[AntennaGroup, ...]:
        """The groups of access points with these antennas, in the order in which they first occur."""
        members: dict[AntennaConfig, list[int]] = {}
        for number, antenna in enumerate(antennas):
            members.setdefault(antenna, []).append(number)
        return tuple(AntennaGroup(antenna, self.array(antenna), tuple(own)) for antenna, own in members.items())

    def array(self, antenna: AntennaConfig) -> rt.PlanarArray:
        """The array of an antenna.

        Raises:
            ValueError: its file has become unreadable.
        """
        if antenna not in self._arrays:
            self._arrays[antenna] = _array(antenna)
        return self._arrays[antenna]


def paths_by_group(paths: PathsBuffer, groups: Sequence[AntennaGroup]) -> Iterator[tuple[AntennaGroup, PathsBuffer]]:
    """The paths that leave the access points of each group, of groups that have any; of a single group as they are."""
    for group in groups:
        own = paths
        if len(groups) > 1:
            leave_it = [paths.source_indices == member for member in group.members]
            own = paths.gather(dr.compress(reduce(or_, leave_it)))
        if own.buffer_size:
            yield group, own


def array_factor(antenna: AntennaConfig, direction: mi.Vector3f) -> mi.Float:
    """Field of an access point's array over that of one element fed with all its power, in a local direction.

    It is real, as elements lie symmetrically in the local y-z plane.
    """
    factor = mi.Float(1.0)
    for count, cosine in ((antenna.columns, direction.y), (antenna.rows, direction.z)):
        if count > 1:
            phase = dr.two_pi * antenna.spacing * cosine
            factor *= sum(dr.cos((k - (count - 1) / 2) * phase) for k in range(count)) / np.sqrt(count)
    return factor


class TablePattern(rt.AntennaPattern):
    """An element whose gain is a table: linear in dB between the table's directions, all around.

    Polarisation is model 2 of TR 38.901, as that of Sionna's elements, about the table's axis: an element that looks
    down is as polarised all around it as an upright one that looks ahead.

    Args:
        table: the gain.
        polarization: name of one of Sionna's; two slants are two patterns.
    """

    def __init__(self, table: GainTable, polarization: Polarization) -> None:
        self._num_elevations, self._num_azimuths = table.gain_dbi.shape
        self._gain_dbi = mi.Float(np.ascontiguousarray(table.gain_dbi, dtype=np.float32).ravel())
        self._looks_down = table.axis == "-x"
        self.patterns = [self._slanted(slant) for slant in polarization_registry.get(polarization)]

    def _slanted(self, slant: float) -> Callable[[mi.Float, mi.Float], tuple[Any, Any]]:
        complex_of: Any = mi.Complex2f

        def pattern(theta: mi.Float, phi: mi.Float) -> tuple[Any, Any]:
            upright = float(np.cos(slant)), float(np.sin(slant))
            along_theta, along_phi = _about_minus_x(theta, phi, slant) if self._looks_down else upright
            field = dr.exp2(self.gain_at(theta, phi) * float(np.log2(10) / 20))
            return complex_of(field * along_theta, 0), complex_of(field * along_phi, 0)

        return pattern

    def gain_at(self, theta: mi.Float, phi: mi.Float) -> mi.Float:
        """Gain [dBi] at zenith angles and azimuths [rad]."""
        row = (1 - theta / dr.pi) * (self._num_elevations - 1)
        column = phi / dr.two_pi * self._num_azimuths
        below, left = dr.floor(row), dr.floor(column)
        upward, across = row - below, column - left
        first = dr.clip(mi.Int(below), 0, self._num_elevations - 2)
        upward = dr.select(mi.Int(below) > first, 1.0, upward)  # straight up is the end of the last step
        here = mi.Int(left) % self._num_azimuths
        here = dr.select(here < 0, here + self._num_azimuths, here)
        after = dr.select(here + 1 == self._num_azimuths, 0, here + 1)

        def along(elevation: mi.Int) -> mi.Float:
            start = elevation * self._num_azimuths
            low, high = (dr.gather(mi.Float, self._gain_dbi, mi.UInt(start + i)) for i in (here, after))
            between: mi.Float = dr.lerp(low, high, across)
            return between

        gain_dbi: mi.Float = dr.lerp(along(first), along(first + 1), upward)
        return gain_dbi


def _about_minus_x(theta: mi.Float, phi: mi.Float, slant: float) -> tuple[Any, Any]:
    """A field that is slanted against the zenith -x, in the angles about z: its share along theta and along phi."""
    cosine, sine = dr.cos(theta) * dr.cos(phi), -dr.sin(phi)
    off_axis = dr.safe_sqrt(dr.square(cosine) + dr.square(sine))
    on_axis = off_axis < 1e-5  # where upright means nothing
    scale = dr.rcp(dr.maximum(off_axis, 1e-5))
    cosine, sine = dr.select(on_axis, 1.0, cosine * scale), dr.select(on_axis, 0.0, sine * scale)
    along, across = float(np.cos(slant)), float(np.sin(slant))
    return along * cosine - across * sine, along * sine + across * cosine


rt.register_antenna_pattern("gain_table", TablePattern)


def _array(antenna: AntennaConfig) -> rt.PlanarArray:
    table = antenna.table()
    element = {"pattern": antenna.pattern} if table is None else {"pattern": "gain_table", "table": table}
    return rt.PlanarArray(
        num_rows=antenna.rows,
        num_cols=antenna.columns,
        vertical_spacing=antenna.spacing,
        horizontal_spacing=antenna.spacing,
        polarization=antenna.polarization,
        **element,
    )
