"""The part of the expression language that speaks of particles: `j[0].pt`, `len(j)`, `sum(j.pt > 30)`, `met`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from assay.study.faults import Fault, fault_at
from assay.study.grammar import Count, EventNumber, Item, Kind, Member, Particles, Reduction, Single, UserCall
from assay.study.translation import Typed
from assay.study.vectors import VECTORS, VectorTranslator
from assay.study.vocabulary import (
    COLLECTION_SYNONYMS,
    COLLECTIONS,
    EVENT_NUMBERS,
    METHOD_SYNONYMS,
    METHODS,
    REDUCTION_SYNONYMS,
    REDUCTIONS,
    SINGLES,
)

_MAXIMUM_INDEX = 99
_ALSO_OF_NUMBERS = ("min", "max")


class ParticleTranslator(VectorTranslator):
    """Translates observables and cuts.

    Parameters
    ----------
    variables
        Names of observables defined earlier.
    functions
        The study's own functions, with their fewest and most arguments.
    """

    def __init__(self, variables: tuple[str, ...], functions: Mapping[str, tuple[int, int]]) -> None:
        super().__init__(variables)
        self._user_functions = functions
        self._members: list[str] | None = None  # collections whose members are spoken of, within a reduction
        self._rules[ast.Subscript] = self._item

    def _names(self) -> tuple[str, ...]:
        return (*super()._names(), *COLLECTIONS, *SINGLES)

    def _function_names(self) -> tuple[str, ...]:
        return (*super()._function_names(), "len", *REDUCTIONS, *self._user_functions)

    def _name(self, node: ast.Name) -> Typed:
        name = COLLECTION_SYNONYMS.get(node.id, node.id)
        if name in COLLECTIONS:
            return Particles(name), Kind.LIST
        if name in SINGLES:
            return Single(name), Kind.FOUR_VECTOR
        if name in EVENT_NUMBERS and name not in self._variables:
            return EventNumber(name), Kind.NUMBER
        return super()._name(node)

    def _item(self, node: ast.Subscript) -> Typed:
        particles, kind = self.translate(node.value)
        if not isinstance(particles, Particles):
            raise fault_at(node.value, f"{kind.value} has no places", expected="a list of particles, as in 'j[0]'")
        return Item(particles, _index(node.slice)), Kind.PARTICLE

    def _owner(self, node: ast.Attribute) -> Typed:
        tree, kind = self.translate(node.value)
        if not isinstance(tree, Particles):
            return tree, kind
        if self._members is None:
            name = METHOD_SYNONYMS.get(node.attr, node.attr)
            if name in METHODS:
                raise fault_at(node, f"a list of particles has no '{name}'", mend=f"write 'j[0].{name}(...)'")
            mend = "take one particle, as in 'j[0].pt', or all, as in 'sum(j.pt)'"
            raise fault_at(node, f"a list of particles has no '{node.attr}'", mend=mend)
        self._members.append(tree.collection)
        return Member(tree.collection), Kind.PARTICLE

    def _function(self, node: ast.Call, name: str) -> Typed:
        if name in self._user_functions:
            return self._user_call(node, name)
        name = REDUCTION_SYNONYMS.get(name, name)
        if name == "len":
            return self._count(node)
        if name in REDUCTIONS and (len(node.args) == 1 or name not in _ALSO_OF_NUMBERS):
            return self._reduction(node, name)
        return super()._function(node, name)

    def _count(self, node: ast.Call) -> Typed:
        particles = self.translate(node.args[0])[0] if len(node.args) == 1 else None
        if not isinstance(particles, Particles):
            raise fault_at(node, "'len' takes one list of particles", mend="write 'len(j)'")
        return Count(particles), Kind.NUMBER

    def _reduction(self, node: ast.Call, name: str) -> Typed:
        if len(node.args) != 1:
            mend = f"write '{name}(j.pt)'"
            raise fault_at(node, f"{name!r} takes one list, not {len(node.args)} arguments", mend=mend)
        argument = node.args[0]
        with self._speaking_of_members() as members:
            body, kind = self.translate(argument)
        if isinstance(body, Particles):
            if name != "sum":
                raise fault_at(node, f"the {name} of particles needs a property", mend=f"write '{name}(j.pt)'")
            return Reduction(name, body, None), Kind.FOUR_VECTOR
        if not members:
            raise fault_at(argument, f"{name!r} needs a list of particles here", expected="'j.pt', 'a.eta > 1', ...")
        if len(set(members)) > 1:
            what = f"{name!r} goes through one list, not {' and '.join(dict.fromkeys(members))} at once"
            raise fault_at(argument, what, mend="take one particle of the others, as in 'a[0]'")
        condition = name in ("any", "all")
        tree = self._condition(argument, (body, kind)) if condition else self._as_number(argument, (body, kind))
        return Reduction(name, Particles(members[0]), tree), Kind.CONDITION if condition else Kind.NUMBER

    @contextmanager
    def _speaking_of_members(self) -> Iterator[list[str]]:
        outer, self._members = self._members, []
        try:
            yield self._members
        finally:
            self._members = outer

    def _user_call(self, node: ast.Call, name: str) -> Typed:
        fewest, most = self._user_functions[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise fault_at(node, f"{name!r} takes {wanted} arguments, not {len(node.args)}")
        if self._members is not None:
            raise fault_at(node, "functions of the study's own are of events, not of the members of a list")
        arguments = [self._user_argument(argument) for argument in node.args]
        kinds = tuple(kind for _, kind in arguments)
        return UserCall(name, tuple(tree for tree, _ in arguments), kinds), Kind.NUMBER

    def _user_argument(self, node: ast.expr) -> Typed:
        tree, kind = self.translate(node)
        if kind is Kind.LIST or kind in VECTORS:
            return tree, kind
        return self._as_number(node, (tree, kind)), Kind.NUMBER


def _index(node: ast.expr) -> int:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, inner = -1, node.operand
    else:
        inner = node
    value = inner.value if isinstance(inner, ast.Constant) else None
    if not isinstance(value, int) or isinstance(value, bool) or value > _MAXIMUM_INDEX or (sign < 0 and value == 0):
        raise _not_a_place(node)
    return sign * value


def _not_a_place(node: ast.expr) -> Fault:
    expected = f"one whole number from 0 to {_MAXIMUM_INDEX}, or -1 for the last"
    return fault_at(node, "not a place in a list", expected=expected)
