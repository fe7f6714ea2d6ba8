"""Kinematics of many particles at once.

A momentum is kept in the coordinates it was measured in (`Polar`) or as a sum of components (`Cartesian`), one entry
per event; energies, momenta and masses in GeV, angles in radians. Nothing is raised where a quantity does not exist
(the pseudorapidity along the beam): the result is not finite, and whoever uses it has to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cartesian:
    """Momenta by their components, each of shape `(n_events,)`."""

    px: Array
    py: Array
    pz: Array
    e: Array

    def get(self, name: str) -> Array:
        """Return a quantity of `assay.study.vocabulary.KINEMATICS`."""
        if name in ("px", "py", "pz", "e"):
            return np.asarray(getattr(self, name))
        return _FROM_COMPONENTS[name](self.px, self.py, self.pz, self.e)

    def cartesian(self) -> Cartesian:
        """Return the components, themselves."""
        return self


@dataclass(frozen=True, eq=False)
class Polar:
    """Momenta by pt, eta, phi, m, each of shape `(n_events,)`, with further properties of the particles."""

    pt: Array
    eta: Array
    phi: Array
    m: Array
    properties: Mapping[str, Array] = field(default_factory=dict)

    def get(self, name: str) -> Array:
        """Return a quantity of `assay.study.vocabulary.KINEMATICS`, or a property."""
        if name in self.properties:
            return self.properties[name]
        if name in ("pt", "eta", "phi", "m"):
            return np.asarray(getattr(self, name))
        if name == "m2":  # exact, where e**2 - p**2 would lose digits
            return self.m * np.abs(self.m)
        if name == "gamma":
            return self.cartesian().e / self.m
        return self.cartesian().get(name)

    def cartesian(self) -> Cartesian:
        """Return the components."""
        return self._components

    @cached_property
    def _components(self) -> Cartesian:
        p = self.pt * np.cosh(self.eta)
        e = np.sqrt(p**2 + self.m * np.abs(self.m))
        return Cartesian(self.pt * np.cos(self.phi), self.pt * np.sin(self.phi), self.pt * np.sinh(self.eta), e)


Momenta = Cartesian | Polar


def added(first: Momenta, second: Momenta, sign: float = 1.0) -> Cartesian:
    """Return `first + sign * second`."""
    a, b = first.cartesian(), second.cartesian()
    return Cartesian(a.px + sign * b.px, a.py + sign * b.py, a.pz + sign * b.pz, a.e + sign * b.e)


def wrapped(angle: Array) -> Array:
    """Return the same angle within (-pi, pi]."""
    result = np.pi - np.mod(np.pi - angle, 2.0 * np.pi)
    return np.where(result <= -np.pi, np.pi, result)


def _signed_root(square: Array) -> Array:
    return np.asarray(np.sign(square) * np.sqrt(np.abs(square)))


def _momentum(px: Array, py: Array, pz: Array, e: Array) -> Array:
    return np.sqrt(px**2 + py**2 + pz**2)


def _mass_square(px: Array, py: Array, pz: Array, e: Array) -> Array:
    return e**2 - px**2 - py**2 - pz**2


_FROM_COMPONENTS: Mapping[str, Callable[[Array, Array, Array, Array], Array]] = {
    "pt": lambda px, py, pz, e: np.hypot(px, py),
    "pt2": lambda px, py, pz, e: px**2 + py**2,
    "eta": lambda px, py, pz, e: np.arcsinh(pz / np.hypot(px, py)),
    "phi": lambda px, py, pz, e: np.arctan2(py, px),
    "p": _momentum,
    "m2": _mass_square,
    "m": lambda px, py, pz, e: _signed_root(_mass_square(px, py, pz, e)),
    "p2": lambda px, py, pz, e: px**2 + py**2 + pz**2,
    "et": lambda px, py, pz, e: e * np.hypot(px, py) / _momentum(px, py, pz, e),
    "et2": lambda px, py, pz, e: e**2 * (px**2 + py**2) / (px**2 + py**2 + pz**2),
    "mt": lambda px, py, pz, e: _signed_root(e**2 - pz**2),
    "mt2": lambda px, py, pz, e: e**2 - pz**2,
    "beta": lambda px, py, pz, e: _momentum(px, py, pz, e) / e,
    "gamma": lambda px, py, pz, e: e / _signed_root(_mass_square(px, py, pz, e)),
    "theta": lambda px, py, pz, e: np.arctan2(np.hypot(px, py), pz),
    "costheta": lambda px, py, pz, e: pz / _momentum(px, py, pz, e),
    "rapidity": lambda px, py, pz, e: np.arctanh(pz / e),
}
