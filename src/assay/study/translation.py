"""From Python's syntax tree to the expression language's own tree, refusing everything that is not on its lists.

`FormulaTranslator` knows numbers, variables, operators and functions; `assay.study.particles` adds particles to it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from assay.study.faults import fault_at
from assay.study.grammar import Binary, Call, Comparison, Kind, Logic, Node, Number, Unary, Variable
from assay.study.vocabulary import CONSTANTS, FUNCTION_PREFIXES, FUNCTION_SYNONYMS, FUNCTIONS, PREFIXED_CONSTANTS

MAXIMUM_NUMBER = 1e100
MAXIMUM_EXPONENT = 20

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_HINTS: dict[type[ast.AST], str] = {
    ast.ListComp: "reduce a list as in 'sum(j.pt > 30)' or 'max(j.eta)'",
    ast.GeneratorExp: "reduce a list as in 'sum(j.pt > 30)' or 'max(j.eta)'",
    ast.BitAnd: "use 'and'",
    ast.BitOr: "use 'or'",
    ast.BitXor: "use '**' for a power",
    ast.Invert: "use 'not'",
}

Typed = tuple[Node, Kind]


class FormulaTranslator:
    """Translates formulas of numbers; `variables` are the names of numbers that may be used."""

    def __init__(self, variables: tuple[str, ...]) -> None:
        self._variables = variables
        self._rules: dict[type[ast.expr], Callable[..., Typed]] = {
            ast.Constant: self._number,
            ast.Name: self._name,
            ast.UnaryOp: self._unary,
            ast.BinOp: self._binary,
            ast.Compare: self._comparison,
            ast.BoolOp: self._logic,
            ast.IfExp: self._choice,
            ast.Call: self._call,
            ast.Attribute: self._attribute,
        }

    def translate(self, node: ast.expr) -> Typed:
        """Translate a node into a node of our own and what it is."""
        rule = self._rules.get(type(node))
        if rule is None:
            raise fault_at(
                node,
                f"this construct ({type(node).__name__}) is not part of the language",
                expected="numbers, names, operators and functions",
                mend=_HINTS.get(type(node)),
            )
        return rule(node)

    def _numeric(self, node: ast.expr) -> Node:
        return self._as_number(node, self.translate(node))

    def _as_number(self, node: ast.expr, typed: Typed) -> Node:
        tree, kind = typed
        if kind is Kind.LIST:
            mend = "take one particle, as in 'j[0].pt', or count them, as in 'len(j)'"
            raise fault_at(node, "a list of particles where a number is needed", mend=mend)
        if kind not in (Kind.NUMBER, Kind.CONDITION):
            raise fault_at(
                node, f"{kind.value} where a number is needed", mend="take a property, such as '.pt' or '.m'"
            )
        return tree

    def _conditional(self, node: ast.expr) -> Node:
        return self._condition(node, self.translate(node))

    def _condition(self, node: ast.expr, typed: Typed) -> Node:
        tree, kind = typed
        if kind is not Kind.CONDITION:
            mend = "compare it with something, as in 'x > 30'"
            raise fault_at(node, f"{kind.value} where a condition is needed", mend=mend)
        return tree

    def _number(self, node: ast.Constant) -> Typed:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fault_at(node, f"{type(value).__name__} constants are not part of the language", expected="a number")
        if not abs(value) <= MAXIMUM_NUMBER:
            raise fault_at(node, "a number is too large", expected=f"at most {MAXIMUM_NUMBER:g}")
        return Number(float(value)), Kind.NUMBER

    def _name(self, node: ast.Name) -> Typed:
        name = node.id
        if name in self._variables:
            return Variable(name), Kind.NUMBER
        if name in CONSTANTS:
            return Number(CONSTANTS[name]), Kind.NUMBER
        if name in self._function_names() or name in FUNCTION_SYNONYMS:
            raise fault_at(node, f"the function {name!r} needs arguments", mend=f"write '{name}(...)'")
        raise fault_at(node, f"unknown name {name!r}", found=name, known=self._names())

    def _names(self) -> tuple[str, ...]:
        return (*self._variables, *CONSTANTS)

    def _function_names(self) -> tuple[str, ...]:
        return tuple(FUNCTIONS)

    def _attribute(self, node: ast.Attribute) -> Typed:
        if not is_prefix(node.value):
            raise fault_at(node, "a formula of numbers has no properties", expected=", ".join(self._names()))
        if node.attr not in PREFIXED_CONSTANTS:
            raise fault_at(node, f"unknown constant {node.attr!r}", found=node.attr, known=tuple(PREFIXED_CONSTANTS))
        return Number(PREFIXED_CONSTANTS[node.attr]), Kind.NUMBER

    def _unary(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.Not):
            return Unary("not", self._conditional(node.operand)), Kind.CONDITION
        if isinstance(node.op, ast.Invert):
            raise fault_at(node, "this operator is not part of the language", mend=_HINTS[ast.Invert])
        tree = self._numeric(node.operand)
        negative = isinstance(node.op, ast.USub)
        if isinstance(tree, Number):
            return Number(-tree.value if negative else tree.value), Kind.NUMBER
        return Unary("-" if negative else "+", tree), Kind.NUMBER

    def _binary(self, node: ast.BinOp) -> Typed:
        operator = self._operator(node)
        return self._arithmetic(node, operator, self._numeric(node.left), self._numeric(node.right)), Kind.NUMBER

    def _operator(self, node: ast.BinOp) -> str:
        operator = _BINARY.get(type(node.op))
        if operator is None:
            raise fault_at(node, "this operator is not part of the language", mend=_HINTS.get(type(node.op)))
        return operator

    def _arithmetic(self, node: ast.BinOp, operator: str, left: Node, right: Node) -> Node:
        if operator == "**":
            if isinstance(right, Number) and abs(right.value) > MAXIMUM_EXPONENT:
                expected = f"between -{MAXIMUM_EXPONENT} and {MAXIMUM_EXPONENT}"
                raise fault_at(node.right, "an exponent is too large", expected=expected)
            if any(isinstance(inner, ast.Pow) for inner in ast.walk(node.right)):
                raise fault_at(node.right, "a power of a power", mend="put brackets: '(x**2)**3'")
        return Binary(operator, left, right)

    def _comparison(self, node: ast.Compare) -> Typed:
        operators = []
        for operator in node.ops:
            if type(operator) not in _COMPARISON:
                expected = "one of " + " ".join(_COMPARISON.values())
                raise fault_at(node, "'is' and 'in' are not part of the language", expected=expected)
            operators.append(_COMPARISON[type(operator)])
        operands = tuple(self._numeric(operand) for operand in (node.left, *node.comparators))
        return Comparison(tuple(operators), operands), Kind.CONDITION

    def _logic(self, node: ast.BoolOp) -> Typed:
        operator = "and" if isinstance(node.op, ast.And) else "or"
        return Logic(operator, tuple(self._conditional(value) for value in node.values)), Kind.CONDITION

    def _choice(self, node: ast.IfExp) -> Typed:
        arguments = (self._conditional(node.test), self._numeric(node.body), self._numeric(node.orelse))
        return Call("where", arguments), Kind.NUMBER

    def _call(self, node: ast.Call) -> Typed:
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise fault_at(node, "arguments are given by their place only")
        function = node.func
        if isinstance(function, ast.Attribute) and is_prefix(function.value):
            return self._function(node, function.attr)
        if isinstance(function, ast.Name):
            return self._function(node, function.id)
        return self._method(node)

    def _method(self, node: ast.Call) -> Typed:
        raise fault_at(node.func, "this cannot be called", expected="a function by its name, such as 'sqrt'")

    def _function(self, node: ast.Call, name: str) -> Typed:
        name = FUNCTION_SYNONYMS.get(name, name)
        if name not in FUNCTIONS:
            raise fault_at(node.func, f"unknown function {name!r}", found=name, known=self._function_names())
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise fault_at(node, f"{name!r} takes {wanted} arguments, not {len(node.args)}")
        if name == "pow":
            return self._binary(ast.copy_location(ast.BinOp(node.args[0], ast.Pow(), node.args[1]), node))
        if name == "where":
            return self._choice(ast.copy_location(ast.IfExp(*node.args), node))
        arguments = tuple(self._numeric(argument) for argument in node.args)
        return Call(name, arguments), Kind.CONDITION if name == "bool" else Kind.NUMBER


def is_prefix(node: ast.expr) -> bool:
    """Return whether a node is `math`, `np` or `numpy`, which may stand before a function or constant."""
    return isinstance(node, ast.Name) and node.id in FUNCTION_PREFIXES
