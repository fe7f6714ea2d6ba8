import numpy as np
import pytest

from assay.errors import ExpressionError, ParameterError
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

ONE = Parameter("one", "dim6", 2, (-1.0, 1.0), 2, "16.52*theta")
TWO = Parameter("two", "dim6", 5, (-2.0, 3.0))
SM = Benchmark("sm", (0.0, 0.0))
BSM = Benchmark("bsm", (0.5, -1.0))


def test_arrays_of_a_space():
    space = ParameterSpace((ONE, TWO), (SM, BSM))
    assert space.names == ("one", "two")
    assert space.reference == "sm"
    assert space.n_parameters == 2
    assert space.max_powers == (2, 2)
    np.testing.assert_array_equal(space.ranges, [[-1, 1], [-2, 3]])
    np.testing.assert_array_equal(space.benchmark_values, [[0, 0], [0.5, -1]])
    np.testing.assert_array_equal(ParameterSpace((ONE, TWO), (SM, BSM), "bsm").reference_values, [0.5, -1])
    assert space.index_of("bsm") == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ParameterSpace((), (SM,)), "no parameters"),
        (lambda: ParameterSpace((ONE, TWO), ()), "no benchmarks"),
        (lambda: ParameterSpace((ONE, ONE), (SM,)), "parameter names repeat: one"),
        (lambda: ParameterSpace((ONE, TWO), (SM, SM)), "benchmark names repeat: sm"),
        (lambda: ParameterSpace((ONE,), (SM,)), "benchmark sm"),
        (lambda: ParameterSpace((ONE, TWO), (Benchmark("x", (0.0, np.nan)),)), "benchmark x"),
        (lambda: ParameterSpace((ONE, TWO), (SM,), "nowhere"), "no benchmark 'nowhere'"),
        (lambda: Parameter("p", "dim6", 1, (1.0, 1.0)), "range"),
        (lambda: Parameter("p", "dim6", 1, (0.0, np.inf)), "range"),
        (lambda: Parameter("p", "dim6", 1, (0.0, 1.0), -1), "maximal power"),
        (lambda: Parameter("p", "dim6", 1, (0.0, 1.0), (2, -1)), "maximal power"),
        (lambda: Parameter("p", "dim6", 1, (0.0, 1.0), ()), "maximal power"),
    ],
)
def test_contradictions_are_named(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_transform_gives_the_entry_of_the_parameter_card():
    np.testing.assert_allclose(CardEntry("dim6", 1, "16.52*theta").value([0.0, 0.5]), [0.0, 8.26])
    np.testing.assert_allclose(CardEntry("dim6", 1, "3").value([0.1, 0.2]), [3.0, 3.0])
    space = ParameterSpace((ONE, TWO), (SM, BSM))
    np.testing.assert_allclose(space.card_values(space.benchmark_values), [[0, 0], [8.26, -1]])


@pytest.mark.parametrize(
    "transform", ["__import__('os').system('true')", "theta.real", "x + 1", "theta +", "open('f')"]
)
def test_transform_runs_no_code(transform):
    with pytest.raises(ExpressionError):
        CardEntry("dim6", 1, transform).value([0.1])


def test_a_parameter_sets_several_entries():
    further = CardEntry("mass", 25, "125 + theta**2"), CardEntry("dim6", 7)
    both = ParameterSpace((Parameter("p", "dim6", 2, (-1.0, 1.0), 2, "2*theta", None, further), TWO), (SM, BSM))
    assert [(entry.block, entry.id) for entry in both.card_entries] == [
        ("dim6", 2),
        ("mass", 25),
        ("dim6", 7),
        ("dim6", 5),
    ]
    np.testing.assert_allclose(both.card_values([[0.5, -1.0]]), [[1.0, 125.25, 0.5, -1.0]])
    assert both.max_powers == (2, 2)
