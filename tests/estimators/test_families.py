"""Every family: learns a known ratio, keeps its promises before any training, and comes back from its folder."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from assay.errors import TrainingError
from assay.estimators.coefficient_ratio import CoefficientRatio
from assay.estimators.density import Density
from assay.estimators.description import Family
from assay.estimators.doubly_ratio import DoublyParameterisedRatio
from assay.estimators.families import Estimator
from assay.estimators.model_folder import load_estimator, save_estimator
from assay.estimators.pointwise_ratio import PointwiseRatio
from assay.estimators.preprocessing import Kind
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.rate import PolynomialRate
from assay.sampling.samples import RatioSample, Sample

from . import squared_amplitude as exact

pytestmark = pytest.mark.fast

POINTS = np.array([[p, q] for p in (-0.5, 0.0, 0.5) for q in (-0.8, 0.0, 0.8) if (p, q) != (0.0, 0.0)])
RATIOS: tuple[Family, ...] = (
    "parameterised_ratio",
    "doubly_parameterised_ratio",
    "morphing_aware_ratio",
    "quadratic_ratio",
    "pointwise_ratio",
    "density",
)
KINDS: tuple[Kind, ...] = ("signed_log", "standard")


def sample_for(family: Family, n: int, seed: int) -> Sample:
    if family == "density":
        return exact.density_sample(n, seed)
    if family == "doubly_parameterised_ratio":
        return exact.doubly_sample(n, seed)
    return exact.ratio_sample(n, seed, POINTS if family == "pointwise_ratio" else None)


@cache
def trained(family: Family, n: int = 400, epochs: int = 1) -> Estimator:
    method = {"density": "scandal", "pointwise_ratio": "alice"}.get(family, "alices")
    return train_estimator(
        method,
        sample_for(family, n, 1),
        sample_for(family, n // 4, 2),
        NetworkSettings((32, 32), residual=True, preprocessing=KINDS if n < 1000 else "standard"),
        TrainingSettings(epochs=epochs, batch_size=256, learning_rate=1e-2, patience=None, device="cpu", seed=4),
        family=family,
        flow=FlowSettings("nsf", 2, 8),
    ).estimator


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "n", "bound"),
    [
        ("parameterised_ratio", 20_000, 6e-3),
        ("doubly_parameterised_ratio", 20_000, 1.2e-2),
        ("morphing_aware_ratio", 20_000, 2e-3),
        ("quadratic_ratio", 20_000, 3e-3),
        ("density", 6000, 3e-2),
    ],
)
def test_families_learn_the_exact_ratio(family: Family, n: int, bound: float) -> None:
    """Answering log r = 0 has a mean squared error of 0.16."""
    estimator = trained(family, n, 12)
    rng = np.random.default_rng(7)
    theta = exact.points(20_000, rng)
    x = rng.normal(size=(20_000, 2))
    error = np.mean((estimator.paired_log_ratio(x, theta) - exact.log_ratio(x, theta)) ** 2)  # type: ignore[union-attr]
    assert error < bound, error
    assert np.mean(exact.log_ratio(x, theta) ** 2) > 0.1


@pytest.mark.slow
def test_points_are_learnt_and_interpolated() -> None:
    estimator = trained("pointwise_ratio", 20_000, 12)
    rng = np.random.default_rng(8)
    x = rng.normal(size=(5000, 2))
    for theta, bound in (([0.5, 0.8], 2e-2), ([0.25, 0.4], 4e-2), ([0.0, 0.0], 1e-2)):
        found = estimator.log_ratio(x, [theta])[0]  # type: ignore[union-attr]
        assert np.mean((found - exact.log_ratio(x, np.tile(theta, (len(x), 1)))) ** 2) < bound, theta


@pytest.mark.parametrize("family", RATIOS)
def test_grids_pairs_sums_and_scores_agree(family: Family) -> None:
    estimator = trained(family)
    rng = np.random.default_rng(1)
    x, theta = rng.normal(size=(60, 2)), exact.points(7, rng)
    grid = estimator.log_ratio(x, theta)  # type: ignore[union-attr]
    assert grid.shape == (7, 60)
    for row, point in zip(grid, theta, strict=True):
        paired = estimator.paired_log_ratio(x, np.tile(point, (60, 1)))  # type: ignore[union-attr]
        np.testing.assert_allclose(row, paired, atol=2e-5)
    weights = rng.uniform(size=60)
    np.testing.assert_allclose(estimator.summed_log_ratio(x, theta, weights), grid @ weights, atol=1e-3)  # type: ignore[union-attr]
    step = 2e-3
    for p, found in enumerate(estimator.score(x, theta[0]).T):  # type: ignore[union-attr, call-arg]
        shift = step * np.eye(2)[p]
        ends = estimator.log_ratio(x, np.stack([theta[0] + shift, theta[0] - shift]))  # type: ignore[union-attr]
        difference = np.abs(found - (ends[0] - ends[1]) / (2.0 * step))
        assert np.quantile(difference, 0.9) < 0.01  # splines have kinks in their second derivative


@pytest.mark.parametrize("family", ["morphing_aware_ratio", "quadratic_ratio", "doubly_parameterised_ratio"])
def test_the_ratio_at_the_reference_is_one_whatever_the_weights(family: Family) -> None:
    x = np.random.default_rng(2).normal(size=(40, 2))
    np.testing.assert_allclose(trained(family).log_ratio(x, [[0.0, 0.0]])[0], 0.0, atol=1e-6)  # type: ignore[union-attr]


def test_the_quadratic_family_is_a_positive_polynomial() -> None:
    """R r at any theta is the same quadratic that its values at six points determine, and nowhere negative."""
    estimator = trained("quadratic_ratio")
    assert isinstance(estimator, CoefficientRatio)
    rng = np.random.default_rng(3)
    x, theta = rng.normal(size=(50, 2)), rng.uniform(-3.0, 3.0, (40, 2))
    values = np.exp(estimator.log_ratio(x, theta)) * exact.RATE.values(theta)[:, None]
    monomials = np.stack([np.prod(theta ** np.array(k), axis=1) for k in exact.RATE.powers], axis=1)
    coefficients = np.linalg.lstsq(monomials[:6], values[:6], rcond=None)[0]
    np.testing.assert_allclose(monomials[6:] @ coefficients, values[6:], rtol=2e-3, atol=2e-3)
    assert values.min() > 0.0


def test_the_quadratic_family_takes_any_even_powers() -> None:
    """Three parameters, production and decay: |(1 + a.v)(1 + b.v)|^2 has powers up to four."""
    powers = tuple((i, j, k) for i in range(5) for j in range(5) for k in range(5) if i + j + k <= 4)
    info = replace(
        exact.INFO,
        parameters=("p", "q", "s"),
        ranges=((-1.0, 1.0),) * 3,
        reference=(0.0, 0.1, 0.0),
        rate=PolynomialRate(powers, (1.0, *(0.0,) * (len(powers) - 1))),
    )
    rng = np.random.default_rng(5)
    theta = rng.uniform(-1.0, 1.0, (64, 3)).astype(np.float32)
    y = (np.arange(64) % 2).astype(np.float32)
    reference = np.tile(np.float32([0.0, 0.1, 0.0]), (64, 1))
    ones = np.ones(64, dtype=np.float32)
    sample = RatioSample(info, rng.normal(size=(64, 2)).astype(np.float32), theta, reference, y, ones, 0.0 * theta)
    settings = TrainingSettings(epochs=1, batch_size=32, device="cpu")
    estimator = train_estimator(
        "alices", sample, sample, NetworkSettings((8,)), settings, family="quadratic_ratio"
    ).estimator
    assert isinstance(estimator, CoefficientRatio)
    x = rng.normal(size=(5, 2))
    np.testing.assert_allclose(estimator.log_ratio(x, [[0.0, 0.1, 0.0]]), 0.0, atol=1e-6)
    assert np.isfinite(estimator.log_ratio(x, rng.uniform(-5.0, 5.0, (30, 3)))).all()
    assert estimator.network.n_terms == 10 * 11 // 2


def test_nuisance_parameters_of_the_quadratic_family_are_exponents() -> None:
    info = replace(exact.INFO, parameters=("p", "q", "nu"), ranges=(*exact.INFO.ranges, (-3.0, 3.0)))
    info = replace(info, reference=(0.0, 0.0, 0.0), nuisance=("nu",))
    rng = np.random.default_rng(6)
    base = exact.ratio_sample(200, 3)
    nu = rng.normal(size=200)
    joint = np.exp(0.3 * nu * base.x[:, 0])
    sample = RatioSample(
        info,
        base.x,
        np.column_stack([base.theta0, nu]).astype(np.float32),
        np.zeros((200, 3), np.float32),
        base.y,
        (base.r_xz * joint).astype(np.float32),
        np.column_stack([base.t_xz, 0.3 * base.x[:, 0]]).astype(np.float32),
    )
    settings = TrainingSettings(epochs=2, batch_size=50, device="cpu")
    estimator = train_estimator(
        "alices", sample, sample, NetworkSettings((8,)), settings, family="quadratic_ratio"
    ).estimator
    assert estimator.nuisance == ("nu",)
    x = rng.normal(size=(20, 2))
    at = estimator.log_ratio(x, [[0.2, 0.1, nu] for nu in (0.0, 1.0, -1.0, 2.0)])  # type: ignore[union-attr]
    linear, quadratic = (at[1] - at[2]) / 2.0, (at[1] + at[2] - 2.0 * at[0]) / 2.0
    np.testing.assert_allclose(at[3], at[0] + 2.0 * linear + 4.0 * quadratic, atol=1e-5)


def test_doubly_parameterised_ratios_are_antisymmetric() -> None:
    estimator = trained("doubly_parameterised_ratio")
    assert isinstance(estimator, DoublyParameterisedRatio)
    x = np.random.default_rng(4).normal(size=(30, 2))
    a, b = np.array([0.3, -0.5]), np.array([-0.2, 0.7])
    one, other = estimator.log_ratio_between(x, [a], b), estimator.log_ratio_between(x, [b], a)
    np.testing.assert_allclose(one, -other, atol=1e-6)
    np.testing.assert_allclose(estimator.log_ratio_between(x, [a], a), 0.0, atol=1e-6)
    np.testing.assert_allclose(estimator.log_ratio_between(x, [a], (0.0, 0.0)), estimator.log_ratio(x, [a]), atol=1e-6)
    assert np.abs(one).max() > 1e-3


def test_pointwise_weights_are_cardinal() -> None:
    estimator = trained("pointwise_ratio")
    assert isinstance(estimator, PointwiseRatio)
    points = estimator.network.points.numpy().astype(float)
    np.testing.assert_allclose(estimator.weights(points), np.eye(len(points)), atol=1e-8)
    np.testing.assert_allclose(estimator.weights(np.zeros((1, 2))), 0.0, atol=1e-8)
    line = points @ np.array([2.0, -1.0])  # linear functions, zero at the reference, come out exactly
    at = np.array([[0.13, -0.4]])
    assert (estimator.weights(at) @ line)[0] == pytest.approx(float(at[0] @ [2.0, -1.0]), abs=1e-9)


def test_a_point_that_is_the_reference_has_no_ratio_but_one(tmp_path: Path) -> None:
    points = np.vstack([POINTS, [[0.0, 0.0]]])
    samples = exact.ratio_sample(900, 1, points), exact.ratio_sample(300, 2, points)
    settings = TrainingSettings(epochs=1, batch_size=100, device="cpu")
    estimator = train_estimator("alice", *samples, NetworkSettings((8,)), settings, family="pointwise_ratio").estimator
    assert isinstance(estimator, PointwiseRatio)
    x = np.random.default_rng(5).normal(size=(20, 2))
    np.testing.assert_allclose(estimator.log_ratio(x, [[0.0, 0.0]]), 0.0, atol=1e-9)
    own = estimator.network.all_points(torch.from_numpy(x.astype(np.float32))).detach().numpy()
    for point, expected in zip(estimator.network.points.numpy().astype(float), own, strict=True):
        if np.any(point != 0.0):
            np.testing.assert_allclose(estimator.log_ratio(x, [point])[0], expected, atol=1e-6)
    save_estimator(tmp_path / "model", estimator)
    session = onnxruntime.InferenceSession(tmp_path / "model" / "model.onnx", providers=["CPUExecutionProvider"])
    theta = exact.points(20, np.random.default_rng(6))
    (exported,) = session.run(None, {"x": x.astype(np.float32), "theta": theta.astype(np.float32)})
    np.testing.assert_allclose(exported[:, 0], estimator.paired_log_ratio(x, theta), atol=1e-5)


def test_densities_are_normalised_and_give_their_own_samples() -> None:
    estimator = trained("density", 4000, 4)
    assert isinstance(estimator, Density)
    axis = np.linspace(-8.0, 8.0, 241)
    x = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    theta = np.array([0.2, -0.5])
    p = np.exp(estimator.log_likelihood(x, [theta])[0]) * (axis[1] - axis[0]) ** 2
    assert p.sum() == pytest.approx(1.0, abs=2e-3)
    drawn = estimator.sample(theta, 20_000, seed=1)
    assert drawn.mean(axis=0) == pytest.approx(p @ x, abs=0.05)
    assert (drawn**2).mean(axis=0) == pytest.approx(p @ x**2, rel=0.05)


def test_counts_have_probabilities_that_add_up_to_one() -> None:
    rng = np.random.default_rng(1)
    sample = exact.density_sample(2000, 1)
    sample = replace(sample, x=rng.poisson(5.0, (2000, 2)).astype(np.float32) * np.float32([1.0, 0.0]))
    sample = replace(sample, x=sample.x + np.column_stack([np.zeros(2000), rng.normal(size=2000)]).astype(np.float32))
    settings = TrainingSettings(epochs=2, batch_size=256, device="cpu")
    estimator = train_estimator("nde", sample, sample, NetworkSettings((16,)), settings).estimator
    assert isinstance(estimator, Density)
    assert estimator.description.discrete == (True, False)
    numbers, axis = np.arange(-8.0, 30.0), np.linspace(-8.0, 8.0, 201)
    x = np.stack(np.meshgrid(numbers, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    p = np.exp(estimator.log_likelihood(x, [[0.0, 0.0]])[0]) * (axis[1] - axis[0])
    assert p.sum() == pytest.approx(1.0, abs=0.02)
    assert set(np.unique(estimator.sample([0.0, 0.0], 100, seed=2)[:, 0])) <= set(numbers)


@pytest.mark.parametrize("family", RATIOS)
def test_folders_give_the_same_estimator(family: Family, tmp_path: Path) -> None:
    estimator = trained(family)
    save_estimator(tmp_path / "model", estimator)
    loaded = load_estimator(tmp_path / "model")
    assert type(loaded) is type(estimator)
    assert loaded.description == estimator.description
    rng = np.random.default_rng(9)
    x, theta = rng.normal(size=(25, 2)), exact.points(25, rng)
    expected = estimator.paired_log_ratio(x, theta)  # type: ignore[union-attr]
    np.testing.assert_array_equal(loaded.paired_log_ratio(x, theta), expected)  # type: ignore[union-attr]
    session = onnxruntime.InferenceSession(str(tmp_path / "model" / "model.onnx"), providers=["CPUExecutionProvider"])
    inputs = {"x": x, "theta": theta, "theta0": theta, "theta1": 0.0 * theta}
    names = [one.name for one in session.get_inputs()]
    (exported,) = session.run(None, {name: inputs[name].astype(np.float32) for name in names})
    if isinstance(estimator, Density):
        expected = estimator.log_likelihood(x, theta).diagonal()
    np.testing.assert_allclose(exported.reshape(np.shape(expected)), expected, atol=1e-5)


def test_what_does_not_fit_is_refused() -> None:
    network, settings = NetworkSettings((8,)), TrainingSettings(epochs=1, device="cpu")
    ratio, both, density = exact.ratio_sample(40, 1), exact.doubly_sample(40, 1), exact.density_sample(40, 1)
    wrong: list[tuple[str, Sample, Family | None, str]] = [
        ("alice", density, None, "density sample"),
        ("nde", ratio, None, "ratio sample"),
        ("sally", ratio, None, "ratio sample"),
        ("alice", both, None, "theta1 varies"),
        ("alice", ratio, "doubly_parameterised_ratio", "theta1 is the same"),
        ("alices", exact.ratio_sample(40, 1, POINTS), "pointwise_ratio", "network per point"),
        ("nde", density, "quadratic_ratio", "no method of the family"),
        ("alice", replace(ratio, info=replace(exact.INFO, rate=None)), "quadratic_ratio", "cross section"),
        ("alice", exact.ratio_sample(1000, 1), "pointwise_ratio", "points"),
        ("alice", exact.ratio_sample(40, 1, POINTS[:1]), "pointwise_ratio", "on a line"),
    ]
    for method, sample, family, message in wrong:
        with pytest.raises(TrainingError, match=message):
            train_estimator(method, sample, sample, network, settings, family=family)
    with pytest.raises(TrainingError, match="activation"):
        train_estimator("alices", ratio, ratio, NetworkSettings((8,), "relu"), settings)
    odd = PolynomialRate(((0, 0), (1, 0), (0, 1)), (1.0, 0.0, 0.0))
    sample = replace(ratio, info=replace(exact.INFO, rate=odd))
    with pytest.raises(TrainingError, match="powers"):
        train_estimator("alice", sample, sample, network, settings, family="quadratic_ratio")
