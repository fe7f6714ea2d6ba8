from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.study.expressions import evaluate, parse
from assay.study.polynomials import coefficients_of

pytestmark = pytest.mark.fast


def of(text: str) -> list[float] | None:
    found = coefficients_of(parse(text, variables=("theta",), particles=False))
    return None if found is None else found.tolist()


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [
        ("theta", [0, 1]),
        ("3", [3]),
        ("16.52*theta", [0, 16.52]),
        ("-(theta + 1)**2/2", [-0.5, -1, -0.5]),
        ("pow(theta, 3) - theta*theta*theta + theta", [0, 1]),
        ("sqrt(4)*theta - +theta**0", [-1, 2]),
        ("1.0e-3*theta**2", [0, 0, 1e-3]),
    ],
)
def test_polynomials(text: str, coefficients: list[float]) -> None:
    assert of(text) == pytest.approx(coefficients)


@pytest.mark.parametrize(
    "text",
    ["exp(theta)", "abs(theta)", "1/theta", "theta**0.5", "theta**-1", "2**theta", "theta**theta", "theta > 0",
     "where(theta > 0, theta, 0)", "theta**20 * theta**20", "(theta**20)**2", "theta % 1", "theta/0", "min(theta, 1)"],
)  # fmt: skip
def test_anything_else(text: str) -> None:
    assert of(text) is None


FORMULAS = st.recursive(
    st.sampled_from(["theta", "2", "0.5", "-1.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"-({t})"),
        inner.map(lambda t: f"({t})**2"),
        inner.map(lambda t: f"({t}) / 4"),
    ),
    max_leaves=5,
)


@given(FORMULAS)
def test_coefficients_give_the_formulas_values(text: str) -> None:
    coefficients = of(text)
    if coefficients is None:
        return
    theta = np.linspace(-1.0, 1.3, 7)
    values = evaluate(parse(text, variables=("theta",), particles=False), {"theta": theta})
    found = np.polynomial.polynomial.polyval(theta, coefficients)
    size = max(1.0, float(np.abs(coefficients).max()), float(np.abs(values).max()))
    np.testing.assert_allclose(found, values, rtol=0, atol=1e-9 * size)
