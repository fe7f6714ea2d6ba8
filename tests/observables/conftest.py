"""Random reconstructed events, with every multiplicity from none upwards, and a plain evaluation of expressions.

The plain one goes event by event and lets Python itself evaluate the expression: it tests the vectorised one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
import pytest

from assay.simulation.objects import FIELDS, collection, make_objects


def _lists(name: str, n_events: int, random: np.random.Generator) -> ak.Array:
    counts = random.integers(0, 4, n_events)
    n = int(counts.sum())
    columns = {
        "pt": random.exponential(50.0, n) + 5.0,
        "eta": random.normal(0.0, 2.0, n),
        "phi": random.uniform(-np.pi, np.pi, n),
        "mass": np.zeros(n) if name in ("photons",) else random.uniform(0.0, 10.0, n),
        "btag": random.integers(0, 2, n),
        "ctag": random.integers(0, 2, n),
        "tautag": random.integers(0, 2, n),
        "flavour": random.choice([0, 4, 5], n),
        "charge": random.choice([-1, 1], n),
        "pdgid": random.choice([12, -14, 15, -15, 22, 21, 1, -2], n),
    }
    return collection(name, counts, {field: columns[field] for field in FIELDS[name]})


@pytest.fixture(scope="session")
def make_events() -> Callable[[int, int], ak.Array]:
    def make(n_events: int, seed: int) -> ak.Array:
        random = np.random.default_rng(seed)
        return make_objects(
            **{name: _lists(name, n_events, random) for name in FIELDS},
            met_pt=random.exponential(20.0, n_events),
            met_phi=random.uniform(-np.pi, np.pi, n_events),
            event_number=np.arange(n_events),
            weight=np.full(n_events, 0.5),
        )

    return make


class Space:
    """One vector in space, in plain Python."""

    def __init__(self, x: float, y: float, z: float) -> None:
        self.x, self.y, self.z = x, y, z

    mag = property(lambda self: math.sqrt(self.x**2 + self.y**2 + self.z**2))
    phi = property(lambda self: math.atan2(self.y, self.x))
    costheta = property(lambda self: self.z / self.mag)

    def __neg__(self) -> Space:
        return -1.0 * self

    def __rmul__(self, factor: float) -> Space:
        return Space(factor * self.x, factor * self.y, factor * self.z)

    def __add__(self, other: Space) -> Space:
        return Space(self.x + other.x, self.y + other.y, self.z + other.z)

    def dot(self, other: Space) -> float:
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other: Space) -> Space:
        return Space(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    def unit(self) -> Space:
        return (1.0 / self.mag) * self


class Vector:
    """One four-momentum, in plain Python."""

    def __init__(self, px: float, py: float, pz: float, e: float) -> None:
        self.px, self.py, self.pz, self.e = px, py, pz, e

    pt = property(lambda self: math.hypot(self.px, self.py))
    p = property(lambda self: math.sqrt(self.px**2 + self.py**2 + self.pz**2))
    eta = property(lambda self: math.asinh(self.pz / self.pt))
    m2 = property(lambda self: self.e**2 - self.p**2)
    m = property(lambda self: math.copysign(math.sqrt(abs(self.m2)), self.m2))
    mt = property(lambda self: math.copysign(math.sqrt(abs(self.e**2 - self.pz**2)), self.e**2 - self.pz**2))

    def phi(self) -> float:
        return math.atan2(self.py, self.px)

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.px + other.px, self.py + other.py, self.pz + other.pz, self.e + other.e)

    def __sub__(self, other: Vector) -> Vector:
        return Vector(self.px - other.px, self.py - other.py, self.pz - other.pz, self.e - other.e)

    def deltaphi(self, other: Vector) -> float:
        difference = self.phi() - other.phi()
        while difference > math.pi:
            difference -= 2 * math.pi
        while difference <= -math.pi:
            difference += 2 * math.pi
        return difference

    def deltar(self, other: Vector) -> float:
        return math.hypot(self.eta - other.eta, self.deltaphi(other))

    def dot(self, other: Vector) -> float:
        return self.e * other.e - self.px * other.px - self.py * other.py - self.pz * other.pz

    def to_Vector3D(self) -> Space:  # noqa: N802 - MadMiner's name
        return Space(self.px, self.py, self.pz)

    def to_beta3(self) -> Space:
        return (1.0 / self.e) * self.to_Vector3D()

    def boost(self, beta: Space) -> Vector:
        """With the matrix of textbooks."""
        b2, along = beta.dot(beta), beta.dot(self.to_Vector3D())
        gamma = 1.0 / math.sqrt(1.0 - b2)
        moved = self.to_Vector3D() + ((gamma - 1.0) * along / b2 + gamma * self.e) * beta
        return Vector(moved.x, moved.y, moved.z, gamma * (self.e + along))

    def boostCM_of(self, other: Vector) -> Vector:  # noqa: N802 - MadMiner's name
        return self.boost(-other.to_beta3())


class Each:
    """What is said of every particle of a list, in plain Python."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def _with(self, function: Callable[[Any, Any], Any], other: Any) -> Each:
        others = other.values if isinstance(other, Each) else [other] * len(self.values)
        return Each([function(a, b) for a, b in zip(self.values, others, strict=True)])

    def __gt__(self, other: Any) -> Each:
        return self._with(operator.gt, other)

    def __lt__(self, other: Any) -> Each:
        return self._with(operator.lt, other)

    def __mul__(self, other: Any) -> Each:
        return self._with(operator.mul, other)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Each:
        return self._with(operator.add, other)

    def __sub__(self, other: Any) -> Each:
        return self._with(operator.sub, other)

    def __abs__(self) -> Each:
        return Each([abs(value) for value in self.values])

    def __call__(self, *arguments: Any) -> Each:
        return Each([value(*arguments) for value in self.values])


