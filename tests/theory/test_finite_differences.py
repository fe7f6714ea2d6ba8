"""Finite differences of functions that are polynomials in some parameters and anything in the others."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import MorphingError
from assay.theory.basis import optimise_basis
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark
from assay.theory.shifts import with_shifted

pytestmark = pytest.mark.fast

NAMES = ["a", "b", "m", "g"]
CENTRE = (0.7, 1.5)  # of m and g


def truth(theta):
    """Return a function that is quadratic in a and b, and no polynomial in m and g."""
    a, b, m, g = theta[..., 0], theta[..., 1], theta[..., 2], theta[..., 3]
    return (1 + 0.3 * a * np.cos(m) + a**2 / g + 0.5 * a * b + b**2 * m) * np.exp(0.5 * m) * g**1.5


def differences(epsilon, central):
    """Return finite differences in m and g, with the values of the truth at all benchmarks."""
    powers = components([2, 2, 0, 0], 2)
    plane = optimise_basis(powers[:, :2], [(-1.0, 1.0)] * 2, n_starts=1)
    base = [Benchmark(f"b{i}", (*map(float, point), *CENTRE)) for i, point in enumerate(plane)]
    extra = Benchmark("weights_alone", (0.1, 0.2, 9.0, 9.0))
    benchmarks, shifts = with_shifted((*base, extra), range(len(base)), [2, 3], NAMES, epsilon, central)
    points = np.array([benchmark.values for benchmark in benchmarks])
    return FiniteDifferences.from_base(powers, points, shifts), truth(points)


def gradient(theta):
    steps = theta[..., None, :] + 1e-30j * np.eye(4)
    return truth(steps).imag / 1e-30


THETA = np.concatenate([np.random.default_rng(1).uniform(-1, 1, (20, 2)), np.tile(CENTRE, (20, 1))], axis=1)


@pytest.mark.parametrize("central", [False, True])
def test_weights_are_exact_at_the_base(central):
    found, values = differences(0.1, central)
    np.testing.assert_allclose(found.weights(THETA) @ values, truth(THETA), rtol=1e-12)
    gradients = np.einsum("nbp,b->np", found.weight_gradients(THETA), values)
    np.testing.assert_allclose(gradients[:, :2], gradient(THETA)[:, :2], rtol=1e-10, atol=1e-10)
    assert found.in_basis.sum() == 6
    np.testing.assert_allclose(found.weights(found.basis[:6]), np.eye(len(values))[:6], atol=1e-12)


@pytest.mark.parametrize(("central", "order"), [(False, 1), (True, 2)])
def test_errors_of_gradients_fall_as_documented(central, order):
    errors = []
    for epsilon in (0.1, 0.05, 0.025):
        found, values = differences(epsilon, central)
        gradients = np.einsum("nbp,b->np", found.weight_gradients(THETA), values)
        errors.append(np.abs(gradients - gradient(THETA))[:, 2:].max())
    ratios = np.array(errors[:-1]) / errors[1:]
    np.testing.assert_allclose(ratios, 2.0**order, rtol=0.1)


@pytest.mark.parametrize(("central", "alone", "together"), [(False, 2, 2), (True, 3, 2)])
def test_errors_between_benchmarks_fall_as_documented(central, alone, together):
    for step, order in (((0.5, 0.0), alone), ((-0.4, 0.7), together)):
        errors = []
        for epsilon in (0.1, 0.05, 0.025):
            found, values = differences(epsilon, central)
            theta = THETA + epsilon * np.array([0.0, 0.0, *step])
            errors.append(np.abs(found.weights(theta) @ values - truth(theta)).max())
        np.testing.assert_allclose(np.array(errors[:-1]) / errors[1:], 2.0**order, rtol=0.15)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=20, deadline=None)
def test_gradients_are_those_of_the_weights(seed, central):
    found, _ = differences(0.3, central)
    rng = np.random.default_rng(seed)
    theta = np.concatenate([rng.uniform(-1, 1, (4, 2)), CENTRE + rng.uniform(-0.29, 0.29, (4, 2))], axis=1)
    numeric = np.stack(
        [(found.weights(theta + step) - found.weights(theta - step)) / 2e-6 for step in 1e-6 * np.eye(4)], axis=-1
    )
    np.testing.assert_allclose(found.weight_gradients(theta), numeric, rtol=0, atol=1e-6)
    # weights add up to one: what does not depend on theta stays as it is
    np.testing.assert_allclose(found.weights(theta).sum(axis=-1), 1.0, rtol=1e-12)


def test_central_differences_are_exact_for_parabolas():
    """As autograd differentiates them, at any distance from the base."""
    found, _ = differences(0.4, central=True)

    def parabola(theta):
        return (1 + theta[..., 0] * theta[..., 1]) * (2 + (theta[..., 2] - 0.2) ** 2) + theta[..., 3] ** 2

    values = parabola(found.basis)
    points = np.concatenate([THETA[:, :2], CENTRE + np.random.default_rng(3).uniform(-0.4, 0.4, (20, 2))], axis=1)
    theta = torch.tensor(points, requires_grad=True)
    (expected,) = torch.autograd.grad(parabola(theta).sum(), theta)
    np.testing.assert_allclose(found.weights(points) @ values, parabola(points), rtol=1e-11)
    gradients = np.einsum("nbp,b->np", found.weight_gradients(points), values)
    np.testing.assert_allclose(gradients, expected.numpy(), rtol=1e-10, atol=1e-10)


def test_without_any_morphing_every_base_benchmark_stands_for_itself():
    """What a file of MadMiner's has: forward differences of all parameters at every benchmark."""
    base = (Benchmark("x", (0.0, 0.0)), Benchmark("y", (3.0, -1.0)), Benchmark("z", (3.0, 5.0)))
    benchmarks, shifts = with_shifted(base, range(3), [0, 1], ["p", "q"], 0.1, central=False)
    points = np.array([benchmark.values for benchmark in benchmarks])
    found = FiniteDifferences.from_base(components([0, 0], 0), points, shifts)
    np.testing.assert_array_equal(found.weights(points[:3]), np.eye(9)[:3])
    np.testing.assert_allclose(found.weights(points[3:]), np.eye(9)[3:], atol=1e-14)
    expected = np.zeros((9, 2))
    expected[1], expected[5, 0], expected[6, 1] = -10.0, 10.0, 10.0
    np.testing.assert_allclose(found.weight_gradients(points[1]), expected)
    assert found.condition_number == 1.0
    assert found.expected_squared_weights([(-1, 1), (-1, 1)]) == 1.0


