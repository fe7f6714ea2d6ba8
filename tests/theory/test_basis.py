import numpy as np
import pytest

from assay.errors import MorphingError
from assay.theory.basis import optimise_basis
from assay.theory.design import Design
from assay.theory.monomials import components, monomials

pytestmark = pytest.mark.fast


def mean_squared_weights(basis, powers, box, n=20000):
    """By plain Monte Carlo, with nothing in common with the optimiser's closed form."""
    theta = np.random.default_rng(1).uniform(*np.array(box).T, (n, len(box)))
    weights = np.linalg.lstsq(monomials(basis, powers).T, monomials(theta, powers).T, rcond=None)[0]
    return np.mean(np.sum(weights**2, axis=0))


# what another package's best of 100 random sets has
@pytest.mark.parametrize(("n_parameters", "power", "peer"), [(2, 2, 1.70), (2, 4, 46.8), (3, 2, 6.2)])
def test_expected_squared_weights_are_lower_than_the_peers(n_parameters, power, peer):
    powers = components((power,) * n_parameters, power)
    box = [(-1.0, 1.0)] * n_parameters
    basis = optimise_basis(powers, box, np.zeros((1, n_parameters)), seed=3)
    assert basis.shape == (len(powers), n_parameters)
    assert np.all(basis[0] == 0.0)
    found = mean_squared_weights(basis, powers, box)
    assert found < peer
    assert found < 0.9


def test_seventy_components_in_four_parameters():
    powers = components((4,) * 4, 4)
    box = [(-10.0, 10.0)] * 4
    basis = optimise_basis(powers, box, np.zeros((1, 4)), n_starts=2)
    assert mean_squared_weights(basis, powers, box) < 0.9 < 213


def test_the_range_bounds_the_chosen_benchmarks_but_not_the_fixed_ones():
    box = np.array([(-1.0, 2.0), (0.1, 0.3)])
    fixed = [[0.0, 0.0], [5.0, 0.2]]
    basis = optimise_basis(components((2, 2), 2), box, fixed)
    np.testing.assert_array_equal(basis[:2], fixed)
    assert np.all((basis[2:] >= box[:, 0]) & (basis[2:] <= box[:, 1]))


def test_same_seed_same_basis():
    powers = components((2, 2), 2)
    first, again = (optimise_basis(powers, [(-1, 1)] * 2, seed=7) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_scale_of_the_parameters_does_not_matter():
    powers = components((2, 2), 2)
    small = optimise_basis(powers, [(-1e-3, 1e-3), (-1e4, 1e4)])
    unit = optimise_basis(powers, [(-1, 1), (-1, 1)])
    np.testing.assert_allclose(small / [1e-3, 1e4], unit, atol=1e-9)


def test_more_benchmarks_than_components_lower_the_weights():
    powers, box = components((2, 2), 2), [(-1, 1)] * 2
    six, nine = (optimise_basis(powers, box, n_benchmarks=n) for n in (6, 9))
    assert len(nine) == 9
    assert mean_squared_weights(nine, powers, box) < 0.8 * mean_squared_weights(six, powers, box)


def test_more_fixed_benchmarks_than_components_are_kept():
    fixed = np.random.default_rng(0).uniform(-1, 1, (8, 2))
    np.testing.assert_array_equal(optimise_basis(components((2, 2), 2), [(-1, 1)] * 2, fixed), fixed)


def test_operators_in_production_and_decay():
    powers = components([(2, 2)] * 5, (2, 2))
    assert powers.shape == (126, 5)
    box = [(-1.0, 1.0)] * 5
    basis = optimise_basis(powers, box, np.zeros((1, 5)), n_starts=1)
    assert mean_squared_weights(basis, powers, box) < 0.9


def test_parts_with_operators_of_their_own():
    powers = components([(2, 0), (2, 0), (0, 2)], (2, 2))
    box = [(-1.0, 1.0), (0.5, 2.0), (-3.0, -1.0)]
    basis = optimise_basis(powers, box, n_starts=4)
    assert mean_squared_weights(basis, powers, box) < 0.9


def test_rounding_does_not_change_the_basis(monkeypatch):
    powers, box = components((2, 2, 2), 2), [(-1.0, 1.0)] * 3
    expected = optimise_basis(powers, box, np.zeros((1, 3)), seed=5)
    noise = np.random.default_rng(0)
    plain = Design.logarithm

    def noisy(self, flat):
        value, gradient = plain(self, flat)
        return value * (1 + 1e-14 * noise.normal()), gradient * (1 + 1e-14 * noise.normal(size=gradient.shape))

    monkeypatch.setattr(Design, "logarithm", noisy)
    np.testing.assert_allclose(optimise_basis(powers, box, np.zeros((1, 3)), seed=5), expected, atol=1e-5)


def test_terms_without_those_of_lower_powers_are_refused():
    with pytest.raises(MorphingError, match=r"the powers \(2,\) without \(1,\)"):
        optimise_basis(np.array([[0], [2]]), [(-1, 1)])


@pytest.mark.parametrize(
    ("fixed", "n_benchmarks", "message"),
    [
        ([[0, 0]], 5, "5 benchmarks for 6 morphing components"),
        ([[0, 0], [0, 0]], 6, "no position of the free benchmarks"),
        ([[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]], 6, "no position of the free benchmarks"),
        (np.zeros((7, 2)), 6, "7 fixed benchmarks"),
    ],
)
def test_impossible_bases_are_refused(fixed, n_benchmarks, message):
    with pytest.raises(MorphingError, match=message):
        optimise_basis(components((2, 2), 2), [(-1, 1)] * 2, fixed, n_benchmarks)
