"""Powers in production and decay, and finite differences, through the stages to samples, SALLY and a histogram."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from assay.events.eventfile import read_event_file, read_setup_file
from assay.events.pool import EventPool
from assay.sampling.samples import ScoreSample
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.fast

Chain = Any
METHODS = {"sally": {"kind": "sally"}, "histogram": {"kind": "histogram", "observables": ["pt_j1"], "bins": 4}}
MORPHING: dict[str, Any] = {
    "production and decay": {"max_overall_power": [2, 2]},
    "finite differences": {"finite_differences": {"parameters": ["CPWL2"], "epsilon": 1.2}},
}
BENCHMARKS = {"production and decay": (9, 9), "finite differences": (3, 9)}
"""At how many benchmarks events are generated, and how many there are."""
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=MORPHING)
def made(
    request: pytest.FixtureRequest, small_chain: Callable[..., Chain], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Chain]:
    """The stages of a study up to the samples."""
    default = yaml.safe_load((ROOT / "input" / "input.yml").read_text())
    parameters = default["parameters"]
    if request.param == "production and decay":
        parameters["CWL2"]["max_power"], parameters["CPWL2"]["max_power"] = [2, 1], [2, 0]
    else:
        del parameters["CPWL2"]["max_power"]
    chain = small_chain(
        tmp_path_factory.mktemp("chain"),
        parameters=parameters,
        morphing=MORPHING[request.param],
        process={**default["process"], "events_per_benchmark": 200, "jobs_per_benchmark": 1},
        execution={**default.get("execution", {}), "jobs_per_step": 12},
        methods=METHODS,
    )
    return request.param, chain


def test_every_benchmark_has_weights_and_those_of_the_basis_events(made: tuple[str, Chain]) -> None:
    kind, chain = made
    table = read_event_file(chain.combined)
    assert (len(set(table.benchmark_index)), len(table.space.benchmarks)) == BENCHMARKS[kind]
    assert isinstance(table.morphing, FiniteDifferences) == (kind == "finite differences")
    theta = [[0.3, 0.2], [-0.5, 0.0]]
    expected = read_setup_file(chain.setup).morphing.weights(theta)
    np.testing.assert_allclose(table.morphing.weights(theta), expected, rtol=0, atol=1e-12)


def test_samples_have_the_scores_of_the_squared_amplitude(made: tuple[str, Chain]) -> None:
    """It is quadratic in both parameters together: with that alone the benchmarks give the same scores."""
    _, chain = made
    table = read_event_file(chain.combined)
    pool = EventPool.from_table(table)
    quadratic = Morphing.from_basis(components((2, 2), 2), table.space.benchmark_values)
    reference = table.space.reference_values
    weights = pool.weights @ quadratic.weights(reference)
    gradients = pool.weights @ quadratic.weight_gradients(reference)
    expected = gradients / weights[:, None]
    sample = ScoreSample.load(chain.folder / "sample" / "score" / "train")
    rows = np.abs(pool.x[:, :1] - sample.x[:, 0]).argmin(axis=0)
    np.testing.assert_allclose(pool.x[rows], sample.x, rtol=1e-5, atol=1e-4)
    # from all of them the same is subtracted: the mean over the events that may be drawn
    difference, size = sample.t_xz - expected[rows], np.abs(expected[rows]).max(axis=0)
    np.testing.assert_array_less(np.ptp(difference, axis=0), 1e-4 * size)
    assert np.all(np.ptp(sample.t_xz, axis=0) > 0.1 * size)


@pytest.mark.parametrize("method", METHODS)
def test_methods_learn_from_them(made: tuple[str, Chain], method: str) -> None:
    _, chain = made
    published = chain.published("sample")
    samples = dict(zip(published["methods"], published["samples"], strict=True))[method]
    trained = chain.train(f"train_{method}", method, samples)
    assert trained.exception is None, trained.output
    evaluated = chain.evaluate(f"evaluate_{method}", method, samples, chain.folder / f"train_{method}" / "model")
    assert evaluated.exception is None, evaluated.output
    assert list((chain.folder / f"evaluate_{method}").rglob("*.json"))
