"""Reflection by a slab: identities that hold for any of them."""

import numpy as np
import pytest

from tests.plates import WIFI_M, Array
from trainables.physical_optics.reflection import Mirror, Slab, reflected, reflection_matrix

CONCRETE = Slab(5.24, 0.167, 0.2)
COSINES = np.linspace(0.02, 1.0, 50)


def some_directions(count: int) -> Array:
    directions = np.random.default_rng(4).normal(size=(count, 3))
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


def test_a_thick_lossy_slab_is_a_half_space() -> None:
    """Fresnel's own coefficients; at Brewster's angle nothing is reflected in the plane of incidence."""
    te, tm = Slab(5.0, 0.01, 20.0).coefficients(COSINES, WIFI_M)
    refracted = np.sqrt(1 - (1 - COSINES**2) / 5.0)  # Snell
    np.testing.assert_allclose(te, (COSINES - 5**0.5 * refracted) / (COSINES + 5**0.5 * refracted), atol=0.01)
    np.testing.assert_allclose(tm, (5**0.5 * COSINES - refracted) / (5**0.5 * COSINES + refracted), atol=0.01)
    _, at_brewster = Slab(5.0, 0.01, 20.0).coefficients(np.cos(np.arctan(np.sqrt([5.0]))), WIFI_M)
    assert abs(at_brewster[0]) < 0.01


@pytest.mark.parametrize(("waves", "reflection"), [(0.5, 0.0), (0.25, (1 - 4.0) / (1 + 4.0)), (1.0, 0.0)])
def test_a_lossless_slab_is_a_window_at_half_a_wave(waves: float, reflection: float) -> None:
    """Head-on, and by the waves that fit into it: half ones let all through, a quarter one transforms impedance."""
    te, _ = Slab(4.0, 0.0, waves * WIFI_M / 2.0).coefficients(np.ones(1), WIFI_M)
    np.testing.assert_allclose(te, reflection, atol=1e-9)


def test_metal_is_a_mirror_and_vacuum_is_nothing() -> None:
    for of_metal, of_mirror in zip(
        Slab(1.0, 1e7, 0.01).coefficients(COSINES, WIFI_M), Mirror().coefficients(COSINES, WIFI_M), strict=True
    ):
        np.testing.assert_allclose(of_metal, of_mirror, atol=0.02)
    np.testing.assert_allclose(Slab(1.0, 0.0, 0.2).coefficients(COSINES, WIFI_M), 0.0, atol=1e-12)


def test_a_mirror_turns_the_tangential_field_round() -> None:
    directions, fields = some_directions(30), some_directions(30)
    normal = some_directions(1)[0]
    fields -= (fields * directions).sum(axis=1, keepdims=True) * directions  # a wave is transverse
    matrix = reflection_matrix(directions, normal, Mirror(), WIFI_M)
    after = np.einsum("nij,nj->ni", matrix, fields)
    np.testing.assert_allclose(np.cross(after + fields, normal), 0.0, atol=1e-12)
    np.testing.assert_allclose((after - fields) @ normal, 0.0, atol=1e-12)
    np.testing.assert_allclose((after * reflected(directions, normal)).sum(axis=1), 0.0, atol=1e-12)


def test_the_matrix_is_one_for_both_sides_and_turns_over_for_the_way_back() -> None:
    directions, normal = some_directions(30), np.array([0.0, 0.0, 1.0])
    matrix = reflection_matrix(directions, normal, CONCRETE, WIFI_M)
    np.testing.assert_allclose(reflection_matrix(directions, -normal, CONCRETE, WIFI_M), matrix, atol=1e-12)
    back = reflection_matrix(-reflected(directions, normal), normal, CONCRETE, WIFI_M)
    np.testing.assert_allclose(back, np.swapaxes(matrix, 1, 2), atol=1e-12)


def test_head_on_is_the_limit_of_nearly_head_on() -> None:
    normal = np.array([0.6, 0.0, 0.8])
    straight = reflection_matrix(-normal, normal, CONCRETE, WIFI_M)
    nearly = -normal + np.array([1e-5, 2e-5, 0.0])
    np.testing.assert_allclose(
        straight, reflection_matrix(nearly / np.linalg.norm(nearly), normal, CONCRETE, WIFI_M), atol=1e-4
    )