def test_the_report_is_that_of_the_morphing():
    found, _ = differences(0.1, central=True)
    alone = Morphing.from_basis(found.components, found.basis[:6])
    assert found.condition_number == pytest.approx(alone.condition_number)
    box = [(-1.0, 1.0)] * 4
    assert found.expected_squared_weights(box) == pytest.approx(alone.expected_squared_weights(box))
    assert found.weights(np.zeros((2, 5, 4)) + np.array([0.0, 0.0, *CENTRE])).shape == (2, 5, len(found.basis))
    assert found.weight_gradients([0.0, 0.0, *CENTRE]).shape == (len(found.basis), 4)


def test_nothing_is_said_farther_away():
    found, _ = differences(0.1, central=True)
    for method in (found.weights, found.weight_gradients):
        method([0.0, 0.0, CENTRE[0] + 0.1, CENTRE[1] - 0.1])
        with pytest.raises(MorphingError, match=r"0\.11 from the nearest benchmark"):
            method([0.0, 0.0, CENTRE[0], CENTRE[1] - 0.11])
        with pytest.raises(MorphingError, match="theta has shape"):
            method([0.0, 0.0])


def test_wrong_benchmarks_are_refused():
    found, _ = differences(0.1, central=True)
    moved = found.basis.copy()
    moved[found.shifts.plus[2, 1], 3] += 0.01
    with pytest.raises(MorphingError, match=r"is not \+0.1 in parameter 3"):
        FiniteDifferences.from_base(found.components, moved, found.shifts)
    with pytest.raises(MorphingError, match="described by morphing and by finite differences"):
        FiniteDifferences(components([2, 0, 1, 0], 2), found.basis, np.zeros((5, len(found.basis))), found.shifts)
    with pytest.raises(MorphingError, match="for 10 morphing components"):
        FiniteDifferences.from_base(components([3, 3, 0, 0], 3), found.basis, found.shifts)
