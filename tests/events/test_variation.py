"""Nuisance parameters and backgrounds in the pool, against a process whose dependence is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from assay.errors import EventFileError, SystematicsError
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.events.table import EventTable, NuisanceParameter, NuisanceWeights, Sample, Systematic
from assay.events.variation import nuisance_dependence

pytestmark = pytest.mark.fast

THETA = np.array([[0.0, 0.0], [0.4, -0.3], [-0.9, 0.9]])
NU = np.array([[0.0, 0.0], [1.0, -0.5], [-1.7, 2.0]])
PARAMETERS = (NuisanceParameter("scale", "muf", "up", "down"), NuisanceParameter("lumi", "lumi", "lumi_up", None))
SYSTEMATICS = (Systematic("muf", "scale", "0.5,2", "muf", ("signal",)), Systematic("lumi", "normalisation", "0.1"))
BACKGROUND = 3.0  # pb, falling as 2 (1 - x)


def exponent(x, nu):
    return (0.3 * x - 0.1) * nu[0] + 0.05 * x**2 * nu[0] ** 2 + np.log(1.1) * nu[1]


def with_background(toy, runs, rng, n_background=600, negative=0.2, cut=0.3) -> EventTable:
    """Signal, and a background of which a share of the generated events has weights below zero, with variations."""
    signal = toy.table(runs, rng, cut=0.0)
    x = 1 - np.sqrt(rng.uniform(size=n_background))
    sign = np.where(rng.uniform(size=n_background) < negative, -1.0, 1.0)
    weights = BACKGROUND * sign / n_background / (1 - 2 * negative)
    x_all = np.concatenate([signal.x[:, 0], x])
    all_weights = np.concatenate([signal.weights, np.tile(weights[:, None], 6)])
    index = np.concatenate([signal.sample_index, np.full(n_background, len(signal.samples), dtype=np.int32)])
    samples = (*signal.samples, Sample("bkg", None, n_background, BACKGROUND, 0.0, "continuum", 1.5))
    reference, on_signal = all_weights[:, 0], np.where(index < len(signal.samples), 1.0, 0.0)

    def varied(nu):
        return reference * np.exp(on_signal * exponent(x_all, (nu[0], 0.0)) + exponent(0 * x_all, (0.0, nu[1])))

    columns = np.stack([varied((1, 0)), varied((-1, 0)), varied((0, 1))], axis=1)
    keep = x_all > cut
    return EventTable(
        signal.space,
        signal.morphing,
        signal.observables,
        samples,
        np.stack([x_all, np.sin(7 * x_all)], axis=1)[keep],
        all_weights[keep],
        index[keep],
        nuisance=NuisanceWeights(("up", "down", "lumi_up"), columns[keep], PARAMETERS, SYSTEMATICS),
    )


def truth(toy, theta, nu, cut=0.3) -> float:
    signal = quad(lambda x: toy.density(x, theta) * np.exp(exponent(x, nu)), cut, 1.0)[0]
    return signal + BACKGROUND * (1 - cut) ** 2 * 1.1 ** nu[1]


RUNS = [("sm", 600), ("a", 300), ("d", 450), ("sm", 200)]


@pytest.fixture
def table(toy, rng):
    return with_background(toy, RUNS, rng)


@pytest.fixture(scope="module")
def repeated(toy):
    rng = np.random.default_rng(3)
    found = []
    for _ in range(200):
        pool = EventPool.from_table(with_background(toy, RUNS, rng))
        found.append((pool.cross_section(THETA, NU), pool.select(Partition.TRAIN).cross_section(THETA, NU)))
    return np.moveaxis(np.array(found), 0, 2)  # (whole or part, value or error, repetition, theta)


@pytest.mark.parametrize("part", [0, 1])
def test_pulls_are_standard_normal_at_any_theta_and_nu(toy, repeated, part):
    values, errors = repeated[part]
    pull = (values - [truth(toy, theta, nu) for theta, nu in zip(THETA, NU, strict=True)]) / errors
    assert np.all(np.abs(pull.mean(axis=0)) < 4 / np.sqrt(len(pull)))
    assert np.all(np.abs(pull.std(axis=0) - 1) < 4 / np.sqrt(2 * len(pull)) + 0.02)


@pytest.mark.parametrize(("sample", "factor"), [(-1, 1.2), (-1, 0.7)])
def test_pulls_show_a_wrong_cross_section(toy, rng, sample, factor):
    pulls = []
    for _ in range(30):
        right = with_background(toy, RUNS, rng)
        wrong = (right.sample_index == len(right.samples) + sample)[:, None]
        values, errors = EventPool.from_table(
            replace(right, weights=np.where(wrong, factor, 1.0) * right.weights)
        ).cross_section(THETA[0])
        pulls.append(((values - truth(toy, THETA[0], NU[0])) / errors).item())
    assert abs(np.mean(pulls)) > 8 / np.sqrt(30)


def test_without_nuisance_parameters_nothing_changes(toy, table):
    pool, without = EventPool.from_table(table), EventPool.from_table(replace(table, nuisance=None))
    for name in ("cross_section", "effective_sample_size", "event_weights"):
        for one, other in zip(getattr(pool, name)(THETA), getattr(without, name)(THETA), strict=True):
            np.testing.assert_array_equal(one, other)
        at_zero = getattr(pool, name)(THETA, nu=np.zeros(2))
        np.testing.assert_allclose(at_zero, getattr(pool, name)(THETA), rtol=1e-14)
    assert without.nuisance_names == ()
    assert without.constraints.terms == ()
    with pytest.raises(SystematicsError, match="0 nuisance parameters"):
        without.event_weights(THETA, [1.0, 0.0])


def test_sizes_are_those_of_the_weights(table):
    pool = EventPool.from_table(table)
    weights = pool.event_weights(THETA, NU)
    sizes = weights.sum(axis=0) ** 2 / (weights**2).sum(axis=0)
    np.testing.assert_allclose(pool.effective_sample_size(THETA, NU), sizes, rtol=1e-12)
    np.testing.assert_allclose(pool.cross_section(THETA, NU)[0], weights.sum(axis=0), rtol=1e-12)
    chunks = [w for _, w in pool.iterate_event_weights(THETA, chunk=1, nu=NU)]
    np.testing.assert_allclose(np.concatenate(chunks, axis=1), weights, rtol=1e-12)


def test_a_systematic_leaves_other_samples_alone(table):
    pool = EventPool.from_table(table)
    background = pool.stratum == len(pool.strata) - 1
    weights = pool.event_weights(THETA[:1], [[2.0, 0.0]]) / pool.event_weights(THETA[:1])
    np.testing.assert_allclose(weights[background], 1.0, rtol=1e-12)
    assert np.all(np.abs(weights[~background] - 1) > 1e-4)


def test_what_variations_leave_open_is_told(table):
    nuisance = table.nuisance
    assert nuisance is not None
    columns = nuisance.weights.copy()
    columns[:5, 0] = 0.0  # up alone
    columns[5:8, 2] *= -1.0  # the only variation
    pool = EventPool.from_table(replace(table, nuisance=replace(nuisance, weights=columns)))
    scale, lumi = pool.described
    assert (scale.n_one_sided, scale.n_constant) == (5, 0)
    assert (lumi.n_one_sided, lumi.n_constant) == (0, 3)
    assert 0.0 < lumi.share < 0.05
    assert "3 without" in str(lumi)
    assert np.all(np.isfinite(pool.event_weights(THETA, NU)))


def test_gradients_agree_with_autograd(table):
    pool = EventPool.from_table(table)
    assert pool.dependence is not None
    theta = torch.tensor(THETA[1], requires_grad=True)
    nu = torch.tensor(NU[1], requires_grad=True)
    powers = torch.tensor(pool.morphing.components)
    morphing = torch.prod(theta[None] ** powers, dim=1) @ torch.tensor(pool.morphing.matrix)
    nominal = torch.tensor(pool.weights) @ morphing
    a, b = torch.tensor(pool.dependence.linear), torch.tensor(pool.dependence.quadratic)
    weights = nominal * torch.exp(a @ nu + b @ nu**2)
    np.testing.assert_allclose(
        pool.event_weights(THETA[1], NU[1])[:, 0], weights.detach().numpy(), rtol=1e-10, atol=1e-15
    )
    by_theta, by_nu = pool.event_weight_gradients(THETA[1], NU[1]), pool.nuisance_gradients(THETA[1], NU[1])
    for event in range(0, pool.n_events, 150):
        expected = torch.autograd.grad(weights[event], (theta, nu), retain_graph=True)
        np.testing.assert_allclose(by_theta[event], expected[0].numpy(), rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(by_nu[event], expected[1].numpy(), rtol=1e-9, atol=1e-14)
    at_zero = pool.nuisance_gradients(THETA[1])
    np.testing.assert_allclose(at_zero, pool.nuisance_gradients(THETA[1], [0.0, 0.0]), rtol=1e-12)


def test_backgrounds_have_no_score(table):
    pool = EventPool.from_table(table)
    background = pool.stratum == len(pool.strata) - 1
    gradients = pool.event_weight_gradients(THETA[1])
    assert np.abs(gradients[background]).max() < 1e-12 * np.abs(gradients).max()
    np.testing.assert_allclose(pool.event_weights(THETA)[background], table.weights[background][:, :3], rtol=1e-10)


def test_files_keep_everything(tmp_path, table):
    write_event_file(tmp_path / "events.h5", table)
    again = read_event_file(tmp_path / "events.h5")
    assert again.samples == table.samples
    assert again.nuisance is not None
    assert again.nuisance.parameters == PARAMETERS
    assert again.nuisance.systematics == SYSTEMATICS
    np.testing.assert_array_equal(again.k_factors, np.where(table.benchmark_index < 0, 1.5, 1.0))
    one, other = EventPool.from_table(table), EventPool.from_table(again)
    np.testing.assert_array_equal(one.event_weights(THETA, NU), other.event_weights(THETA, NU))


def test_parameters_with_few_or_no_benchmarks(table):
    nuisance = table.nuisance
    assert nuisance is not None
    down_only = replace(nuisance, parameters=(NuisanceParameter("n", "s", None, "down"),))
    factors = nuisance_dependence(replace(table, nuisance=down_only)).factors([[-1.0], [1.0]])
    expected = nuisance.weights[:, 1] / table.weights[:, 0]
    np.testing.assert_allclose(factors, np.stack([expected, 1 / expected], axis=1), rtol=1e-12)
    nothing = replace(nuisance, parameters=(NuisanceParameter("n", "s", None, None),))
    np.testing.assert_array_equal(nuisance_dependence(replace(table, nuisance=nothing)).factors([1.0]), 1.0)
    unknown = replace(nuisance, parameters=(NuisanceParameter("n", "s", "sideways"),))
    with pytest.raises(EventFileError, match="sideways"):
        EventPool.from_table(replace(table, nuisance=unknown))
