"""Flavour channels: which of a process are chosen, and which of them are one calculation.

Channels whose legs differ in generations alone (c like u, s like d, mu like e: massless, CKM = 1), or in which beam
gives which parton, have the same |M|^2. They form a class: at a point of phase space their parton densities are summed,
and an event's flavours are drawn in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from assay.errors import GenerationError
from assay.generation.amplitude import Legs

_QUARKS = {1: "d", 2: "u", 3: "s", 4: "c", 5: "b"}
PARTICLES: dict[str, int] = {
    **{name: number for number, name in _QUARKS.items()},
    **{f"{name}~": -number for number, name in _QUARKS.items()},
    "e-": 11, "e+": -11, "mu-": 13, "mu+": -13, "ve": 12, "ve~": -12, "vm": 14, "vm~": -14,
    "a": 22, "z": 23, "w+": 24, "w-": -24, "h": 25,
}  # fmt: skip
"""MadGraph's names."""
_LIGHT = (1, 2, 3, 4, -1, -2, -3, -4)
LABELS: dict[str, tuple[int, ...]] = {
    "p": _LIGHT,
    "j": _LIGHT,
    "l+": (-11, -13),
    "l-": (11, 13),
    "vl": (12, 14),
    "vl~": (-12, -14),
}
"""MadGraph's labels of several particles; quarks without b."""


@dataclass(frozen=True)
class Combination:
    """Flavours of the legs of a class; `mirrored`: leg 0 comes from beam 2."""

    legs: Legs
    mirrored: bool = False


@dataclass(frozen=True)
class FlavourClass:
    """Channels with the |M|^2 of `legs`, which are those of its first combination."""

    legs: Legs
    combinations: tuple[Combination, ...]


def chosen_channels(pattern: str, channels: Sequence[Legs]) -> tuple[Legs, ...]:
    """Return the channels that a text such as `u d > u d h` or `p p > e+ ve h` stands for.

    Raises
    ------
    GenerationError
        If the text names no process or no channel.
    """
    incoming, outgoing = _parsed(pattern)
    found = tuple(legs for legs in channels if _matches(legs, incoming, outgoing))
    if not found:
        raise GenerationError(
            f"no channel {pattern!r}", expected=f"channels such as {', '.join(map(channel_text, channels[:3]))}"
        )
    return found


def channel_text(legs: Legs) -> str:
    """Return a channel in MadGraph's notation."""
    names = {number: name for name, number in PARTICLES.items()}
    words = [names[leg] for leg in legs]
    return f"{' '.join(words[:2])} > {' '.join(words[2:])}"


def flavour_classes(channels: Sequence[Legs]) -> tuple[FlavourClass, ...]:
    """Group channels into classes."""
    classes: dict[Legs, list[Combination]] = {}
    keys: dict[tuple[Legs, Legs], Legs] = {}
    for legs in channels:
        own, mirror = _key(legs), _key((legs[1], legs[0], *legs[2:]))
        if own in keys:
            representative, mirrored = keys[own], False
        elif mirror in keys:
            representative, mirrored = keys[mirror], True
        else:
            keys[own] = legs
            classes[legs] = [Combination(legs)]
            continue
        ordered = (legs[1], legs[0], *legs[2:]) if mirrored else legs
        classes[representative].append(Combination(_aligned(ordered, representative), mirrored))
    return tuple(FlavourClass(legs, tuple(combinations)) for legs, combinations in classes.items())


def _parsed(pattern: str) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    sides = [side.split() for side in pattern.split(">")]
    if len(sides) != 2 or len(sides[0]) != 2 or not sides[1]:
        raise GenerationError(f"{pattern!r} is no process", expected="two particles, >, and what they turn into")
    known = {**{name: (number,) for name, number in PARTICLES.items()}, **LABELS}
    for word in sides[0] + sides[1]:
        if word not in known:
            raise GenerationError(f"unknown particle {word!r} in {pattern!r}", expected=f"among {' '.join(known)}")
    incoming, outgoing = ([known[word] for word in side] for side in sides)
    return incoming, outgoing


def _matches(legs: Legs, incoming: list[tuple[int, ...]], outgoing: list[tuple[int, ...]]) -> bool:
    if len(legs) != 2 + len(outgoing) or not all(leg in label for leg, label in zip(legs, incoming, strict=False)):
        return False
    orders = permutations(legs[2:])
    return any(all(leg in label for leg, label in zip(order, outgoing, strict=True)) for order in orders)


def _relabelled(legs: Legs) -> Legs:
    """Return legs with generations numbered as they occur, those of quarks and of leptons apart."""
    quarks: dict[int, int] = {}
    leptons: dict[int, int] = {}
    result = []
    for leg in legs:
        number = abs(leg)
        if number <= 6:
            generation = quarks.setdefault((number + 1) // 2, len(quarks))
            number = 1 + 2 * generation + (number + 1) % 2
        elif 11 <= number <= 16:
            generation = leptons.setdefault((number + 1) // 2, len(leptons))
            number = 11 + 2 * generation + (number + 1) % 2
        result.append(number if leg > 0 else -number)
    return tuple(result)


def _key(legs: Legs) -> tuple[Legs, Legs]:
    """Return what the legs of a class have in common: those coming in, and those going out in any order."""
    keys = []
    for order in set(permutations(legs[2:])):
        relabelled = _relabelled((*legs[:2], *order))
        keys.append((relabelled[:2], tuple(sorted(relabelled[2:]))))
    return min(keys)


def _aligned(legs: Legs, representative: Legs) -> Legs:
    """Return legs with those going out in the order of the class's first channel."""
    for order in permutations(legs[2:]):
        candidate = (*legs[:2], *order)
        if _relabelled(candidate) == _relabelled(representative):
            return candidate
    raise AssertionError("legs of a class are alike")  # their keys are equal


def charge_of(legs: Sequence[int]) -> float:
    """Return the sum of electric charges in units of the positron's."""
    charges = {1: -1.0, 2: 2.0, 11: -3.0, 12: 0.0, 22: 0.0, 23: 0.0, 24: 3.0, 25: 0.0}

    def charge(leg: int) -> float:
        number = abs(leg)
        kind = 2 - number % 2 if number <= 6 else 11 + (number + 1) % 2 if number <= 16 else number
        return charges[kind] * (1 if leg > 0 else -1)

    return sum(map(charge, legs)) / 3.0
