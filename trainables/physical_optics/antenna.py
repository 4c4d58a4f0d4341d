"""What an access point radiates into a direction: element, array and polarisation.

The elements' field patterns are those of 3GPP TR 38.901, table 7.3-1, and of Balanis, Antenna Theory, 4-26a and 4-84;
polarisation is model 2 of TR 38.901, 7.3.2: a slanted element has the pattern of the upright one, and its field turned.
The local x axis is the boresight, y is level, and azimuth and zenith angle are taken about it.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from search_spaces.antenna import AntennaConfig
from search_spaces.antenna_patterns.gain_table import GainTable
from search_spaces.design import AccessPoint
from trainables.physical_optics.plate import Array
from trainables.tracing.radio import RadioConfig


def departing_field(access_point: AccessPoint, radio: RadioConfig, directions: Array) -> Array:
    """Field towards the directions ``[..., 3]`` (unit vectors), ``[..., 3]``; its square is the gain over isotropic."""
    antenna = radio.antenna_of(access_point)
    x, y, z = _frame(access_point.direction)
    cos_zenith = np.clip(directions @ z, -1.0, 1.0)
    azimuth = np.arctan2(directions @ y, directions @ x)
    table = antenna.table()
    zenith = -x if table is not None and table.axis == "-x" else z
    around = np.cross(zenith, directions)
    at_pole = np.linalg.norm(around, axis=-1, keepdims=True) < 1e-9
    around = np.where(at_pole, y, around)
    phi_hat = around / np.linalg.norm(around, axis=-1, keepdims=True)
    theta_hat = np.cross(phi_hat, directions)
    slants = _SLANTS[antenna.polarization]
    turned = sum(np.cos(s) * theta_hat + np.sin(s) * phi_hat for s in slants) / np.sqrt(len(slants))
    pattern = _PATTERNS[antenna.pattern] if table is None else partial(_tabled, table)
    strength = pattern(np.arccos(cos_zenith), azimuth) * _array_factor(antenna, directions @ y, cos_zenith)
    return np.asarray(strength[..., None] * turned)


def _frame(direction: Array) -> Array:
    """Local axes, ``[3, 3]``, of a device that is turned to its azimuth and then tilted."""
    azimuth = np.arctan2(direction[1], direction[0])
    y = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    x = np.asarray(direction) / np.linalg.norm(direction)
    return np.stack([x, y, np.cross(x, y)])


def _array_factor(antenna: AntennaConfig, cos_y: Array, cos_z: Array) -> Array:
    """Field of the array over that of one element fed with all its power; real, as elements lie symmetrically."""
    factor = np.ones_like(cos_y)
    for count, cosine in ((antenna.columns, cos_y), (antenna.rows, cos_z)):
        places = np.arange(count) - (count - 1) / 2
        phases = 2 * np.pi * antenna.spacing * cosine[..., None] * places
        factor = factor * np.cos(phases).sum(axis=-1) / np.sqrt(count)
    return factor


def _tr38901(zenith: Array, azimuth: Array) -> Array:
    """8 dBi, 65 degrees wide, at most 30 dB less elsewhere."""
    width = np.radians(65.0)
    down_db = np.minimum(12 * ((zenith - np.pi / 2) / width) ** 2, 30.0)
    aside_db = np.minimum(12 * (azimuth / width) ** 2, 30.0)
    return np.asarray(10 ** ((8.0 - np.minimum(down_db + aside_db, 30.0)) / 20))


def _half_wave_dipole(zenith: Array, _: Array) -> Array:
    sine = np.sin(zenith)
    return np.asarray(np.sqrt(1.643) * np.abs(np.cos(np.pi / 2 * np.cos(zenith))) / np.where(sine < 1e-5, 1.0, sine))


def _tabled(table: GainTable, zenith: Array, azimuth: Array) -> Array:
    """Linear in dB between the directions of a table, all around."""
    num_elevations, num_azimuths = table.gain_dbi.shape
    angles = np.linspace(-np.pi / 2, np.pi / 2, num_elevations), np.linspace(0.0, 2 * np.pi, num_azimuths + 1)
    all_around = np.column_stack([table.gain_dbi, table.gain_dbi[:, 0]])
    elevation = np.clip(np.pi / 2 - zenith, -np.pi / 2, np.pi / 2)
    at = np.stack(np.broadcast_arrays(elevation, azimuth % (2 * np.pi)), axis=-1)
    return np.asarray(10 ** (RegularGridInterpolator(angles, all_around)(at) / 20))


_PATTERNS: dict[str, Callable[[Array, Array], Array]] = {
    "iso": lambda zenith, _: np.ones_like(zenith),
    "dipole": lambda zenith, _: np.sqrt(1.5) * np.sin(zenith),
    "hw_dipole": _half_wave_dipole,
    "tr38901": _tr38901,
}

_SLANTS = {"V": (0.0,), "H": (np.pi / 2,), "VH": (0.0, np.pi / 2), "cross": (-np.pi / 4, np.pi / 4)}
"""Of the elements, which are fed alike."""
