"""The events of the benchmarks are what they claim: polynomials in the parameters, in any number of them."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

pytestmark = pytest.mark.fast


CASES = [(1, 1, 3), (2, 1, 6), (4, 1, 15), (8, 1, 45), (5, 2, 126)]


@pytest.mark.parametrize(("parameters", "parts", "benchmarks"), CASES)
def test_weights_are_polynomials_at_every_benchmark(parameters: int, parts: int, benchmarks: int) -> None:
    table = importlib.import_module("made_events").made_events(400, 9, parameters, parts)
    assert table.weights.shape == (400, benchmarks)
    assert table.x.shape == (400, 9)
    assert (table.weights > 0).all()
    own = table.weights[np.arange(400), table.benchmark_index]
    counts = np.bincount(table.benchmark_index, minlength=benchmarks)
    np.testing.assert_allclose(own, 1.0 / counts[table.benchmark_index])
    at = table.morphing.weights(table.space.benchmark_values)
    np.testing.assert_allclose(table.weights @ at.T, table.weights, rtol=1e-6)
    # not a benchmark: the amplitudes themselves say what is right
    half = np.full((400, parameters), 0.5)
    linear = 0.3 * np.random.default_rng(7).normal(size=(parts, 2, 400, parameters))

    def squared(theta: np.ndarray) -> np.ndarray:
        amplitudes = np.array([1.0, 0.3])[:, None] + np.einsum("nkep,ep->nke", linear, theta)
        return (amplitudes**2).sum(axis=1).prod(axis=0)

    truth = own * squared(half) / squared(table.space.benchmark_values[table.benchmark_index])
    found = (table.weights @ table.morphing.weights(half[:1]).T)[:, 0]
    np.testing.assert_allclose(found, truth, rtol=1e-6)
