"""Expressions evaluated on all events at once.

Every part of an expression has, beside its values, a mask of the events in which it does not exist (a third jet in an
event with two). Logic treats such conditions as unknown (Kleene's three-valued logic), so that
`len(j) < 2 or j[1].pt < 30` holds for one jet, while `not j[1].pt < 30` does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import ExpressionError
from assay.observables.kinematics import Array, Momenta, added, separation
from assay.observables.particles import Particles
from assay.study import arithmetic
from assay.study.expressions import Expression
from assay.study.grammar import (
    Attribute,
    Binary,
    Call,
    Comparison,
    Count,
    Item,
    Logic,
    Node,
    Number,
    Reduction,
    Separation,
    Single,
    Unary,
    Variable,
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Values:
    """Results per event, each of shape `(n_events,)`; numbers are NaN, conditions False, where missing."""

    values: Array | Mask
    missing: Mask


def evaluate(expression: Expression, objects: ak.Array, variables: Mapping[str, Array] | None = None) -> Array:
    """Evaluate an observable, or a cut as 0 and 1.

    Parameters
    ----------
    expression
        A parsed expression.
    objects
        Events as `assay.simulation.objects` describes them.
    variables
        Observables computed earlier, each of shape `(n_events,)`.

    Returns
    -------
    Array
        Shape `(n_events,)`, float64; NaN where an event lacks an object of the expression.
    """
    result = Evaluator(Particles(objects), variables or {}).evaluate(expression)
    return np.where(result.missing, np.nan, result.values.astype(np.float64))


class Evaluator:
    """Evaluates expressions on the same events; particles and their properties are looked up once."""

    def __init__(self, particles: Particles, variables: Mapping[str, Array]) -> None:
        self._particles = particles
        self._variables = dict(variables)
        self._known: dict[Node, Values] = {}
        self._nothing = np.zeros(particles.n_events, dtype=bool)

    def define(self, name: str, values: Array) -> None:
        """Make an observable (NaN where missing) known to the expressions after it."""
        self._variables[name] = values

    def evaluate(self, expression: Expression) -> Values:
        """Evaluate an observable or a cut."""
        with np.errstate(all="ignore"):
            result = self._values(expression.tree)
        values, missing, _ = np.broadcast_arrays(result.values, result.missing, self._nothing)
        return Values(values, missing)

    def _values(self, node: Node) -> Values:
        match node:
            case Number(value):
                return Values(np.asarray(value, dtype=np.float64), np.asarray(False))
            case Variable(name):
                return self._variable(name)
            case Unary("not", operand):
                inner = self._values(operand)
                return Values(~inner.values.astype(bool) & ~inner.missing, inner.missing)
            case Unary(operator, operand):
                return self._apply(arithmetic.UNARY[operator], operand)
            case Binary(operator, left, right):
                return self._apply(arithmetic.BINARY[operator], left, right)
            case Comparison(operators, operands):
                return self._comparison(operators, operands)
            case Logic(operator, operands):
                return _logic(operator, [self._values(operand) for operand in operands])
            case Call("where", (condition, chosen, otherwise)):
                return _choice(self._values(condition), self._values(chosen), self._values(otherwise))
            case Call(function, arguments):
                return self._apply(arithmetic.FUNCTIONS[function], *arguments)
            case Count(particles):
                return Values(self._particles.list(particles.collection).counts.astype(np.float64), self._nothing)
            case Reduction(function, particles, str(attribute)):
                return self._reduction(function, particles.collection, attribute)
            case Attribute(particle, name):
                if node not in self._known:
                    momenta, missing = self._momenta(particle)
                    self._known[node] = Values(momenta.get(name), missing)
                return self._known[node]
            case Separation(name, first, second):
                (a, a_missing), (b, b_missing) = self._momenta(first), self._momenta(second)
                return Values(separation(name, a, b), a_missing | b_missing)
        raise ExpressionError(f"{type(node).__name__} has no value of its own")

    def _variable(self, name: str) -> Values:
        if name not in self._variables:
            raise ExpressionError(f"the observable {name!r} is not defined before it is used")
        values = self._variables[name]
        return Values(values, np.isnan(values))

    def _apply(self, function: arithmetic.Function, *nodes: Node) -> Values:
        inputs = [self._values(node) for node in nodes]
        missing = np.logical_or.reduce(np.broadcast_arrays(*(value.missing for value in inputs)))
        return Values(function(*(arithmetic.number(value.values) for value in inputs)), missing)

    def _comparison(self, operators: tuple[str, ...], operands: tuple[Node, ...]) -> Values:
        inputs = [self._values(operand) for operand in operands]
        numbers = np.broadcast_arrays(*(arithmetic.number(value.values) for value in inputs))
        # a comparison with what is not a number is unknown: it must not come true by being negated
        unknown = np.logical_or.reduce(
            np.broadcast_arrays(*(value.missing for value in inputs), *(np.isnan(values) for values in numbers))
        )
        return Values(arithmetic.compare(operators, numbers).astype(bool) & ~unknown, unknown)

    def _reduction(self, function: str, collection: str, attribute: str) -> Values:
        particles = self._particles.list(collection)
        values = particles.momenta.get(attribute)
        if function == "sum":
            return Values(particles.sums(values), self._nothing)
        return Values(*particles.extremes(values, largest=function == "max"))

    def _momenta(self, node: Node) -> tuple[Momenta, Mask]:
        match node:
            case Single("met"):
                return self._particles.met, self._nothing
            case Item(particles, index):
                return self._particles.list(particles.collection).at(index)
            case Reduction("sum", particles, None):
                return self._particles.list(particles.collection).vector_sum(), self._nothing
            case Binary(operator, left, right):
                (a, a_missing), (b, b_missing) = self._momenta(left), self._momenta(right)
                return added(a, b, 1.0 if operator == "+" else -1.0), a_missing | b_missing
        raise ExpressionError(f"{type(node).__name__} is not a particle")


def _logic(operator: str, operands: list[Values]) -> Values:
    values = np.broadcast_arrays(*(operand.values.astype(bool) for operand in operands))
    missing = np.broadcast_arrays(*(operand.missing for operand in operands))
    decisive = operator == "or"  # one True decides an `or`, one False an `and`
    decided = np.logical_or.reduce([(v == decisive) & ~m for v, m in zip(values, missing, strict=True)])
    unknown = np.logical_or.reduce(missing) & ~decided
    return Values(decided if decisive else ~decided & ~unknown, unknown)


def _choice(condition: Values, chosen: Values, otherwise: Values) -> Values:
    pick = condition.values.astype(bool)
    missing = condition.missing | np.where(pick, chosen.missing, otherwise.missing)
    values = np.where(pick, arithmetic.number(chosen.values), arithmetic.number(otherwise.values))
    return Values(np.where(missing, np.nan, values), missing)
