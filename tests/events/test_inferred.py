from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.eventfile import read_event_file
from assay.events.inferred import DrawnAt, inferred_samples
from assay.events.pool import EventPool

pytestmark = pytest.mark.fast

MADMINER = Path(__file__).parents[1] / "data" / "madminer-0.9.6.h5"


def infer(space, own, drawn_at, chunk=1000):
    seen = DrawnAt.nowhere(space)
    for start in range(0, len(own), chunk):
        seen = seen.updated(own[start : start + chunk], drawn_at[start : start + chunk])
    return inferred_samples(space, seen)


def test_samples_follow_from_the_constant_weights(toy):
    drawn_at = np.array([1, -1, 0, 1, -1, 1])
    own = np.array([0.2, 5.0, 0.1, 0.2, 7.0, 0.2])
    sm, a, background = infer(toy.space, own, drawn_at)
    assert (sm, a, background) == infer(toy.space, own, drawn_at, chunk=2)
    assert (a.name, a.n_generated, a.cross_section) == ("a", 3, pytest.approx(0.6))
    assert (sm.name, sm.n_generated, sm.cross_section) == ("sm", 1, pytest.approx(0.1))
    assert (background.benchmark, background.n_generated, background.cross_section) == (None, 2, pytest.approx(12.0))


def test_errors_of_inferred_samples_are_those_of_independent_events(toy, rng):
    """With unknown efficiencies the squared error has to be sum w^2."""
    table = toy.table([("sm", 3000), ("a", 2000)], rng, cut=0.4)
    samples = infer(toy.space, table.own_weights, table.benchmark_index)
    assert all(isinstance(s.cross_section_error, float) for s in samples)
    pool = EventPool.from_table(replace(table, samples=samples))
    theta = np.array([[0.0, 0.0], [0.4, -0.3], [0.9, 0.1]])
    _, errors = pool.cross_section(theta)
    np.testing.assert_allclose(errors, np.sqrt((pool.event_weights(theta) ** 2).sum(axis=0)), rtol=0.02)


@pytest.mark.parametrize("negative", [0.0, 0.2])
def test_weights_of_any_size_and_sign_add_up(toy, rng, negative):
    """Several runs at one benchmark with weights of their own each, as MadMiner puts them together."""
    table = toy.table([("sm", 2000)], rng, cut=0.4)
    factors = np.where(np.arange(table.n_events) < 500, 0.3, 1.7) * np.where(
        rng.random(table.n_events) < negative, -1.0, 1.0
    )
    table = replace(table, weights=factors[:, None] * table.weights)
    samples = infer(toy.space, table.own_weights, table.benchmark_index)
    pool = EventPool.from_table(replace(table, samples=samples))
    theta = np.array([[0.0, 0.0], [0.4, -0.3]])
    values, errors = pool.cross_section(theta)
    weights = table.weights @ toy.morphing.weights(theta).T
    np.testing.assert_allclose(values, weights.sum(axis=0), rtol=1e-10)
    # where all events are of one sample, the squared error at its benchmark is sum w^2 and no more
    assert errors[0] == pytest.approx(np.sqrt((weights[:, 0] ** 2).sum()), rel=1e-10)
    assert errors[1] == pytest.approx(np.sqrt((weights[:, 1] ** 2).sum()), rel=0.02)


@pytest.mark.parametrize(
    ("own", "drawn_at", "message"),
    [
        ([0.1, -0.11], [0, 0], "sample sm"),
        ([0.1, 0.1], [0, 6], "sampling_benchmarks runs from 0 to 6"),
        ([0.1, 0.1], [0, -2], "sampling_benchmarks runs from -2 to 0"),
        ([0.0, 0.0], [0, 0], "sample sm"),
    ],
)
def test_what_cannot_be_inferred_is_refused(toy, own, drawn_at, message):
    with pytest.raises(EventFileError, match=message):
        infer(toy.space, np.array(own), np.array(drawn_at))


def test_a_file_that_madminer_wrote(toy):
    table = read_event_file(MADMINER)
    assert table.x.shape == (25, 2)
    assert table.space.benchmark_names == toy.space.benchmark_names
    assert [p.transform for p in table.space.parameters] == ["16.52*theta", None]
    np.testing.assert_allclose(table.morphing.matrix, toy.morphing.matrix, atol=1e-9)
    assert [(s.name, s.n_generated) for s in table.samples] == [("sm", 15), ("a", 10)]
    assert table.samples[0].cross_section == pytest.approx(toy.cross_section((0, 0)))
    assert table.samples[1].cross_section == pytest.approx(toy.cross_section((1, 0)))
    densities = np.stack([toy.density(table.x[:, 0], b) for b in table.space.benchmark_values], axis=1)
    np.testing.assert_allclose(table.weights / table.weights[:, :1], densities / densities[:, :1], rtol=1e-6)
