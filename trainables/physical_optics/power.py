"""What reaches the cells: by the walls alone, and by way of the plate at every order of bounce.

A path from an access point to a cell may bounce any number of times before it meets the plate and after it. To the
plate, an access point behind n bounces is an image A of it, and a cell behind m bounces is an image B of that, so that
each pair of images is a plate between two points (``tile_sum`` or ``fresnel_window``). Seen from the plate, both are
paths of a box from its centre; those of the access point are followed backwards. Powers of all pairs add up, as in a
radio map, which holds means over the fading within a cell; both polarisations count, as they do there.

A map holds means over its cells' panels, so that several points of a cell are to be averaged: where a beam is no wider
than a panel is high, centres alone gave 1 dB more. Left out: paths that meet the plate twice, and the shadow it casts.

Few pairs of images matter. Where it is known what cells get besides, a pair is worked out only if it can bring a cell
``NEGLIGIBLE`` of the power that it has so far; what it can bring at most costs little to tell.
"""

from collections.abc import Callable

import numpy as np
from scipy.constants import speed_of_light

from search_spaces.design import AccessPoint, Vector
from trainables.physical_optics.antenna import departing_field
from trainables.physical_optics.box import Box
from trainables.physical_optics.fresnel_window import fresnel_window, largest_window
from trainables.physical_optics.plate import Array, Plate
from trainables.physical_optics.reflection import Surface, reflected, reflection_matrix
from trainables.tracing.radio import RadioConfig

PlateGain = Callable[[Plate, Vector, Array, float], Array]
"""``tile_sum`` or ``fresnel_window``."""

NEGLIGIBLE = 1e-3
"""Of a cell's power: a pair of images that cannot bring as much is left out; all together they are 0.02 dB of P5."""


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
    besides_w: Array | None = None,
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
        besides_w: what the cells get without the plate, ``[num_cells]``, W, to leave out what is ``NEGLIGIBLE`` beside
            it; None: nothing is left out.

    Returns:
        ``[num_cells]``, W.

    Raises:
        ValueError: a point is not inside its box, or lies on the plate.
    """
    wavelength_m = speed_of_light / radio.frequency_hz
    sent_w, gains = _power_w(access_point), np.zeros(len(cells_m))
    if radio.max_depth < 1:
        return gains
    ways_in = before.paths(plate.center_m, access_point.position_m[None], radio.max_depth - 1, wavelength_m)
    ways_out = (after or before).paths(plate.center_m, cells_m, radio.max_depth - 1, wavelength_m)
    fields = departing_field(access_point, radio, -ways_in.arrivals[:, 0])
    incident = np.einsum("irc,ir->ic", ways_in.transport[:, 0], fields)
    carried_in = (np.abs(incident) ** 2).sum(axis=-1)
    carried_out = (np.abs(ways_out.transport) ** 2).sum(axis=(-1, -2))
    # Most that a pair brings: all of the plate in phase.
    most_in = carried_in * _spread(plate, ways_in.ends_m[:, 0])
    most_out = carried_out * _spread(plate, ways_out.ends_m) * (plate.sides_m.prod() / (4 * np.pi)) ** 2
    for image in np.argsort(-most_in, kind="stable"):
        if most_in[image] == 0:
            break
        image_m = ways_in.ends_m[image, 0]
        least = np.zeros(len(cells_m)) if besides_w is None else NEGLIGIBLE * (besides_w / sent_w + gains)
        allowed = ways_out.bounces < radio.max_depth - ways_in.bounces[image]
        images, cells = np.nonzero((most_in[image] * most_out > least) & allowed[:, None])
        if besides_w is not None:
            most = largest_window(plate, image_m, ways_out.ends_m[images, cells], wavelength_m)
            matters = carried_in[image] * carried_out[images, cells] * most > least[cells]
            images, cells = images[matters], cells[matters]
        ends_m = ways_out.ends_m[images, cells]
        arriving = (plate.center_m - image_m) / np.linalg.norm(plate.center_m - image_m)
        mirrored = reflected(arriving, plate.normal)
        outgoing = reflection_matrix(arriving, plate.normal, surface, wavelength_m) @ incident[image]
        leaving = (ends_m - plate.center_m) / np.linalg.norm(ends_m - plate.center_m, axis=-1, keepdims=True)
        # The mirror's field, turned with its direction the short way to where it is diffracted to.
        turn = (leaving @ outgoing) / (1 + leaving @ mirrored)
        outgoing = outgoing - turn[:, None] * (leaving + mirrored)
        received = np.einsum("prc,pc->pr", ways_out.transport[images, cells], outgoing)
        pair_gains = gain(plate, image_m, ends_m, wavelength_m) * (np.abs(received) ** 2).sum(axis=-1)
        gains += np.bincount(cells, pair_gains, len(cells_m))
    return sent_w * gains


def _spread(plate: Plate, ends_m: Array) -> Array:
    """1/d^2 of images ``[..., 3]`` in front of the plate, ``[...]``, 1/m^2; 0 for those behind it."""
    squares = ((ends_m - plate.center_m) ** 2).sum(axis=-1)
    return np.asarray(np.divide(1.0, squares, out=np.zeros_like(squares), where=plate.in_front(ends_m)))


def _power_w(access_point: AccessPoint) -> float:
    return float(10 ** (access_point.power_dbm / 10 - 3))
