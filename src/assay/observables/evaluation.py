"""Expressions evaluated on all events at once.

Every part of an expression has, beside its values, a mask of the events in which it does not exist (a third jet in an
event with two). Logic treats such conditions as unknown (Kleene's three-valued logic), so that
`len(j) < 2 or j[1].pt < 30` holds for one jet, while `not j[1].pt < 30` does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import ExpressionError
from assay.observables import vectors
from assay.observables.kinematics import Array, Cartesian, Polar, added
from assay.observables.particles import ParticleList, Particles
from assay.observables.reductions import reduced
from assay.observables.user_functions import Argument, UserFunctions, call
from assay.observables.values import Mask, Values, applied, chosen, combined, compared, either, negated
from assay.observables.vectors import ThreeVector, Vector
from assay.study import arithmetic
from assay.study.expressions import Expression
from assay.study.grammar import (
    Attribute,
    Binary,
    Call,
    Comparison,
    Count,
    EventNumber,
    Item,
    Kind,
    Logic,
    Member,
    Method,
    Node,
    Number,
    Reduction,
    Scaled,
    Single,
    Unary,
    UserCall,
    Variable,
    VectorCall,
    speaks_of_members,
)
from assay.study.grammar import Particles as ListNode
from assay.study.vocabulary import METHODS, THREE_VECTOR_METHODS, VECTOR_FUNCTIONS

Located = tuple[Vector, Mask]
"""A vector in every event, and where it is missing."""


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
    """Evaluates expressions on the same events; particles and their properties are looked up once.

    Parameters
    ----------
    particles
        The events.
    variables
        Observables computed earlier, each of shape `(n_events,)`.
    functions
        The study's own functions, by name.
    """

    def __init__(
        self, particles: Particles, variables: Mapping[str, Array], functions: UserFunctions | None = None
    ) -> None:
        self._particles = particles
        self._variables = dict(variables)
        self._functions = functions or {}
        self._known: dict[Node, Values] = {}
        self._vectors: dict[Node, Located] = {}
        self._nothing = np.zeros(particles.n_events, dtype=bool)

    def define(self, name: str, values: Array) -> None:
        """Make an observable (NaN where missing) known to the expressions after it."""
        self._variables[name] = values

    def evaluate(self, expression: Expression) -> Values:
        """Evaluate an observable or a cut."""
        with np.errstate(all="ignore"):
            result = self.values(expression.tree)
        values, missing, _ = np.broadcast_arrays(result.values, result.missing, self._nothing)
        return Values(values, missing)

    def values(self, node: Node) -> Values:
        """Return numbers or conditions, of shape `(n_events,)` or alike in all events."""
        match node:
            case Number(value):
                return Values(np.asarray(value, dtype=np.float64), np.asarray(False))
            case Unary("not", operand):
                return negated(self.values(operand))
            case Unary(operator, operand):
                return applied(arithmetic.UNARY[operator], [self.values(operand)])
            case Binary(operator, left, right):
                return applied(arithmetic.BINARY[operator], [self.values(left), self.values(right)])
            case Comparison(operators, operands):
                return compared(operators, [self.values(operand) for operand in operands])
            case Logic(operator, operands):
                return combined(operator, [self.values(operand) for operand in operands])
            case Call("where", (condition, first, otherwise)):
                return chosen(self.values(condition), self.values(first), self.values(otherwise))
            case Call(function, arguments):
                return applied(arithmetic.FUNCTIONS[function], [self.values(argument) for argument in arguments])
        if node not in self._known:
            self._known[node] = self._looked_up(node)
        return self._known[node]

    def vector(self, node: Node) -> Located:
        """Return a vector in every event, and where it is missing."""
        if node not in self._vectors:
            self._vectors[node] = self._made(node)
        return self._vectors[node]

    def _looked_up(self, node: Node) -> Values:
        match node:
            case Variable(name):
                return self._variable(name)
            case EventNumber(name):
                return Values(self._particles.event_number(name), self._nothing)
            case Count(particles):
                return Values(self._particles.list(particles.collection).counts.astype(np.float64), self._nothing)
            case Attribute(vector, name):
                return self._attribute(vector, name)
            case Method() | VectorCall():
                result, missing = self._vector_function(node)
                if isinstance(result, np.ndarray):
                    return Values(result, missing)
            case Reduction(function, particles, body) if body is not None:
                members = self._particles.list(particles.collection)
                return reduced(function, members, Members(self, members).values(body))
            case UserCall():
                return self._user_call(node)
        raise ExpressionError(f"{type(node).__name__} has no value of its own")

    def _variable(self, name: str) -> Values:
        if name not in self._variables:
            raise ExpressionError(f"the observable {name!r} is not defined before it is used")
        values = self._variables[name]
        return Values(values, np.isnan(values))

    def _attribute(self, node: Node, name: str) -> Values:
        if name == "charge" and isinstance(node, Binary):
            function = arithmetic.BINARY[node.operator]
            return applied(function, [self._attribute(part, name) for part in (node.left, node.right)])
        vector, missing = self.vector(node)
        if name in ("charge", "pdgid", "spin") and not (isinstance(vector, Polar) and name in vector.properties):
            raise ExpressionError(
                f"{name!r} of these particles is not known",
                mend="tau leptons have it without a detector, the generator's particles have a spin in LHE files",
            )
        return Values(vector.get(name), missing)

    def _made(self, node: Node) -> Located:
        match node:
            case Single(name):
                return self._particles.single(name), self._nothing
            case Item(particles, index):
                return self._particles.list(particles.collection).at(index)
            case Reduction("sum", particles, None):
                return self._particles.list(particles.collection).vector_sum, self._nothing
            case Scaled(factor, vector):
                number, (scaled, missing) = self.values(factor), self.vector(vector)
                multiple = vectors.scaled(arithmetic.number(number.values), vectors.momentum(scaled))
                return multiple, either([number.missing, missing])
            case Binary(operator, left, right):
                (a, a_missing), (b, b_missing) = self.vector(left), self.vector(right)
                sign = 1.0 if operator == "+" else -1.0
                if isinstance(a, ThreeVector) or isinstance(b, ThreeVector):
                    total: Vector = vectors.added(vectors.momentum(a), vectors.momentum(b), sign)
                else:
                    total = added(a, b, sign)
                return total, a_missing | b_missing
            case Method() | VectorCall():
                result, missing = self._vector_function(node)
                if not isinstance(result, np.ndarray):
                    return result, missing
        raise ExpressionError(f"{type(node).__name__} is not a vector")

    def _vector_function(self, node: Method | VectorCall) -> tuple[Array | Vector, Mask]:
        given: list[Array | Vector] = []
        masks = [self._nothing]
        if isinstance(node, VectorCall):
            function, signature = vectors.FUNCTIONS[node.function], VECTOR_FUNCTIONS[node.function]
        else:
            owner, missing = self.vector(node.vector)
            three = isinstance(owner, ThreeVector)
            function = (vectors.THREE_VECTOR_METHODS if three else vectors.METHODS)[node.name]
            signature = (THREE_VECTOR_METHODS if three else METHODS)[node.name]
            given.append(owner)
            masks.append(missing)
        for kinds, argument in zip(signature.arguments, node.arguments, strict=True):
            if Kind.NUMBER in kinds:
                number = self.values(argument)
                given.append(arithmetic.number(number.values))
                masks.append(number.missing)
            else:
                vector, missing = self.vector(argument)
                given.append(vector)
                masks.append(missing)
        return function(*given), either(masks)

    def _user_call(self, node: UserCall) -> Values:
        name = node.function
        if name not in self._functions:
            raise ExpressionError(f"the function {name!r} of the study's own is not known")
        arguments: list[Argument] = []
        masks = [self._nothing]
        for kind, argument in zip(node.kinds, node.arguments, strict=True):
            if isinstance(argument, ListNode):
                arguments.append(self._particles.list(argument.collection))
            elif kind is Kind.NUMBER:
                number = self.values(argument)
                arguments.append(number.values)
                masks.append(number.missing)
            else:
                vector, missing = self.vector(argument)
                arguments.append(vector)
                masks.append(missing)
        missing = either(masks)
        result = call(name, self._functions[name], arguments, missing)
        return Values(result, missing | np.isnan(result))


class Members(Evaluator):
    """Evaluates what is said of the members of a list, one after the other, within a reduction.

    Parameters
    ----------
    events
        What does not speak of members is evaluated per event, and repeated for every member.
    members
        The list.
    """

    def __init__(self, events: Evaluator, members: ParticleList) -> None:
        self._events = events
        self._members = members
        self._known = {}
        self._vectors = {}
        self._nothing = np.zeros(len(members.event), dtype=bool)

    def values(self, node: Node) -> Values:
        """Return numbers or conditions, of shape `(n_particles,)` or alike for all members."""
        if speaks_of_members(node):
            return super().values(node)
        found = self._events.values(node)
        return Values(self._repeated(found.values), self._repeated(found.missing))

    def vector(self, node: Node) -> Located:
        """Return a vector for every member, and where it is missing."""
        if isinstance(node, Member):
            return self._members.momenta, self._nothing
        if speaks_of_members(node):
            return super().vector(node)
        vector, missing = self._events.vector(node)
        return self._vector_repeated(vector), self._repeated(missing)

    def _vector_repeated(self, vector: Vector) -> Vector:
        if isinstance(vector, ThreeVector):
            return ThreeVector(*(self._repeated(part) for part in (vector.x, vector.y, vector.z)))
        if isinstance(vector, Polar):
            pt, eta, phi, m = (self._repeated(vector.get(name)) for name in ("pt", "eta", "phi", "m"))
            return Polar(pt, eta, phi, m, {name: self._repeated(v) for name, v in vector.properties.items()})
        return Cartesian(*(self._repeated(part) for part in (vector.px, vector.py, vector.pz, vector.e)))

    def _repeated(self, values: Array | Mask) -> NDArray[Any]:
        return values if np.ndim(values) == 0 else values[self._members.event]
