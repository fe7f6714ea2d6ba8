"""The parser of Assay's expression language: observables, cuts, parameter transforms, efficiencies and resolutions.

Python's own grammar is read with `ast` (which runs nothing) and every construct that is not on the lists of
`assay.study.vocabulary` is refused, with a caret under the fault. MadMiner's spellings are understood:

    (a[0] + a[1]).m
    j[0].deltaphi(j[1]) * (-1. + 2. * float(j[0].eta > j[1].eta))
    len(j) >= 2 and j[0].pt > 30.
    16.52 * theta
"""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from assay.errors import ExpressionError
from assay.study.faults import Fault, fault_at
from assay.study.grammar import EventNumber, Item, Kind, Node, Particles, Reduction, Single, UserCall, Variable, walk
from assay.study.particles import ParticleTranslator
from assay.study.translation import FormulaTranslator
from assay.study.vocabulary import REDUCED_OF_SOME, RESERVED

MAXIMUM_LENGTH = 1000
MAXIMUM_DEPTH = 60

Arities = Mapping[str, tuple[int, int]]
"""Functions by name, with their fewest and most arguments."""


@dataclass(frozen=True)
class Expression:
    """An expression that has passed the parser.

    Attributes
    ----------
    text
        As the user wrote it.
    tree
        The validated tree.
    kind
        `Kind.NUMBER` or `Kind.CONDITION`.
    names
        Variables and earlier observables it refers to, in the order of their first use.
    collections
        Collections, single objects and numbers of events it reads (`j`, `met`, `scale`, ...), in the order of their
        first use.
    functions
        Functions of the study's own that it calls.
    may_be_missing
        Whether it takes a particle by its place (or the largest or smallest of a list), which an event may lack, or
        calls a function of the study's own, which may have no answer.
    """

    text: str
    tree: Node
    kind: Kind
    names: tuple[str, ...]
    collections: tuple[str, ...]
    functions: tuple[str, ...]
    may_be_missing: bool


def parse(
    text: str,
    *,
    variables: Collection[str] = (),
    functions: Arities | None = None,
    particles: bool = True,
    condition: bool = False,
) -> Expression:
    """Parse and validate an expression.

    Parameters
    ----------
    text
        The expression.
    variables
        Names of numbers that may be used: a formula's variables, or observables defined earlier.
    functions
        The study's own functions, with their fewest and most arguments; they need `particles`.
    particles
        Whether particles (`j[0].pt`, `met.phi`, ...) may be used.
    condition
        Whether the result has to be a condition (a cut) instead of a number.

    Raises
    ------
    ExpressionError
        If anything in the text is not part of the language; the message shows where.
    """
    if not isinstance(text, str):
        raise ExpressionError(
            f"an expression has to be text, not {type(text).__name__}", mend="put it between quotation marks"
        )
    line = _one_line(text)
    try:
        root = _syntax_tree(line)
        names = tuple(variables)
        translator = ParticleTranslator(names, functions or {}) if particles else FormulaTranslator(names)
        tree, kind = translator.translate(root)
        _check_result(root, kind, condition)
    except Fault as fault:
        raise fault.error(line) from None
    nodes = list(walk(tree))
    return Expression(
        text=text.strip(),
        tree=tree,
        kind=kind,
        names=_unique(node.name for node in nodes if isinstance(node, Variable)),
        collections=_unique(_collection(node) for node in nodes if isinstance(node, Particles | Single | EventNumber)),
        functions=_unique(node.function for node in nodes if isinstance(node, UserCall)),
        may_be_missing=any(_may_be_missing(node) for node in nodes),
    )


def check_name(name: str) -> None:
    """Check that an observable, parameter or variable may have this name.

    Raises
    ------
    ExpressionError
        If it is not a plain identifier or has a meaning of its own in expressions.
    """
    if not (isinstance(name, str) and name.isascii() and name.isidentifier()) or name.startswith("__"):
        raise ExpressionError(
            f"{name!r} cannot be a name",
            expected="letters, digits and underscores, beginning with a letter, such as 'pt_j1'",
        )
    if name in RESERVED or keyword.iskeyword(name):
        raise ExpressionError(
            f"the name {name!r} has a meaning of its own in expressions", mend=f"choose another one, such as '{name}_1'"
        )


def _one_line(text: str) -> str:
    line = text.strip("\n\r").replace("\r", " ").replace("\n", " ").replace("\t", " ").rstrip()
    indent = len(line) - len(line.lstrip())
    line = line[indent:]
    if not line:
        raise ExpressionError("an expression is empty", expected="a formula such as 'j[0].pt'")
    if len(line) > MAXIMUM_LENGTH:
        raise ExpressionError(
            f"an expression has {len(line)} characters",
            expected=f"at most {MAXIMUM_LENGTH}",
            mend="split it into several observables",
        )
    for position, character in enumerate(line):
        if not " " <= character <= "~":
            what = f"the character {character!r} cannot be used"
            raise Fault(what, position, position + 1, expected="ASCII characters").error(line)
        if character == "#":
            raise Fault("a comment cannot be part of an expression", position, len(line)).error(line)
    return line


def _syntax_tree(line: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as "'int' object is not callable": our own message is better
            root = ast.parse(line, mode="eval").body
    except SyntaxError as error:
        start = min(error.offset - 1, len(line)) if error.offset else len(line)
        raise Fault(
            f"not a formula ({error.msg})", start, start + 1, mend="check brackets, operators and quotation marks"
        ) from None
    except (ValueError, MemoryError, RecursionError, OverflowError):
        raise Fault("not a formula", 0, len(line), mend="write it more simply") from None
    depth = _depth(root)
    if depth > MAXIMUM_DEPTH:
        raise Fault(
            f"nested {depth} levels deep",
            0,
            len(line),
            expected=f"at most {MAXIMUM_DEPTH}",
            mend="split it into several observables",
        )
    return root


def _depth(root: ast.AST) -> int:
    """Return the depth of a syntax tree, without recursion."""
    depth, level = 0, [root]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    return depth


def _check_result(root: ast.expr, kind: Kind, condition: bool) -> None:
    if kind is Kind.LIST:
        mend = "count it, as in 'len(j)', or take one, as in 'j[0].pt'"
        raise fault_at(root, "this is a list of particles, not a number", mend=mend)
    if kind not in (Kind.NUMBER, Kind.CONDITION):
        mend = "take a property of it, such as '.pt' or '.m'"
        raise fault_at(root, f"this is {kind.value}, not a number", mend=mend)
    if condition and kind is not Kind.CONDITION:
        mend = "compare it with something, as in 'j[0].pt > 30'"
        raise fault_at(root, f"a cut has to be a condition, this is {kind.value}", mend=mend)


def _may_be_missing(node: Node) -> bool:
    return isinstance(node, Item | UserCall) or (isinstance(node, Reduction) and node.function in REDUCED_OF_SOME)


def _collection(node: Particles | Single | EventNumber) -> str:
    return node.collection if isinstance(node, Particles) else node.name


def _unique(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
