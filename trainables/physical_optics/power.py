"""What reaches the cells: by the walls alone, and by way of the plate at every order of bounce.

A path from an access point to a cell may bounce any number of times before it meets the plate and after it. To the
plate, an access point behind n bounces is an image A of it, and a cell behind m bounces is an image B of that, so that
each pair of images is a plate between two points (``tile_sum`` or ``fresnel_window``). Seen from the plate, both are
paths of a box from its centre; those of the access point are followed backwards. Powers of all pairs add up, as in a
radio map, which holds means over the fading within a cell; both polarisations count, as they do there.

A map holds means over its cells' panels, so that several points of a cell are to be averaged: where a beam is no wider
than a panel is high, centres alone gave 1 dB more. Left out: paths that meet the plate twice, and the shadow it casts.
"""

from collections.abc import Callable

import numpy as np
from scipy.constants import speed_of_light

from search_spaces.design import AccessPoint, Vector
from trainables.physical_optics.antenna import departing_field
from trainables.physical_optics.box import Box
from trainables.physical_optics.fresnel_window import fresnel_window
from trainables.physical_optics.plate import Array, Plate
from trainables.physical_optics.reflection import Surface, reflected, reflection_matrix
from trainables.tracing.radio import RadioConfig

PlateGain = Callable[[Plate, Vector, Array, float], Array]
"""``tile_sum`` or ``fresnel_window``."""


def power_by_walls_w(access_point: AccessPoint, radio: RadioConfig, cells_m: Array, room: Box) -> Array:
    """Power at the cells ``[num_cells, 3]``, m, without a plate: direct and by the room's walls.

    Args:
        access_point: who transmits.
        radio: frequency, antenna and the most bounces of a path (``max_depth``).
        cells_m: where isotropic receivers of both polarisations are.
        room: the walls.

    Returns:
        ``[num_cells]``, W.

    Raises:
        ValueError: a point is not inside the room.
    """
    wavelength_m = speed_of_light / radio.frequency_hz
    paths = room.paths(access_point.position_m, cells_m, radio.max_depth, wavelength_m)
    rays_m = paths.ends_m - access_point.position_m
    distances_m = np.linalg.norm(rays_m, axis=-1)
    departing = departing_field(access_point, radio, rays_m / distances_m[..., None])
    field = np.einsum("itrc,itc->itr", paths.transport, departing)
    gains = (np.abs(field) ** 2).sum(axis=-1) * (wavelength_m / (4 * np.pi * distances_m)) ** 2
    return np.asarray(_power_w(access_point) * gains.sum(axis=0))


def power_by_plate_w(
    access_point: AccessPoint,
    radio: RadioConfig,
    plate: Plate,
    surface: Surface,
    cells_m: Array,
    before: Box,
    after: Box | None = None,
    gain: PlateGain = fresnel_window,
) -> Array:
    """Power at the cells ``[num_cells, 3]``, m, by way of the plate.

    Args:
        access_point: who transmits.
        radio: frequency, antenna and the most bounces of a path, the plate's own among them (``max_depth``).
        plate: the plate.
        surface: what the plate is made of.
        cells_m: where isotropic receivers of both polarisations are.
        before: the walls between access point and plate.
        after: those between plate and cells; None: the same.
        gain: how a plate between two points is worked out.

    Returns:
        ``[num_cells]``, W.

    Raises:
        ValueError: a point is not inside its box, or lies on the plate.
    """
    wavelength_m = speed_of_light / radio.frequency_hz
    power_w = np.zeros(len(cells_m))
    if radio.max_depth < 1:
        return power_w
    ways_in = before.paths(plate.center_m, access_point.position_m[None], radio.max_depth - 1, wavelength_m)
    ways_out = (after or before).paths(plate.center_m, cells_m, radio.max_depth - 1, wavelength_m)
    seen = plate.in_front(ways_out.ends_m)
    fields = departing_field(access_point, radio, -ways_in.arrivals[:, 0])
    for bounces, image_m, transport, field in zip(
        ways_in.bounces, ways_in.ends_m[:, 0], ways_in.transport[:, 0], fields, strict=True
    ):
        incident = transport.T @ field
        if not plate.in_front(image_m) or not incident.any():
            continue
        allowed = ways_out.bounces < radio.max_depth - bounces
        images, cells = np.nonzero(seen & allowed[:, None])
        ends_m = ways_out.ends_m[images, cells]
        arriving = (plate.center_m - image_m) / np.linalg.norm(plate.center_m - image_m)
        mirrored = reflected(arriving, plate.normal)
        outgoing = reflection_matrix(arriving, plate.normal, surface, wavelength_m) @ incident
        leaving = (ends_m - plate.center_m) / np.linalg.norm(ends_m - plate.center_m, axis=-1, keepdims=True)
        # The mirror's field, turned with its direction the short way to where it is diffracted to.
        turn = (leaving @ outgoing) / (1 + leaving @ mirrored)
        outgoing = outgoing - turn[:, None] * (leaving + mirrored)
        received = np.einsum("prc,pc->pr", ways_out.transport[images, cells], outgoing)
        gains = gain(plate, image_m, ends_m, wavelength_m) * (np.abs(received) ** 2).sum(axis=-1)
        power_w += np.bincount(cells, gains, len(cells_m))
    return _power_w(access_point) * power_w


def _power_w(access_point: AccessPoint) -> float:
    return float(10 ** (access_point.power_dbm / 10 - 3))
