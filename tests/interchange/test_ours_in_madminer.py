"""madminer 0.9.6 reads our files and gets our numbers."""

from dataclasses import replace

import numpy as np
import pytest

from assay.events.combine import combine
from assay.events.eventfile import read_event_file, write_event_file, write_setup_file
from assay.events.pool import EventPool
from assay.events.table import NuisanceParameter, NuisanceWeights, Systematic

from .conftest import random_space, random_table

pytestmark = pytest.mark.slow

EXACT = 1e-9


def close(found, expected):
    np.testing.assert_allclose(np.array(found), expected, rtol=EXACT, atol=EXACT * np.abs(expected).max())


def thetas_of(table, rng, n=4):
    low, high = table.space.ranges.T
    return rng.uniform(low, high, (n, len(low)))


def madminers_weights(table):
    """Weights as madminer pools them: those of the n_t events drawn at benchmark t count n_t / sum n."""
    counts = np.bincount(table.benchmark_index[table.benchmark_index >= 0], minlength=len(table.space.benchmarks))
    factors = np.append(counts / counts.sum(), 1.0)  # the last, -1, is the background
    return table.weights * factors[table.benchmark_index][:, None]


CASES = {
    "one benchmark": (2, {"b0": 300}, 0),
    "all benchmarks": (2, {f"b{i}": 60 + i for i in range(6)}, 0),
    "background": (2, {"b0": 200, "b3": 100, None: 80}, 0),
    "five parameters": (5, {"b0": 200, "b7": 300}, 0),
    "more benchmarks than components": (3, {"b0": 200, "b11": 100}, 4),
}


@pytest.mark.parametrize("case", CASES)
def test_all_numbers(madminer, tmp_path, case):
    rng = np.random.default_rng(1)
    n_parameters, runs, n_extra = CASES[case]
    table = random_table(n_parameters, runs, rng, n_extra)
    thetas = thetas_of(table, rng)
    write_event_file(tmp_path / "events.h5", table)
    found = madminer("read", path=tmp_path / "events.h5", thetas=thetas.tolist())
    assert found["parameters"] == list(table.space.names)
    assert found["benchmarks"] == list(table.space.benchmark_names)
    assert found["observables"] == list(table.observable_names)
    np.testing.assert_array_equal(found["x"], table.x)
    weights = madminers_weights(table)
    close(found["scaled_benchmark_weights"], weights)
    close(found["benchmark_cross_sections"], weights.sum(axis=0))
    close(found["weights"], (weights @ table.morphing.weights(thetas).T).T)
    close(found["cross_sections"], table.morphing.weights(thetas) @ weights.sum(axis=0))
    gradients = np.stack([weights.sum(axis=0) @ table.morphing.weight_gradients(theta) for theta in thetas])
    close(found["cross_section_gradients"], gradients)


def test_cross_sections_of_the_pool(madminer, tmp_path):
    """With the events of one benchmark (and backgrounds) there is one way to pool them."""
    rng = np.random.default_rng(2)
    table = random_table(2, {"b2": 400, None: 100}, rng)
    thetas = thetas_of(table, rng)
    write_event_file(tmp_path / "events.h5", table)
    found = madminer("read", path=tmp_path / "events.h5", thetas=thetas.tolist())
    pool = EventPool.from_table(table)
    close(found["cross_sections"], pool.cross_section(thetas)[0])
    close(found["weights"], pool.event_weights(thetas).T)


def test_combined_files(madminer, tmp_path):
    rng = np.random.default_rng(3)
    whole = random_table(2, {"b0": 150, "b1": 120, "b4": 90}, rng)
    paths = []
    for number, sample in enumerate(whole.samples):
        rows = whole.sample_index == number
        part = replace(
            whole,
            samples=(sample,),
            x=whole.x[rows],
            weights=whole.weights[rows],
            sample_index=np.zeros(rows.sum(), dtype=np.int32),
        )
        paths.append(tmp_path / f"{number}.h5")
        write_event_file(paths[-1], part)
    combine(paths, tmp_path / "combined.h5", seed=5)
    thetas = thetas_of(whole, rng)
    found = madminer("read", path=tmp_path / "combined.h5", thetas=thetas.tolist())
    table = read_event_file(tmp_path / "combined.h5")
    np.testing.assert_array_equal(found["x"], table.x)
    close(found["weights"], (madminers_weights(table) @ table.morphing.weights(thetas).T).T)


