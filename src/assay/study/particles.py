"""The part of the expression language that speaks of particles: `j[0].pt`, `(a[0] + a[1]).m`, `len(j)`, `sum(j.pt)`."""

from __future__ import annotations

import ast

from assay.study.faults import Fault, fault_at
from assay.study.grammar import (
    ATTRIBUTE_SYNONYMS,
    COLLECTION_SYNONYMS,
    COLLECTIONS,
    KINEMATICS,
    PROPERTIES,
    REDUCTIONS,
    SEPARATION_SYNONYMS,
    SEPARATIONS,
    SINGLES,
    Attribute,
    Binary,
    Count,
    Item,
    Kind,
    Node,
    Particles,
    Reduction,
    Separation,
    Single,
)
from assay.study.translation import FormulaTranslator, Typed, is_prefix

_VECTORS = (Kind.PARTICLE, Kind.FOUR_VECTOR)
_MAXIMUM_INDEX = 99


class ParticleTranslator(FormulaTranslator):
    """Translates observables and cuts; `variables` are the names of observables defined earlier."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        super().__init__(variables)
        self._rules[ast.Subscript] = self._item

    def _names(self) -> tuple[str, ...]:
        return (*super()._names(), *COLLECTIONS, *SINGLES)

    def _function_names(self) -> tuple[str, ...]:
        return (*super()._function_names(), "len", "sum")

    def _name(self, node: ast.Name) -> Typed:
        name = COLLECTION_SYNONYMS.get(node.id, node.id)
        if name in COLLECTIONS:
            return Particles(name), Kind.LIST
        if name in SINGLES:
            return Single(name), Kind.PARTICLE
        return super()._name(node)

    def _vector(self, node: ast.expr) -> Node:
        tree, kind = self.translate(node)
        if kind is Kind.LIST:
            raise fault_at(node, "a list of particles where one particle is needed", mend="take one, as in 'j[0]'")
        if kind not in _VECTORS:
            raise fault_at(node, f"{kind.value} where a particle is needed", expected="a particle such as 'j[0]'")
        return tree

    def _binary(self, node: ast.BinOp) -> Typed:
        operator = self._operator(node)
        left, kind = self.translate(node.left)
        if kind not in _VECTORS:
            left = self._as_number(node.left, (left, kind))
            return self._arithmetic(node, operator, left, self._numeric(node.right)), Kind.NUMBER
        if operator not in "+-":
            mend = "take a property, such as '.pt' or '.m'"
            raise fault_at(node, "particles can be added and subtracted, no more", mend=mend)
        return Binary(operator, left, self._vector(node.right)), Kind.FOUR_VECTOR

    def _item(self, node: ast.Subscript) -> Typed:
        particles, kind = self.translate(node.value)
        if not isinstance(particles, Particles):
            raise fault_at(node.value, f"{kind.value} has no places", expected="a list of particles, as in 'j[0]'")
        return Item(particles, _index(node.slice)), Kind.PARTICLE

    def _attribute(self, node: ast.Attribute) -> Typed:
        if is_prefix(node.value):
            return super()._attribute(node)
        tree, kind = self.translate(node.value)
        name = ATTRIBUTE_SYNONYMS.get(node.attr, node.attr)
        if name in SEPARATIONS or name in SEPARATION_SYNONYMS:
            raise fault_at(node, f"'{name}' needs another particle", mend=f"write 'j[0].{name}(j[1])'")
        if kind is Kind.LIST:
            mend = "take one particle, as in 'j[0].pt', or all, as in 'sum(j.pt)'"
            raise fault_at(node, f"a list of particles has no '{name}'", mend=mend)
        if kind not in _VECTORS:
            expected = "a particle before the dot, such as 'j[0]'"
            raise fault_at(node.value, f"{kind.value} has no '{name}'", expected=expected)
        _check_property(node, name, tree.particles.collection if isinstance(tree, Item) else None)
        return Attribute(tree, name), Kind.NUMBER

    def _method(self, node: ast.Call) -> Typed:
        function = node.func
        if not isinstance(function, ast.Attribute):
            return super()._method(node)
        name = SEPARATION_SYNONYMS.get(function.attr, function.attr)
        if name not in SEPARATIONS:
            if node.args:
                known = (*SEPARATIONS, *KINEMATICS)
                raise fault_at(node, f"{name!r} is not a function of another particle", found=name, known=known)
            return self._attribute(function)
        if len(node.args) != 1:
            mend = f"write 'j[0].{name}(j[1])'"
            raise fault_at(node, f"'{name}' takes one particle, not {len(node.args)}", mend=mend)
        return Separation(name, self._vector(function.value), self._vector(node.args[0])), Kind.NUMBER

    def _function(self, node: ast.Call, name: str) -> Typed:
        if name == "len" or (name in REDUCTIONS and (len(node.args) == 1 or name == "sum")):
            return self._reduction(node, name)
        return super()._function(node, name)

    def _reduction(self, node: ast.Call, name: str) -> Typed:
        if len(node.args) != 1:
            raise fault_at(
                node, f"{name!r} takes one list of particles, not {len(node.args)}", mend=f"write '{name}(j)'"
            )
        argument, attribute = node.args[0], None
        if isinstance(argument, ast.Attribute) and name != "len":
            attribute = ATTRIBUTE_SYNONYMS.get(argument.attr, argument.attr)
        particles, _ = self.translate(argument.value if isinstance(argument, ast.Attribute) else argument)
        if not isinstance(particles, Particles) or (isinstance(argument, ast.Attribute) and name == "len"):
            raise fault_at(argument, f"{name!r} needs a list of particles here", expected="'j', 'a', 'l', ...")
        if attribute is not None:
            _check_property(argument, attribute, particles.collection)
        if name == "len":
            return Count(particles), Kind.NUMBER
        if attribute is None and name != "sum":
            raise fault_at(node, f"the {name} of particles needs a property", mend=f"write '{name}(j.pt)'")
        kind = Kind.FOUR_VECTOR if attribute is None else Kind.NUMBER
        return Reduction(name, particles, attribute), kind


def _check_property(node: ast.expr, name: str, collection: str | None) -> None:
    of_this = tuple(known for known, collections in PROPERTIES.items() if collection in collections)
    if name not in (*KINEMATICS, *of_this):
        owner = COLLECTIONS[collection] if collection is not None else "this"
        what = f"{owner} {'have' if collection is not None else 'has'} no property {name!r}"
        raise fault_at(node, what, found=name, known=(*KINEMATICS, *of_this))


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
