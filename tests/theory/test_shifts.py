import numpy as np
import pytest

from assay.errors import MorphingError
from assay.theory.parameters import Benchmark
from assay.theory.shifts import Shifts, with_shifted

pytestmark = pytest.mark.fast

BENCHMARKS = (Benchmark("sm", (0.0, 125.0)), Benchmark("far", (1.0, 126.0)), Benchmark("w", (1.0, 125.0)))


@pytest.mark.parametrize("central", [False, True])
def test_shifted_benchmarks(central):
    benchmarks, shifts = with_shifted(BENCHMARKS, [0, 2], [1], ["c", "mass"], 0.5, central)
    assert benchmarks[:3] == BENCHMARKS
    values = {benchmark.name: benchmark.values for benchmark in benchmarks[3:]}
    expected = {"sm_plus_mass": (0.0, 125.5), "w_plus_mass": (1.0, 125.5)}
    if central:
        expected |= {"sm_minus_mass": (0.0, 124.5), "w_minus_mass": (1.0, 124.5)}
    assert values == expected
    assert [benchmarks[b].name for b in shifts.plus[:, 0]] == ["sm_plus_mass", "w_plus_mass"]
    assert (shifts.minus is not None) == central
    assert shifts.epsilon == 0.5


def test_every_parameter_has_its_own():
    benchmarks, shifts = with_shifted(BENCHMARKS, [0], [0, 1], ["c", "mass"], 0.5)
    assert [[benchmarks[b].name for b in row] for row in shifts.plus] == [["sm_plus_c", "sm_plus_mass"]]
    assert [[benchmarks[b].name for b in row] for row in shifts.minus] == [["sm_minus_c", "sm_minus_mass"]]


def test_layers_have_common_values():
    points = np.array([benchmark.values for benchmark in BENCHMARKS])
    indices = np.array([[3], [4], [5]])
    shifts = Shifts(np.array([1]), np.array([0, 1, 2]), indices, None, 0.5)
    assert [layer.tolist() for layer in shifts.layers(points)] == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("base", "plus", "minus", "epsilon", "message"),
    [
        ([0], [[1]], None, 0.0, "epsilon"),
        ([0], [[1]], None, np.nan, "epsilon"),
        ([0, 1], [[1]], None, 0.1, "one for each of 2 base benchmarks"),
        ([0], [[1]], [[1, 2]], 0.1, "one for each of 1 base benchmarks"),
        ([], np.empty((0, 1), dtype=int), None, 0.1, "0 base benchmarks"),
    ],
)
def test_contradictions_are_refused(base, plus, minus, epsilon, message):
    lowered = None if minus is None else np.array(minus)
    with pytest.raises(MorphingError, match=message):
        Shifts(np.array([0]), np.array(base), np.array(plus), lowered, epsilon)
