"""Powers of production and decay, morphing with finite differences: madminer 0.9.6 gets our weights from our files."""

import numpy as np
import pytest

from assay.events.eventfile import EventTable, ObservableInfo, Sample, read_event_file, write_event_file
from assay.theory.basis import optimise_basis
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace
from assay.theory.shifts import with_shifted

pytestmark = pytest.mark.slow

EXACT = 1e-9
N_EVENTS, CROSS_SECTION = 200, 0.7
BOX = np.array([(-1.0, 1.0), (-1.0, 1.0)])


def benchmarks_at(points):
    return tuple(Benchmark(f"b{i}", tuple(map(float, point))) for i, point in enumerate(points))


def production_and_decay():
    """a in production and decay, b in production alone."""
    powers = ((2, 2), (2, 0))
    rows = components(powers, (2, 2))
    parameters = tuple(Parameter(n, "dim6", i, (-1.0, 1.0), powers[i], "16.52*theta") for i, n in enumerate("ab"))
    space = ParameterSpace(parameters, benchmarks_at(optimise_basis(rows, BOX, [[0.0, 0.0]], n_starts=1)))
    return space, Morphing.of_space(space, (2, 2))


def differences(central):
    """Morphing in a, differences in b."""
    rows = components([2, 0], 2)
    parameters = Parameter("a", "dim6", 0, (-1.0, 1.0)), Parameter("b", "mass", 25, (-0.5, 0.5), 0, "125 + theta")
    base = benchmarks_at([(0.0, 0.0), (0.8, 0.0), (-0.9, 0.0)])
    benchmarks, shifts = with_shifted(base, [0, 1, 2], [1], ["a", "b"], 0.5, central)
    space = ParameterSpace(parameters, benchmarks)
    return space, FiniteDifferences.from_base(rows, space.benchmark_values, shifts, space.benchmark_names)


CASES = {
    "production and decay": (production_and_decay, 1.0),
    "central differences": (lambda: differences(True), 0.0),  # what madminer morphs knows nothing of b
    "forward differences": (lambda: differences(False), 0.0),
}


@pytest.mark.parametrize("case", CASES)
def test_benchmark_and_morphed_weights(madminer, tmp_path, case):
    make, of_b = CASES[case]
    space, morphing = make()
    rng = np.random.default_rng(8)
    weights = rng.uniform(0.5, 1.5, (N_EVENTS, len(space.benchmarks))) * CROSS_SECTION / N_EVENTS
    weights[:, 0] = CROSS_SECTION / N_EVENTS
    table = EventTable(
        space,
        morphing,
        (ObservableInfo("pt", "j[0].pt"),),
        (Sample("run", "b0", N_EVENTS, CROSS_SECTION, 0.01),),
        rng.normal(size=(N_EVENTS, 1)),
        weights,
        np.zeros(N_EVENTS, dtype=np.int32),
    )
    path = tmp_path / "ours.h5"
    write_event_file(path, table)
    ours = read_event_file(path)
    assert type(ours.morphing) is type(morphing)
    np.testing.assert_array_equal(ours.space.max_powers, space.max_powers)
    theta = rng.uniform(-1, 1, (6, 2)) * [1.0, of_b]

    found = madminer("read", path=path, thetas=theta.tolist())
    np.testing.assert_allclose(found["scaled_benchmark_weights"], ours.weights, rtol=EXACT)
    expected = ours.weights @ ours.morphing.weights(theta).T
    np.testing.assert_allclose(found["weights"], expected.T, rtol=0, atol=EXACT * np.abs(expected).max())

    read = madminer("morphing", path=path, thetas=theta.tolist())
    assert read["benchmarks"] == {b.name: list(b.values) for b in space.benchmarks}
    expected = morphing.weights(theta)
    np.testing.assert_allclose(read["weights"], expected, rtol=0, atol=EXACT * np.abs(expected).max())
    gradients = np.swapaxes(morphing.weight_gradients(theta), 1, 2)
    described = [0, 1] if of_b else [0]
    size = np.abs(gradients).max()
    np.testing.assert_allclose(
        np.array(read["gradients"])[:, described], gradients[:, described], rtol=0, atol=EXACT * size
    )
