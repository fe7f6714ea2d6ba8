"""Volumes of phase space by every frame, against closed forms and against each other."""

import numpy as np
import pytest

from assay.generation.decay_tree import Falling, Leaf, Pair, Resonance
from assay.generation.kinematics import minkowski_product, rapidity, transverse_momentum
from assay.generation.phase_space import Mapping

pytestmark = pytest.mark.fast

ENERGY = 500.0
S = (2.0 * ENERGY) ** 2
TWO, THREE = 1.0 / (8.0 * np.pi), S / (256.0 * np.pi**3)
FOUR = S**2 / (24576.0 * np.pi**5)


def pair(first, second, line, threshold=0.0):
    first, second = (Leaf(part) if isinstance(part, int) else part for part in (first, second))
    return Pair(first, second, line, threshold)


def mapping(*clusters, hadronic, scale=100.0):
    return Mapping(tuple(Leaf(c) if isinstance(c, int) else c for c in clusters), ENERGY, hadronic, scale)


WIDE = Resonance(300.0, 200.0)
MASSLESS = {
    "partonic-1-3": (mapping(pair(pair(2, 3, Falling(100.0)), 4, Falling(10.0)), hadronic=False), THREE),
    "partonic-2": (mapping(2, 3, hadronic=False), TWO),
    "partonic-2-3": (mapping(2, pair(3, 4, WIDE), hadronic=False), THREE),
    "partonic-2-4": (mapping(pair(2, 5, Falling(200.0)), pair(3, 4, Falling(300.0)), hadronic=False), FOUR),
    "partonic-3": (mapping(2, 3, 4, hadronic=False), THREE),
    "hadronic-1": (mapping(pair(2, 3, Falling(100.0), 0.01), hadronic=True), TWO),
    "hadronic-1-3": (mapping(pair(pair(2, 3, Falling(300.0)), 4, Falling(500.0)), hadronic=True), THREE / 4.0),
    "hadronic-2": (mapping(2, 3, hadronic=True), TWO),
    "hadronic-2-3": (mapping(2, pair(3, 4, WIDE), hadronic=True), THREE / 4.0),
    "hadronic-2-4": (mapping(pair(2, 5, Falling(200.0)), pair(3, 4, Falling(300.0)), hadronic=True), FOUR / 9.0),
    "hadronic-3": (mapping(2, 3, 4, hadronic=True), THREE / 4.0),
}
"""The integral over dx1 dx2 of s^n is S^n / (n + 1)^2."""


def integral(space, n_points, weight=None):
    inside, momenta = space.points(np.random.default_rng(5).random((n_points, space.n_axes)))
    values = np.zeros(n_points)
    values[inside] = space.measure(momenta) * (1.0 if weight is None else weight(momenta))
    return np.mean(values), np.std(values) / np.sqrt(n_points)


@pytest.mark.parametrize("name", MASSLESS)
def test_volume_of_massless_particles(name):
    space, expected = MASSLESS[name]
    value, error = integral(space, 200_000 if name != "partonic-3" else 1_000_000)
    assert error < (0.01 if name != "partonic-3" else 0.05) * expected
    assert abs(value - expected) < 4.0 * error + 1e-9 * expected


HEAVY = Leaf(4, 125.0)
SAME_EVENTS = {
    "three": mapping(2, 3, HEAVY, hadronic=True),
    "two": mapping(pair(2, 3, Falling(200.0)), HEAVY, hadronic=True),
    "one": mapping(pair(pair(2, 3, Falling(200.0)), HEAVY, Falling(300.0)), hadronic=True),
    "other pair": mapping(pair(3, HEAVY, Resonance(300.0, 100.0)), 2, hadronic=True),
}


def test_mappings_of_the_same_particles_agree_on_any_integrand():
    """A weight that looks at masses, angles and fractions: no factor of a measure can hide."""

    def weight(momenta):
        dijet = momenta[:, 2] + momenta[:, 3]
        x = momenta[:, :2, 0] / ENERGY
        shape = 1.0 / (1.0 + minkowski_product(dijet, dijet) / 200.0**2)
        return shape * (1.0 - x[:, 0]) * transverse_momentum(momenta[:, 2]) / (50.0 + np.abs(momenta[:, 3, 3]))

    found = {name: integral(space, 400_000, weight) for name, space in SAME_EVENTS.items()}
    reference, reference_error = found["one"]
    for value, error in found.values():
        assert error < 0.02 * reference
        assert abs(value - reference) < 4.0 * np.hypot(error, reference_error)


@pytest.mark.parametrize("name", [*MASSLESS, *SAME_EVENTS])
def test_momenta_are_conserved_and_on_shell(name):
    space = (MASSLESS[name][0],) if name in MASSLESS else (SAME_EVENTS[name],)
    _, momenta = space[0].points(np.random.default_rng(1).random((5_000, space[0].n_axes)))
    assert len(momenta) > 100
    np.testing.assert_allclose(momenta[:, :2].sum(axis=1), momenta[:, 2:].sum(axis=1), rtol=1e-11, atol=1e-8)
    scale = (momenta[:, :2, 0] ** 2).max(axis=1)
    for leg in range(momenta.shape[1]):
        mass = 125.0 if name in SAME_EVENTS and leg == 4 else 0.0
        assert np.max(np.abs(minkowski_product(momenta[:, leg], momenta[:, leg]) - mass**2) / scale) < 1e-9
    assert np.all((momenta[:, :2, 0] > 0.0) & (momenta[:, :2, 0] <= ENERGY * (1 + 1e-12)))
    assert np.all(momenta[:, 0, 3] > 0.0)
    assert np.all(momenta[:, 1, 3] < 0.0)
    assert np.all(space[0].measure(momenta) > 0.0)


def test_jets_keep_to_their_cuts():
    jets = tuple(Leaf(leg, min_pt=20.0, max_rapidity=5.0) for leg in (2, 3))
    space = Mapping((*jets, HEAVY), 6500.0, True, 80.0)
    _, momenta = space.points(np.random.default_rng(1).random((20_000, space.n_axes)))
    assert np.all(np.abs(rapidity(momenta[:, 2:4])) <= 5.0 + 1e-9)
    assert np.all(transverse_momentum(momenta[:, 2:4]) >= 20.0 - 1e-9)


def test_windows_of_mass_are_kept():
    narrow = Pair(Leaf(2), Leaf(3), Resonance(80.0, 2.0), 50.0, 110.0)
    _, momenta = mapping(narrow, HEAVY, hadronic=True).points(np.random.default_rng(1).random((5_000, 6)))
    total = momenta[:, 2] + momenta[:, 3]
    mass = np.sqrt(minkowski_product(total, total))
    assert 50.0 - 1e-6 <= mass.min() < 55.0
    assert 105.0 < mass.max() <= 110.0 + 1e-6
    assert np.mean(np.abs(mass - 80.0) < 1.0) == pytest.approx(0.5, abs=0.05)
