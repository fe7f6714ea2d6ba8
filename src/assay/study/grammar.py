"""The grammar of Assay's expression language: what an expression may consist of, once parsed.

A parsed expression is a tree of the node classes below. Nothing in it can run code: a node names a function of the
tables of `assay.study.vocabulary`, an attribute of a particle, or an operator, and the evaluators
(`assay.study.arithmetic` for formulas of numbers, `assay.observables` for particles) look the name up in their own
tables. What a study's own functions are, if it registers any, the parser is told by name (`assay.study.functions`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum


class Kind(Enum):
    """What a part of an expression is; decided when it is parsed."""

    NUMBER = "a number"
    CONDITION = "a condition"
    PARTICLE = "a particle"
    FOUR_VECTOR = "a four-vector"
    THREE_VECTOR = "a three-vector"
    LIST = "a list of particles"


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: float


@dataclass(frozen=True)
class Variable:
    """A number by name: a formula's variable, or an observable defined earlier."""

    name: str


@dataclass(frozen=True)
class Unary:
    """`-x`, `+x` or `not x`."""

    operator: str
    operand: Node


@dataclass(frozen=True)
class Binary:
    """`+ - * / // % **` between numbers; `+ -` also between vectors."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Comparison:
    """`a < b`, `a < b <= c`, ...: one operator between each pair of neighbours."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Logic:
    """`and` or `or` of two or more conditions."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A function of `FUNCTIONS` applied to numbers or conditions."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class UserCall:
    """A function of the study's own, applied to numbers, vectors and lists of particles; `kinds` says which."""

    function: str
    arguments: tuple[Node, ...]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class EventNumber:
    """A number that the generator gives of every event, such as its `scale`."""

    name: str


@dataclass(frozen=True)
class Particles:
    """All particles of one sort, the hardest first; those of the generator in its own order."""

    collection: str


@dataclass(frozen=True)
class Member:
    """The particles of a list one after the other, within a `Reduction`."""

    collection: str


@dataclass(frozen=True)
class Single:
    """A four-vector of which every event has one (`met`, `visible`, `all`)."""

    name: str


@dataclass(frozen=True)
class Item:
    """The particle at a place of a list; negative places count from the end."""

    particles: Particles
    index: int


@dataclass(frozen=True)
class Attribute:
    """A property of a particle or vector."""

    vector: Node
    name: str


@dataclass(frozen=True)
class Method:
    """A function of a vector and further arguments: `j[0].deltar(j[1])`, `a[0].boostCM_of(a[0] + a[1])`."""

    name: str
    vector: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class VectorCall:
    """A function of `VECTOR_FUNCTIONS`, such as `costhetastar(l[0], l[0] + l[1])`."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Scaled:
    """A three-vector multiplied by a number."""

    factor: Node
    vector: Node


@dataclass(frozen=True)
class Count:
    """The number of particles in a list."""

    particles: Particles


@dataclass(frozen=True)
class Reduction:
    """`sum`, `prod`, `min`, ... of something over the members of a list; the vector sum if `body` is None."""

    function: str
    particles: Particles
    body: Node | None


Node = (
    Number
    | Variable
    | Unary
    | Binary
    | Comparison
    | Logic
    | Call
    | UserCall
    | EventNumber
    | Particles
    | Member
    | Single
    | Item
    | Attribute
    | Method
    | VectorCall
    | Scaled
    | Count
    | Reduction
)


def children(tree: Node) -> Iterator[Node]:
    """Yield the parts of a node, from left to right."""
    for field in fields(tree):
        value = getattr(tree, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if is_dataclass(child):
                yield child  # type: ignore[misc]


def walk(tree: Node) -> Iterator[Node]:
    """Yield a tree's nodes, parents before children, from left to right."""
    yield tree
    for child in children(tree):
        yield from walk(child)


def speaks_of_members(node: Node) -> bool:
    """Return whether a node depends on the member of the list that the reduction around it goes through."""
    if isinstance(node, Member | Reduction):
        return isinstance(node, Member)
    return any(map(speaks_of_members, children(node)))
