import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import MorphingError
from assay.theory.morphing import Morphing, components, optimise_basis
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

SHAPES = st.sampled_from(
    [
        ((2,), 2),
        ((4,), 4),
        ((2, 2), 2),
        ((4, 4), 4),
        ((1, 2, 2), 3),
        ((2,) * 4, 2),
        ((2,) * 5, 2),
        # production and decay
        (((2, 2),), (2, 2)),
        (((2, 2), (2, 2)), (2, 2)),
        (((2, 0), (2, 2), (0, 2)), (2, 2)),
        (((2, 0), (1, 0), (0, 2), (0, 1)), (2, 2)),
    ]
)


def case(shape, seed, extra):
    """Return powers, ranges and a basis of some more benchmarks than terms."""
    rng = np.random.default_rng(seed)
    powers = components(*shape)
    box = rng.uniform(0.2, 5, (powers.shape[1], 2)) * [-1, 1]
    return rng, powers, box, optimise_basis(powers, box, n_benchmarks=len(powers) + extra, seed=seed, n_starts=1)


def polynomials(rng, powers, box, n=4):
    """Return random polynomials as functions of theta, with terms of comparable size over the ranges."""
    coefficients = rng.normal(size=(len(powers), n)) / np.prod(np.abs(box).max(axis=1) ** powers, axis=1)[:, None]
    return lambda theta: np.prod(theta[:, None, :] ** powers, axis=-1) @ coefficients


@given(SHAPES, st.integers(0, 2**32 - 1), st.integers(0, 4))
@settings(max_examples=40, deadline=None)
def test_reproduces_any_polynomial_of_the_stated_powers(shape, seed, extra):
    rng, powers, box, basis = case(shape, seed, extra)
    function = polynomials(rng, powers, box)
    theta = rng.uniform(*box.T, (50, len(box)))
    expected = function(theta)
    found = Morphing.from_basis(powers, basis).weights(theta) @ function(basis)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10 * np.abs(expected).max())


