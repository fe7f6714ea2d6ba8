"""What a part of an expression is in every event, and how such parts are combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.observables.kinematics import Array
from assay.study import arithmetic

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Values:
    """Results per event, each of shape `(n_events,)`; numbers are NaN, conditions False, where missing."""

    values: Array | Mask
    missing: Mask


def either(masks: Sequence[Mask]) -> Mask:
    """Return where any of several masks holds."""
    return np.asarray(np.logical_or.reduce(np.broadcast_arrays(*masks)))


def applied(function: Callable[..., Array], inputs: Sequence[Values]) -> Values:
    """Apply a function of numbers; missing where an argument is."""
    missing = either([value.missing for value in inputs])
    return Values(function(*(arithmetic.number(value.values) for value in inputs)), missing)


def negated(operand: Values) -> Values:
    """Return `not`."""
    return Values(~operand.values.astype(bool) & ~operand.missing, operand.missing)


def compared(operators: tuple[str, ...], operands: Sequence[Values]) -> Values:
    """Compare neighbours; unknown with what is missing or not a number: it must not come true by being negated."""
    numbers = np.broadcast_arrays(*(arithmetic.number(value.values) for value in operands))
    unknown = either([*(value.missing for value in operands), *(np.isnan(values) for values in numbers)])
    return Values(arithmetic.compare(operators, numbers).astype(bool) & ~unknown, unknown)


def combined(operator: str, operands: Sequence[Values]) -> Values:
    """Return `and` or `or` of conditions, some of which are unknown."""
    values = np.broadcast_arrays(*(operand.values.astype(bool) for operand in operands))
    missing = np.broadcast_arrays(*(operand.missing for operand in operands))
    decisive = operator == "or"  # one True decides an `or`, one False an `and`
    decided = np.logical_or.reduce([(v == decisive) & ~m for v, m in zip(values, missing, strict=True)])
    unknown = np.logical_or.reduce(missing) & ~decided
    return Values(decided if decisive else ~decided & ~unknown, unknown)


def chosen(condition: Values, first: Values, otherwise: Values) -> Values:
    """Return `first if condition else otherwise`; what is not chosen may be missing."""
    pick = condition.values.astype(bool)
    missing = condition.missing | np.where(pick, first.missing, otherwise.missing)
    values = np.where(pick, arithmetic.number(first.values), arithmetic.number(otherwise.values))
    return Values(np.where(missing, np.nan, values), missing)
