"""The numerics of the expression language, and formulas of numbers: parameter transforms, efficiencies, resolutions.

All functions act elementwise on float64 arrays; conditions are boolean arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ExpressionError
from assay.study.grammar import Binary, Call, Comparison, Logic, Node, Number, Unary, Variable
from assay.study.parsing import Expression

Array = NDArray[np.float64]
Function = Callable[..., Array]


def _erf(x: Array) -> Array:
    from scipy.special import erf  # heavy, and rarely needed

    return np.asarray(erf(x))


def _choose(condition: Array, chosen: Array, otherwise: Array) -> Array:
    return np.where(condition.astype(bool), chosen, otherwise)


def _smallest(*arguments: Array) -> Array:
    return np.asarray(np.minimum.reduce(np.broadcast_arrays(*arguments)))


def _largest(*arguments: Array) -> Array:
    return np.asarray(np.maximum.reduce(np.broadcast_arrays(*arguments)))


UNARY: Mapping[str, Function] = {"-": np.negative, "+": np.positive, "not": np.logical_not}
BINARY: Mapping[str, Function] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": np.floor_divide,
    "%": np.mod,
    "**": np.power,
}
COMPARISONS: Mapping[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
FUNCTIONS: Mapping[str, Function] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "square": np.square,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "sign": np.sign,
    "erf": _erf,
    "erfc": lambda x: 1.0 - _erf(x),
    "float": np.asarray,
    "int": np.trunc,
    "bool": lambda x: np.asarray(x != 0.0),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "degrees": np.degrees,
    "radians": np.radians,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "arctan2": np.arctan2,
    "hypot": np.hypot,
    "mod": np.mod,
    "copysign": np.copysign,
    "heaviside": np.heaviside,
    "clip": np.clip,
    "min": _smallest,
    "max": _largest,
    "where": _choose,
}


def evaluate(expression: Expression, variables: Mapping[str, ArrayLike]) -> Array:
    """Compute a formula of numbers.

    Parameters
    ----------
    expression
        Parsed with `particles=False`.
    variables
        A number or an array for every name in `expression.names`; arrays are broadcast against each other.

    Returns
    -------
    Array
        Of the common shape of all given variables, used or not; a condition gives 0 and 1.

    Raises
    ------
    ExpressionError
        If a variable is not given, or the result is not finite somewhere.
    """
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in variables.items()}
    for name in expression.names:
        if name not in arrays:
            raise ExpressionError(
                f"no value for {name!r} in '{expression.text}'",
                expected="a value for each of " + ", ".join(expression.names),
            )
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    with np.errstate(all="ignore"):
        result = np.asarray(_compute(expression.tree, arrays), dtype=np.float64)
    result = np.broadcast_to(result, shape).copy()
    _check_finite(result, expression, arrays)
    return result


def _compute(node: Node, variables: Mapping[str, Array]) -> Array:
    match node:
        case Number(value):
            return np.float64(value)  # type: ignore[return-value]
        case Variable(name):
            return variables[name]
        case Unary(operator, operand):
            return UNARY[operator](
                number(_compute(operand, variables)) if operator != "not" else _compute(operand, variables)
            )
        case Binary(operator, left, right):
            return BINARY[operator](number(_compute(left, variables)), number(_compute(right, variables)))
        case Comparison(operators, operands):
            return compare(operators, [number(_compute(operand, variables)) for operand in operands])
        case Logic(operator, operands):
            combine = np.logical_and if operator == "and" else np.logical_or
            return np.asarray(
                combine.reduce(np.broadcast_arrays(*(_compute(operand, variables) for operand in operands)))
            )
        case Call(function, arguments):
            return FUNCTIONS[function](*(number(_compute(argument, variables)) for argument in arguments))
    raise ExpressionError("a formula of numbers cannot use particles")


def number(values: Array | NDArray[np.bool_]) -> Array:
    """Return conditions as 0 and 1, numbers as they are."""
    return np.asarray(values, dtype=np.float64)


def compare(operators: Sequence[str], operands: Sequence[Array]) -> Array:
    """Compare neighbours, as Python does in `a < b <= c`."""
    pairs = zip(operators, operands[:-1], operands[1:], strict=True)
    links = [COMPARISONS[operator](left, right) for operator, left, right in pairs]
    return np.asarray(np.logical_and.reduce(np.broadcast_arrays(*links)))


def _check_finite(result: Array, expression: Expression, variables: Mapping[str, Array]) -> None:
    if np.isfinite(result).all():
        return
    place = tuple(np.argwhere(~np.isfinite(result))[0])
    at = ", ".join(f"{name} = {np.broadcast_to(variables[name], result.shape)[place]:g}" for name in expression.names)
    raise ExpressionError(
        f"'{expression.text}' is not finite" + (f" at {at}" if at else ""),
        mend="mend the formula or the range it is used in",
    )
