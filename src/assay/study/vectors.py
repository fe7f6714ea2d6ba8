"""The part of the expression language that speaks of vectors: `(a[0] + a[1]).m`, `l[0].boostCM_of(l[0] + met).phi`."""

from __future__ import annotations

import ast

from assay.study.faults import fault_at
from assay.study.grammar import Attribute, Binary, Item, Kind, Member, Method, Node, Number, Scaled, Single, VectorCall
from assay.study.translation import FormulaTranslator, Typed, is_prefix
from assay.study.vocabulary import (
    AMBIGUOUS_ATTRIBUTES,
    ATTRIBUTE_SYNONYMS,
    COLLECTIONS,
    COMPONENT_SYNONYMS,
    COMPONENTS,
    KINEMATICS,
    METHOD_SYNONYMS,
    METHODS,
    PROPERTIES,
    TAGS,
    THREE_VECTOR_METHODS,
    VECTOR_FUNCTIONS,
    Signature,
)

FOUR = (Kind.PARTICLE, Kind.FOUR_VECTOR)
VECTORS = (*FOUR, Kind.THREE_VECTOR)
_NUMBERS = (Kind.NUMBER, Kind.CONDITION)


class VectorTranslator(FormulaTranslator):
    """Translates what is made of vectors: sums, properties, functions of one vector and another."""

    def _vector_kinds(self, node: ast.expr, accepted: tuple[Kind, ...]) -> Typed:
        tree, kind = self.translate(node)
        if kind is Kind.LIST:
            raise fault_at(node, "a list of particles where one particle is needed", mend="take one, as in 'j[0]'")
        if kind not in accepted:
            example = "a three-vector such as 'j[0].to_beta3()'" if FOUR[0] not in accepted else "a particle: 'j[0]'"
            raise fault_at(node, f"{kind.value} where {_wanted(accepted)} is needed", expected=example)
        return tree, kind

    def _unary(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.USub | ast.UAdd):
            tree, kind = self.translate(node.operand)
            if kind is Kind.THREE_VECTOR:
                sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
                return Scaled(Number(sign), tree), Kind.THREE_VECTOR
        return super()._unary(node)

    def _binary(self, node: ast.BinOp) -> Typed:
        operator = self._operator(node)
        left, kind = self.translate(node.left)
        if kind in _NUMBERS and operator == "*":
            right, right_kind = self.translate(node.right)
            if right_kind is Kind.THREE_VECTOR:
                return Scaled(left, right), Kind.THREE_VECTOR
        if kind not in VECTORS:
            left = self._as_number(node.left, (left, kind))
            return self._arithmetic(node, operator, left, self._numeric(node.right)), Kind.NUMBER
        if kind is Kind.THREE_VECTOR and operator in "*/":
            factor = self._numeric(node.right)
            return Scaled(factor if operator == "*" else Binary("/", Number(1.0), factor), left), kind
        if operator not in "+-":
            mend = "take a property, such as '.pt' or '.m'"
            raise fault_at(node, "particles can be added and subtracted, no more", mend=mend)
        accepted, result = (FOUR, Kind.FOUR_VECTOR) if kind in FOUR else ((kind,), kind)
        return Binary(operator, left, self._vector_kinds(node.right, accepted)[0]), result

    def _attribute(self, node: ast.Attribute) -> Typed:
        if is_prefix(node.value):
            return super()._attribute(node)
        tree, kind = self._owner(node)
        if kind not in VECTORS:
            expected = "a particle before the dot, such as 'j[0]'"
            raise fault_at(node.value, f"{kind.value} has no '{node.attr}'", expected=expected)
        name = METHOD_SYNONYMS.get(node.attr, node.attr)
        methods = THREE_VECTOR_METHODS if kind is Kind.THREE_VECTOR else METHODS
        if name in methods:
            return self._applied(node, name, methods[name], tree, [])
        if kind is Kind.THREE_VECTOR:
            return _component(node, tree)
        return _property(node, tree)

    def _owner(self, node: ast.Attribute) -> Typed:
        """Translate what stands before the dot."""
        return self.translate(node.value)

    def _method(self, node: ast.Call) -> Typed:
        function = node.func
        if not isinstance(function, ast.Attribute):
            return super()._method(node)
        if not node.args:
            return self._attribute(function)
        tree, kind = self._owner(function)
        name = METHOD_SYNONYMS.get(function.attr, function.attr)
        methods = THREE_VECTOR_METHODS if kind is Kind.THREE_VECTOR else METHODS
        if kind not in VECTORS:
            raise fault_at(function.value, f"{kind.value} has no '{name}'", expected="a particle before the dot")
        if name not in methods:
            known = (*methods, *KINEMATICS)
            raise fault_at(node, f"{name!r} is not a function of another particle", found=name, known=known)
        return self._applied(node, name, methods[name], tree, node.args)

    def _applied(self, node: ast.expr, name: str, signature: Signature, vector: Node, given: list[ast.expr]) -> Typed:
        wanted = len(signature.arguments)
        if len(given) != wanted:
            what = f"'{name}' takes {wanted or 'no'} argument{'s' * (wanted != 1)} in brackets, not {len(given)}"
            example = "(j[1])" if wanted and Kind.PARTICLE in signature.arguments[0] else "(...)" if wanted else "()"
            raise fault_at(node, what, mend=f"write 'j[0].{name}{example}'")
        return Method(name, vector, self._arguments(signature, given)), signature.result

    def _arguments(self, signature: Signature, given: list[ast.expr]) -> tuple[Node, ...]:
        return tuple(
            self._numeric(argument) if kinds == _NUMBERS else self._vector_kinds(argument, kinds)[0]
            for kinds, argument in zip(signature.arguments, given, strict=True)
        )

    def _function(self, node: ast.Call, name: str) -> Typed:
        if name not in VECTOR_FUNCTIONS:
            return super()._function(node, name)
        signature = VECTOR_FUNCTIONS[name]
        if len(node.args) != len(signature.arguments):
            raise fault_at(node, f"{name!r} takes {len(signature.arguments)} arguments, not {len(node.args)}")
        arguments = self._arguments(signature, node.args)
        if name == "boost_to_com":
            return Method("boostCM_of", arguments[0], (Single("all"),)), signature.result
        return VectorCall(name, arguments), signature.result

    def _function_names(self) -> tuple[str, ...]:
        return (*super()._function_names(), *VECTOR_FUNCTIONS)


