"""Formulas that are polynomials: which ones, and of which degree."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from assay.study.arithmetic import FUNCTIONS
from assay.study.grammar import Binary, Call, Node, Number, Unary, Variable
from assay.study.parsing import Expression

_HIGHEST = 32


def coefficients_of(expression: Expression) -> NDArray[np.float64] | None:
    """Return the coefficients of a formula of one variable, the constant first.

    Parameters
    ----------
    expression
        Parsed with one variable and `particles=False`.

    Returns
    -------
    The last coefficient is not zero, unless it is the only one; None for what is no polynomial, or of a degree above
    32, or is written in a way that does not show that it is one (`theta**2 / theta`).
    """
    with np.errstate(all="ignore"):
        found = _coefficients(expression.tree)
    return (
        None
        if found is None or not np.isfinite(found).all()
        else np.asarray(polynomial.polytrim(found), dtype=np.float64)
    )


def _coefficients(node: Node) -> NDArray[np.float64] | None:
    match node:
        case Number(value):
            return np.array([value])
        case Variable():
            return np.array([0.0, 1.0])
        case Unary("-" | "+" as sign, operand):
            inner = _coefficients(operand)
            return None if inner is None else np.asarray(-inner if sign == "-" else inner)
        case Binary(operator, left, right):
            first, second = _coefficients(left), _coefficients(right)
            return None if first is None or second is None else _binary(operator, first, second)
        case Call(function, arguments):
            inputs = [_coefficients(argument) for argument in arguments]
            values = [found[0] for found in inputs if found is not None and len(found) == 1]
            return np.array([float(FUNCTIONS[function](*values))]) if len(values) == len(arguments) else None
    return None


def _binary(operator: str, left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64] | None:
    constant = float(right[0]) if len(right) == 1 else None
    match operator:
        case "+":
            return np.asarray(polynomial.polyadd(left, right))
        case "-":
            return np.asarray(polynomial.polysub(left, right))
        case "*" if len(left) + len(right) <= _HIGHEST:
            return np.asarray(polynomial.polymul(left, right))
        case "/" if constant:
            return left / constant
        case "**" if constant is not None and constant in range(_HIGHEST // max(1, len(left) - 1) + 1):
            return np.asarray(polynomial.polypow(left, int(constant)))
    return None
