"""The grammar of Assay's expression language: what an expression may consist of, once parsed.

A parsed expression is a tree of the node classes below. Nothing in it can run code: a node names a function of the
tables here, an attribute of a particle, or an operator, and the evaluators (`assay.study.arithmetic` for formulas of
numbers, `assay.observables` for particles) look the name up in their own tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a part of an expression is; decided when it is parsed."""

    NUMBER = "a number"
    CONDITION = "a condition"
    PARTICLE = "a particle"
    FOUR_VECTOR = "a sum of particles"
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
    """`+ - * / // % **` between numbers; `+ -` also between particles."""

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
class Particles:
    """All particles of one sort, sorted in transverse momentum."""

    collection: str


@dataclass(frozen=True)
class Single:
    """A quantity of which every event has one (`met`)."""

    name: str


@dataclass(frozen=True)
class Item:
    """The particle at a place of a list; negative places count from the end."""

    particles: Particles
    index: int


@dataclass(frozen=True)
class Attribute:
    """A property of one particle or of a sum of particles."""

    particle: Node
    name: str


@dataclass(frozen=True)
class Separation:
    """A distance between two particles or sums of particles."""

    name: str
    first: Node
    second: Node


@dataclass(frozen=True)
class Count:
    """The number of particles in a list."""

    particles: Particles


@dataclass(frozen=True)
class Reduction:
    """`sum`, `min` or `max` of an attribute over a list, or the vector sum of a list (`attribute` is None)."""

    function: str
    particles: Particles
    attribute: str | None


Node = (
    Number
    | Variable
    | Unary
    | Binary
    | Comparison
    | Logic
    | Call
    | Particles
    | Single
    | Item
    | Attribute
    | Separation
    | Count
    | Reduction
)

CONSTANTS = {"pi": 3.141592653589793}

COLLECTIONS = {
    "j": "jets",
    "b": "b-tagged jets",
    "e": "electrons and positrons",
    "mu": "muons",
    "l": "electrons and muons",
    "a": "photons",
    "v": "neutrinos of the generator",
    "p": "final-state particles of the generator",
}
COLLECTION_SYNONYMS = {"ph": "a"}
SINGLES = {"met": "missing transverse momentum"}

# name -> (fewest, most) arguments
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "sqrt", "exp", "log", "log10", "floor", "ceil", "sign", "float", "int", "bool"), (1, 1)),
    **dict.fromkeys(("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"), (1, 1)),
    **dict.fromkeys(("arctan2", "hypot", "pow"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, 20)),
    "where": (3, 3),
}
FUNCTION_SYNONYMS = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "fabs": "abs",
    "ln": "log",
    "power": "pow",
    "minimum": "min",
    "maximum": "max",
}
FUNCTION_PREFIXES = ("math", "np", "numpy")
REDUCTIONS = ("sum", "min", "max")

# of particles and of sums of particles
KINEMATICS = (
    "pt",
    "eta",
    "phi",
    "e",
    "m",
    "px",
    "py",
    "pz",
    "p",
    "et",
    "mt",
    "m2",
    "pt2",
    "theta",
    "costheta",
    "rapidity",
)
# of single particles -> the collections whose particles have them
PROPERTIES: dict[str, tuple[str, ...]] = {
    "charge": ("e", "mu", "l", "a", "v", "p"),
    "pdgid": ("e", "mu", "l", "a", "v", "p"),
    "btag": ("j", "b"),
}
ATTRIBUTE_SYNONYMS = {
    "mass": "m",
    "energy": "e",
    "E": "e",
    "M": "m",
    "y": "rapidity",
    "q": "charge",
    "pdg_id": "pdgid",
    "b_tag": "btag",
}
SEPARATIONS = ("deltaphi", "deltaeta", "deltar", "deltarapidity")
SEPARATION_SYNONYMS = {"deltaR": "deltar", "delta_phi": "deltaphi", "delta_eta": "deltaeta", "delta_r": "deltar"}

RESERVED = frozenset(
    (
        *CONSTANTS,
        *COLLECTIONS,
        *COLLECTION_SYNONYMS,
        *SINGLES,
        *FUNCTIONS,
        *FUNCTION_SYNONYMS,
        *FUNCTION_PREFIXES,
        *REDUCTIONS,
    )
) | {"len", "and", "or", "not", "if", "else"}
