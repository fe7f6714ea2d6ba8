from __future__ import annotations

import numpy as np
import pytest

from assay.errors import ExpressionError
from assay.study import arithmetic, vocabulary
from assay.study.arithmetic import evaluate
from assay.study.expressions import parse

pytestmark = pytest.mark.fast


def formula(text: str, **variables: object) -> np.ndarray:
    return evaluate(parse(text, particles=False, variables=tuple(variables)), variables)  # type: ignore[arg-type]


def test_every_function_of_the_grammar_is_implemented() -> None:
    assert set(arithmetic.FUNCTIONS) == set(vocabulary.FUNCTIONS) - {"pow"}  # pow is an operator
    assert set(vocabulary.FUNCTION_SYNONYMS.values()) <= set(vocabulary.FUNCTIONS)


def test_parameter_transform() -> None:
    np.testing.assert_allclose(formula("16.52*theta", theta=[0.0, 1.0, -2.0]), [0.0, 16.52, -33.04])


def test_shapes() -> None:
    assert formula("16.52*theta", theta=2.0).shape == ()
    assert formula("x + y", x=np.ones((3, 1)), y=np.ones(4)).shape == (3, 4)
    assert formula("3.5", x=np.ones((2, 2))).shape == (2, 2)


def test_the_result_is_a_writable_copy() -> None:
    x = np.ones(3)
    result = formula("x", x=x)
    result[0] = 7.0
    assert x[0] == 1.0


def test_efficiency_formula_by_regions() -> None:
    text = "where(abs(eta) <= 1.5, 0.95, where(abs(eta) <= 2.5, 0.85, 0)) * (pt > 10)"
    result = formula(text, pt=[5.0, 20.0, 20.0, 20.0], eta=[0.0, -1.5, 2.0, 3.0])
    np.testing.assert_array_equal(result, [0.0, 0.95, 0.85, 0.0])


def test_chained_comparisons_and_logic() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0])
    np.testing.assert_array_equal(formula("0 < x <= 2", x=x), [0, 1, 1, 0])
    np.testing.assert_array_equal(formula("x < 1 or x > 2", x=x), [1, 0, 0, 1])
    np.testing.assert_array_equal(formula("not (x < 1 or x > 2)", x=x), [0, 1, 1, 0])
    np.testing.assert_array_equal(formula("x > 0 and x != 2 and x < 3", x=x), [0, 1, 0, 0])


def test_conditions_are_zero_and_one_in_arithmetic() -> None:
    x = np.array([0.0, 2.0])
    np.testing.assert_array_equal(formula("(x > 1) - (x < 1)", x=x), [-1.0, 1.0])
    np.testing.assert_array_equal(formula("-(x > 1)", x=x), [0.0, -1.0])
    np.testing.assert_array_equal(formula("(x > 1) + (x > 0)", x=x), [0.0, 2.0])
    np.testing.assert_array_equal(formula("sqrt(x > 1)", x=x), [0.0, 1.0])


def test_the_branch_not_taken_may_be_undefined() -> None:
    np.testing.assert_allclose(formula("where(x > 0, log(x), -1)", x=[0.0, np.e]), [-1.0, 1.0])


@pytest.mark.parametrize(
    ("text", "x"), [("log(x)", 0.0), ("sqrt(x)", -1.0), ("1/x", 0.0), ("exp(x)", 1e4), ("x", np.nan)]
)
def test_results_that_are_not_finite_are_refused(text: str, x: float) -> None:
    with pytest.raises(ExpressionError, match="is not finite at x = "):
        formula(text, x=[1.0, x])


def test_a_value_for_every_name_is_needed() -> None:
    with pytest.raises(ExpressionError, match="no value for 'theta'"):
        evaluate(parse("theta", particles=False, variables=("theta",)), {"phi": 1.0})


def test_particles_have_no_place_in_formulas() -> None:
    with pytest.raises(ExpressionError, match="cannot use particles"):
        evaluate(parse("j[0].pt"), {})


def test_whole_numbers_do_not_overflow_or_divide_as_integers() -> None:
    assert formula("3**20 * 3**20", x=1) == 3.0**40
    assert formula("1/2", x=1) == 0.5
    assert formula("2**-1", x=1) == 0.5
