import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import MorphingError
from assay.theory.morphing import Morphing, components, optimise_basis
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

SHAPES = st.sampled_from([((2,), 2), ((4,), 4), ((2, 2), 2), ((4, 4), 4), ((1, 2, 2), 3), ((2,) * 4, 2), ((2,) * 5, 2)])


@given(SHAPES, st.integers(0, 2**32 - 1), st.integers(0, 4))
@settings(max_examples=30, deadline=None)
def test_reproduces_any_polynomial_of_the_stated_powers(shape, seed, extra):
    rng = np.random.default_rng(seed)
    powers = components(*shape)
    box = rng.uniform(0.2, 5, (powers.shape[1], 2)) * [-1, 1]
    basis = optimise_basis(powers, box, n_benchmarks=len(powers) + extra, seed=seed, n_starts=2)
    morphing = Morphing.from_basis(powers, basis)
    theta = rng.uniform(*box.T, (50, len(box)))
    coefficients = rng.normal(size=(len(powers), 4)) / np.abs(box).max(axis=1).prod() ** 0.5
    expected = np.prod(theta[:, None, :] ** powers, axis=-1) @ coefficients
    at_benchmarks = np.prod(basis[:, None, :] ** powers, axis=-1) @ coefficients
    size = np.abs(expected).max()
    np.testing.assert_allclose(morphing.weights(theta) @ at_benchmarks, expected, rtol=0, atol=1e-10 * size)


@given(SHAPES, st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_gradients_agree_with_the_complex_step(shape, seed):
    powers = components(*shape)
    rng = np.random.default_rng(seed)
    morphing = Morphing.from_basis(powers, optimise_basis(powers, [(-1, 1)] * powers.shape[1], seed=seed, n_starts=2))
    theta = rng.uniform(-1, 1, (5, powers.shape[1]))
    gradients = morphing.weight_gradients(theta)
    assert gradients.shape == (5, len(powers), powers.shape[1])
    for p in range(powers.shape[1]):
        shifted = theta.astype(complex)
        shifted[:, p] += 1e-30j
        by_complex_step = (np.prod(shifted[:, None, :] ** powers, axis=-1) @ morphing.matrix).imag / 1e-30
        np.testing.assert_allclose(gradients[..., p], by_complex_step, rtol=1e-11, atol=1e-11)


def test_weights_at_a_benchmark_pick_it_alone():
    powers = components((2, 2), 2)
    morphing = Morphing.from_basis(powers, optimise_basis(powers, [(-1, 1)] * 2))
    np.testing.assert_allclose(morphing.weights(morphing.basis), np.eye(6), atol=1e-13)
    np.testing.assert_allclose(morphing.weights([0.3, 0.1]).sum(), 1.0, rtol=1e-13)
    assert morphing.weights([0.3, 0.1]).shape == (6,)
    assert 1.0 < morphing.condition_number < 10.0


def test_expected_squared_weights_agree_with_monte_carlo():
    powers = components((2, 2), 2)
    morphing = Morphing.from_basis(powers, np.random.default_rng(0).uniform(-1, 1, (7, 2)))
    box = np.array([(-0.5, 1.0), (0.0, 2.0)])
    theta = np.random.default_rng(1).uniform(*box.T, (200_000, 2))
    sample = np.sum(morphing.weights(theta) ** 2, axis=1)
    found = morphing.expected_squared_weights(box)
    assert abs(found - sample.mean()) < 4 * sample.std() / np.sqrt(len(sample))
    # the mean square, not the square of the mean
    assert found > 1.01 * np.sum(morphing.weights(theta).mean(axis=0) ** 2)


def test_a_space_gives_its_morphing():
    parameters = (Parameter("p", "dim6", 1, (-1.0, 1.0), 2),)
    space = ParameterSpace(parameters, tuple(Benchmark(f"b{i}", (v,)) for i, v in enumerate((0.0, 1.0, -1.0))))
    np.testing.assert_allclose(Morphing.of_space(space, 2).weights([[2.0]]), [[-3.0, 3.0, 1.0]])


POWERS = components((2, 2), 2)
NAMES = ["sm", "w", "x", "y", "z", "q"]


@pytest.mark.parametrize(
    ("basis", "message"),
    [
        # six points on a line and on a conic determine no quadratic form
        ([[0, 0], [1, 1], [2, 2], [3, 3], [1, 0], [0, 1]], "sm, w, x, y depend on each other"),
        ([[0, 0], [1, 1], [1, 1], [3, 2], [1, 0], [0, 1]], "the benchmarks w, x depend on each other"),
        ([[1, 0], [-1, 0], [0, 1], [0, -1], [0.6, 0.8], [0.8, -0.6]], "degenerate"),
        ([[0, 0], [1e-7, 0], [2e-7, 0], [3, 2], [1, 0], [0, 1]], "sm, w, x"),
    ],
)
def test_degenerate_bases_are_refused_by_name(basis, message):
    with pytest.raises(MorphingError, match=message):
        Morphing.from_basis(POWERS, basis, NAMES)


def test_too_few_benchmarks_are_refused():
    with pytest.raises(MorphingError, match=r"5 benchmarks .*for 6 morphing components"):
        Morphing.from_basis(POWERS, np.eye(5, 2))


def test_shapes_are_checked():
    morphing = Morphing.from_basis(components((2,), 2), [[0.0], [1.0], [2.0]])
    with pytest.raises(MorphingError, match="theta has shape"):
        morphing.weights([[0.1, 0.2]])
    with pytest.raises(MorphingError, match="theta has shape"):
        morphing.weights(0.1)
    with pytest.raises(MorphingError, match="do not fit"):
        Morphing(morphing.components, morphing.basis, morphing.matrix[:2])
    with pytest.raises(MorphingError, match="not finite"):
        Morphing(morphing.components, morphing.basis, morphing.matrix * np.nan)