class Listed(list[Vector]):
    """A list of particles whose properties are those of every one."""

    def __getattr__(self, name: str) -> Each:
        return Each([getattr(particle, name) for particle in self])


def _particle(record: dict[str, float], **properties: float) -> Vector:
    pt, eta, phi, m = (record[name] for name in ("pt", "eta", "phi", "mass"))
    pz = pt * math.sinh(eta)
    result = Vector(pt * math.cos(phi), pt * math.sin(phi), pz, math.sqrt(pt**2 + pz**2 + m**2))
    for name, value in (record | properties).items():
        if name in {"charge", "btag", "pdgid"}:
            setattr(result, name, value)
    return result


def _reduce(function: Callable[[list[float]], float]) -> Callable[..., float]:
    """Return a function of `Each`, or of numbers as Python has it; an empty list has no extremes."""

    def reduce(first: Any, *others: float) -> float:
        values = first.values if isinstance(first, Each) else [first, *others]
        if not values and function in (min, max):
            raise IndexError
        return function(values)

    return reduce


def context(event: dict[str, Any]) -> dict[str, object]:
    jets = [_particle(jet) for jet in event["jets"]]
    electrons = [_particle(x, pdgid=-11.0 * x["charge"]) for x in event["electrons"]]
    muons = [_particle(x, pdgid=-13.0 * x["charge"]) for x in event["muons"]]
    photons = [_particle(x) for x in event["photons"]]
    pt, phi = event["met"]["pt"], event["met"]["phi"]
    met = Vector(pt * math.cos(phi), pt * math.sin(phi), 0.0, pt)
    truth = [_particle(x) for x in event["particles"]]
    taus = sorted((x for x in truth if abs(x.pdgid) == 15), key=lambda x: -x.pt)  # type: ignore[attr-defined]
    seen = sum([*jets, *electrons, *muons, *photons, *taus], Vector(0.0, 0.0, 0.0, 0.0))
    return {
        "j": Listed(jets),
        "b": Listed(jet for jet in jets if jet.btag),  # type: ignore[attr-defined]
        "e": Listed(electrons),
        "mu": Listed(muons),
        "tau": Listed(taus),
        "l": Listed(sorted(electrons + muons, key=lambda x: -x.pt)),
        "a": Listed(photons),
        "p": Listed(truth),
        "v": Listed(sorted((x for x in truth if abs(x.pdgid) in (12, 14, 16)), key=lambda x: -x.pt)),  # type: ignore[attr-defined]
        "met": met,
        "visible": seen,
        "all": seen + met,
        "sum": _reduce(sum),
        "prod": _reduce(math.prod),
        "min": _reduce(min),
        "max": _reduce(max),
        "any": _reduce(any),
        "sqrt": math.sqrt,
        "cos": math.cos,
        "exp": math.exp,
    }


@pytest.fixture(scope="session")
def plainly() -> Callable[[str, ak.Array], np.ndarray]:
    """Evaluate an expression event by event; an event that lacks a particle gives NaN."""

    def evaluate(text: str, events: ak.Array) -> np.ndarray:
        results = []
        for event in ak.to_list(events):
            try:
                results.append(float(eval(text, {}, context(event))))  # noqa: S307 - the point of the test
            except (IndexError, ZeroDivisionError):
                results.append(math.nan)
        return np.array(results)

    return evaluate