def _wanted(accepted: tuple[Kind, ...]) -> str:
    if accepted == (Kind.THREE_VECTOR,):
        return "a three-vector"
    return "a particle" if Kind.THREE_VECTOR not in accepted else "a vector"


def _component(node: ast.Attribute, tree: Node) -> Typed:
    name = COMPONENT_SYNONYMS.get(node.attr, node.attr)
    if name not in COMPONENTS:
        raise fault_at(node, f"a three-vector has no property {name!r}", found=name, known=COMPONENTS)
    return Attribute(tree, name), Kind.NUMBER


def _property(node: ast.Attribute, tree: Node) -> Typed:
    name = ATTRIBUTE_SYNONYMS.get(node.attr, node.attr)
    if name == "charge" and isinstance(tree, Binary) and all(map(_has_charge, _summands(tree))):
        return Attribute(tree, name), Kind.NUMBER
    check_property(node, name, _collection(tree))
    return Attribute(tree, name), Kind.CONDITION if name in TAGS else Kind.NUMBER


def _collection(tree: Node) -> str | None:
    if isinstance(tree, Item):
        return tree.particles.collection
    return tree.collection if isinstance(tree, Member) else None


def _summands(tree: Node) -> tuple[Node, ...]:
    return (*_summands(tree.left), *_summands(tree.right)) if isinstance(tree, Binary) else (tree,)


def _has_charge(tree: Node) -> bool:
    return isinstance(tree, Item) and tree.particles.collection in PROPERTIES["charge"]


def check_property(node: ast.expr, name: str, collection: str | None) -> None:
    """Refuse a property that vectors, or the particles of a collection, do not have."""
    if name in AMBIGUOUS_ATTRIBUTES:
        raise fault_at(
            node, f"'{name}' means different things to different people", expected=AMBIGUOUS_ATTRIBUTES[name]
        )
    of_this = tuple(known for known, collections in PROPERTIES.items() if collection in collections)
    if name not in (*KINEMATICS, *of_this):
        owner = COLLECTIONS[collection] if collection is not None else "this"
        what = f"{owner} {'have' if collection is not None else 'has'} no property {name!r}"
        raise fault_at(node, what, found=name, known=(*KINEMATICS, *of_this))