def test_nuisance_parameters(madminer, tmp_path):
    rng = np.random.default_rng(4)
    table = random_table(2, {"b0": 200, "b1": 100}, rng)
    factors = np.exp(rng.normal(0.0, 0.1, (table.n_events, 3)))
    nuisance = NuisanceWeights(
        ("scale_up", "scale_down", "pdf_up"),
        table.weights[:, :1] * factors,  # relative to the reference benchmark
        (
            NuisanceParameter("scale", "mu", "scale_up", "scale_down"),
            NuisanceParameter("pdf", "ct10", "pdf_up", None),
        ),
        (Systematic("mu", "scale", "0.5,1.0,2.0", "mu"), Systematic("ct10", "pdf", "CT10")),
    )
    table = replace(table, nuisance=nuisance)
    write_event_file(tmp_path / "events.h5", table)
    thetas, nus = thetas_of(table, rng), rng.normal(size=(3, 2))
    found = madminer("read", path=tmp_path / "events.h5", thetas=thetas.tolist(), nus=nus.tolist())
    assert found["nuisance_parameters"] == ["scale", "pdf"]
    assert found["benchmarks"][6:] == ["scale_up", "scale_down", "pdf_up"]
    # exp(sum_i a_i nu_i + b_i nu_i^2)
    log_factors = np.log(factors)
    a = np.stack([0.5 * (log_factors[:, 0] - log_factors[:, 1]), log_factors[:, 2]])
    b = np.stack([0.5 * (log_factors[:, 0] + log_factors[:, 1]), np.zeros(table.n_events)])
    expected = np.exp(nus @ a + nus**2 @ b)
    close(found["nuisance_factors"], expected)
    nominal = madminers_weights(table) @ table.morphing.weights(thetas).T
    close(found["nuisance_cross_sections"], nominal.T @ expected.T)


def test_cross_sections_of_the_pool_with_nuisance_parameters(madminer, tmp_path):
    rng = np.random.default_rng(9)
    table = random_table(2, {"b0": 300, None: 100}, rng)
    columns = table.weights[:, :1] * np.exp(rng.normal(0.0, 0.1, (table.n_events, 3)))
    parameters = (
        NuisanceParameter("scale", "mu", "scale_up", "scale_down"),
        NuisanceParameter("other", "muf", "other_up", None),
    )
    systematics = (Systematic("mu", "scale", "0.5,1.0,2.0", "mu"), Systematic("muf", "scale", "2.0", "muf"))
    nuisance = NuisanceWeights(("scale_up", "scale_down", "other_up"), columns, parameters, systematics)
    table = replace(table, nuisance=nuisance)
    write_event_file(tmp_path / "events.h5", table)
    thetas, nus = thetas_of(table, rng), rng.normal(size=(3, 2))
    found = madminer("read", path=tmp_path / "events.h5", thetas=thetas.tolist(), nus=nus.tolist())
    pool = EventPool.from_table(table)
    ours = [[pool.cross_section([theta], nu)[0][0] for nu in nus] for theta in thetas]
    close(found["nuisance_cross_sections"], np.array(ours))


@pytest.mark.parametrize("n_parameters", [1, 3])
def test_setup_files(madminer, tmp_path, n_parameters):
    rng = np.random.default_rng(5)
    space, morphing = random_space(n_parameters, 0, rng)
    write_setup_file(tmp_path / "setup.h5", space, morphing)
    thetas = rng.uniform(-1, 1, (3, n_parameters))
    found = madminer("morphing", path=tmp_path / "setup.h5", thetas=thetas.tolist())
    assert found["benchmarks"] == {b.name: list(b.values) for b in space.benchmarks}
    close(found["weights"], morphing.weights(thetas))
    close(found["gradients"], np.swapaxes(morphing.weight_gradients(thetas), 1, 2))