@given(SHAPES, st.integers(0, 2**32 - 1), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_a_basis_by_hand_leaves_other_benchmarks_alone(shape, seed, extra):
    rng, powers, box, basis = case(shape, seed, extra)
    function = polynomials(rng, powers, box)
    others = rng.uniform(*box.T, (3, len(box)))
    order = rng.permutation(len(basis) + 3)
    points, used = np.concatenate([basis, others])[order], (np.arange(len(basis) + 3) < len(basis))[order]
    morphing = Morphing.from_basis(powers, points, used=used)
    np.testing.assert_array_equal(morphing.in_basis, used)
    theta = rng.uniform(*box.T, (20, len(box)))
    values = np.where(used[:, None], function(points), 1e30)  # whatever the others are does not matter
    expected = function(theta)
    size = np.abs(expected).max()
    np.testing.assert_allclose(morphing.weights(theta) @ values, expected, rtol=0, atol=1e-10 * size)
    alone = Morphing.from_basis(powers, basis)
    assert morphing.condition_number == pytest.approx(alone.condition_number)
    assert morphing.expected_squared_weights(box) == pytest.approx(alone.expected_squared_weights(box))


@given(SHAPES, st.integers(0, 2**32 - 1), st.floats(-0.1, 0.1).filter(lambda wrong: abs(wrong) > 1e-6))
@settings(max_examples=15, deadline=None)
def test_a_scaled_benchmark_shows(shape, seed, wrong):
    rng, powers, box, basis = case(shape, seed, 0)
    function = polynomials(rng, powers, box, n=1)
    values = function(basis)
    worst = int(np.argmax(np.abs(values)))
    values[worst] *= 1.0 + wrong
    theta = np.concatenate([basis, rng.uniform(*box.T, (20, len(box)))])
    found = Morphing.from_basis(powers, basis).weights(theta) @ values
    assert np.abs(found - function(theta)).max() > 0.5 * abs(wrong) * np.abs(function(basis)).max()


def test_a_missing_component_shows():
    # production and decay at power two each are of power four together
    both, one = components(((2, 2), (2, 2)), (2, 2)), components((2, 2), 2)
    rng, box = np.random.default_rng(3), np.array([(-1.0, 1.0)] * 2)
    function = polynomials(rng, both, box)
    theta = rng.uniform(-1, 1, (50, 2))
    basis = optimise_basis(one, box, n_starts=1)
    wrong = Morphing.from_basis(one, basis).weights(theta) @ function(basis)
    assert np.abs(wrong - function(theta)).max() > 0.1 * np.abs(function(theta)).max()


@given(SHAPES, st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_gradients_agree_with_autograd(shape, seed):
    rng, powers, box, basis = case(shape, seed, 1)
    morphing = Morphing.from_basis(powers, basis)
    points = rng.uniform(*box.T, (5, len(box)))
    theta = torch.tensor(points, requires_grad=True)
    weights = (theta[:, None, :] ** torch.tensor(powers)).prod(dim=-1) @ torch.tensor(morphing.matrix)
    np.testing.assert_allclose(morphing.weights(points), weights.detach().numpy(), rtol=1e-10, atol=1e-10)
    gradients = morphing.weight_gradients(points)
    assert gradients.shape == (5, len(basis), len(box))
    for b in range(len(basis)):
        (expected,) = torch.autograd.grad(weights[:, b].sum(), theta, retain_graph=True)
        size = max(1.0, float(expected.abs().max()))
        np.testing.assert_allclose(gradients[:, b], expected.numpy(), rtol=0, atol=1e-10 * size)


def test_weights_of_many_theta_keep_their_shape():
    morphing = Morphing.from_basis(components((2, 2), 2), optimise_basis(components((2, 2), 2), [(-1, 1)] * 2))
    theta = np.random.default_rng(0).uniform(-1, 1, (2, 3, 4, 2))
    weights, gradients = morphing.weights(theta), morphing.weight_gradients(theta)
    assert weights.shape == (2, 3, 4, 6)
    assert gradients.shape == (2, 3, 4, 6, 2)
    np.testing.assert_allclose(weights[1, 2, 3], morphing.weights(theta[1, 2, 3]))
    np.testing.assert_allclose(gradients[1, 2, 3], morphing.weight_gradients(theta[1, 2, 3]))


def test_more_benchmarks_than_terms_give_the_smallest_weights():
    """Of all weights that reproduce the polynomial, those of the pseudo-inverse have the smallest sum of squares."""
    powers, rng = components((2, 2), 2), np.random.default_rng(4)
    basis, theta = rng.uniform(-1, 1, (12, 2)), rng.uniform(-1, 1, (20, 2))
    weights = Morphing.from_basis(powers, basis).weights(theta)
    function = polynomials(rng, powers, np.array([(-1.0, 1.0)] * 2))
    np.testing.assert_allclose(weights @ function(basis), function(theta), rtol=0, atol=1e-10)
    # weights that differ by anything orthogonal to all polynomials reproduce them, too, and are larger
    null = np.linalg.svd(np.prod(basis[:, None, :] ** powers, axis=-1).T)[2][6:]
    for direction in null:
        assert np.all(((weights + 0.1 * direction) ** 2).sum(axis=1) > (weights**2).sum(axis=1))


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


def test_a_degenerate_basis_of_more_benchmarks_than_terms_blames_none_of_them():
    basis = [[x, 0.0] for x in np.linspace(-1, 1, 7)] + [[0.3, 1.0]]
    with pytest.raises(MorphingError, match=r"the powers \(0, 1\), \(1, 1\), \(0, 2\) are not determined") as error:
        Morphing.from_basis(POWERS, basis, names=[f"b{i}" for i in range(8)])
    assert "b0" not in str(error.value)
    # all on one value of the second parameter: every power of it stays open, none of the first alone
    with pytest.raises(MorphingError, match=r"the powers \(0, 1\), \(1, 1\), \(0, 2\) are not determined"):
        Morphing.from_basis(POWERS, basis[:7])


def test_a_degenerate_basis_by_hand_names_its_own_benchmarks():
    basis = [[5, 5], [0, 0], [1, 1], [1, 1], [3, 2], [1, 0], [0, 1]]
    with pytest.raises(MorphingError, match="the benchmarks w, x depend on each other"):
        Morphing.from_basis(POWERS, basis, ["far", *NAMES], used=[False] + [True] * 6)
    with pytest.raises(MorphingError, match=r"5 benchmarks \(far, sm, w, x, y\) for 6"):
        Morphing.from_basis(POWERS, basis, ["far", *NAMES], used=[True] * 5 + [False] * 2)


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
