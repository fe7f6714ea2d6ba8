"""Trees of two-body decays as mappings from the unit cube: masses of intermediate states, then angles.

The phase space of a cluster of particles with mass^2 s factorises: dPhi_n(s) = lambda^{1/2}(s, s_1, s_2) / (8 pi s)
dcos(theta) / 2 dphi / (2 pi) times ds_i / (2 pi) dPhi(s_i) for each of its two parts that is a cluster itself
(E. Byckling, K. Kajantie, Particle Kinematics, 1973). The measure is a function of the momenta alone, so that it is
known at points that another mapping has made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assay.generation.kinematics import FloatArray, boosted, minkowski_product

TWO_PI = 2.0 * np.pi


@dataclass(frozen=True)
class Resonance:
    """A Breit-Wigner in s = m^2, uniform in atan((s - M^2) / (M Gamma)); GeV."""

    mass: float
    width: float

    def sample(self, u: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return s in GeV^2 between `low` and `high`, (n,)."""
        first, last = self._angle(low), self._angle(high)
        s = self.mass**2 + self.mass * self.width * np.tan(first + u * (last - first))
        return np.clip(s, low, high)

    def measure(self, s: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return ds / du in GeV^2, (n,)."""
        strength = self.mass * self.width
        peak: FloatArray = ((s - self.mass**2) ** 2 + strength**2) / strength
        return peak * (self._angle(high) - self._angle(low))

    def _angle(self, s: FloatArray) -> FloatArray:
        return np.asarray(np.arctan((s - self.mass**2) / (self.mass * self.width)))


@dataclass(frozen=True)
class Falling:
    """A spectrum uniform in log(s + scale^2); GeV."""

    scale: float

    def sample(self, u: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return s in GeV^2 between `low` and `high`, (n,)."""
        first, last = np.log(low + self.scale**2), np.log(high + self.scale**2)
        return np.asarray(np.clip(np.exp(first + u * (last - first)) - self.scale**2, low, high))

    def measure(self, s: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return ds / du in GeV^2, (n,)."""
        squares = self.scale**2
        measure: FloatArray = (s + squares) * np.log((high + squares) / (low + squares))
        return measure


@dataclass(frozen=True)
class Leaf:
    """A particle: its leg in the process, its mass in GeV, and where cuts allow it to be."""

    leg: int
    mass: float = 0.0
    min_pt: float = 0.0
    max_rapidity: float = np.inf

    @property
    def min_mass(self) -> float:
        """The mass."""
        return self.mass

    @property
    def n_axes(self) -> int:
        """Number of variables."""
        return 0

    @property
    def legs(self) -> tuple[int, ...]:
        """The legs that it is made of."""
        return (self.leg,)


@dataclass(frozen=True)
class Pair:
    """A cluster of two parts, with the shape of its spectrum of masses between `threshold` and `ceiling` in GeV."""

    first: Node
    second: Node
    line: Resonance | Falling
    threshold: float = 0.1
    ceiling: float = np.inf
    min_pt: float = 0.0
    max_rapidity: float = np.inf

    @property
    def min_mass(self) -> float:
        """The least mass in GeV."""
        return max(self.first.min_mass + self.second.min_mass, self.threshold)

    @property
    def n_axes(self) -> int:
        """Number of variables: its mass, the angles of its decay, and those of its parts."""
        return 3 + self.first.n_axes + self.second.n_axes

    @property
    def legs(self) -> tuple[int, ...]:
        """The legs that it is made of."""
        return self.first.legs + self.second.legs

    def range_of_mass2(self, largest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return least and largest s in GeV^2, (n,), where there are `largest` GeV (n,) for this cluster."""
        return np.full(len(largest), self.min_mass**2), np.minimum(largest, self.ceiling) ** 2


Node = Leaf | Pair


def sample_mass2(node: Node, axes: Iterator[FloatArray], largest: FloatArray) -> FloatArray:
    """Return s (n,) in GeV^2 of a node of at most `largest` GeV (n,)."""
    if isinstance(node, Leaf):
        return np.full(len(largest), node.mass**2)
    return node.line.sample(next(axes), *node.range_of_mass2(largest))


def mass2_measure(node: Node, s: FloatArray, largest: FloatArray) -> FloatArray | float:
    """Return ds / (2 pi) per unit of its variable in GeV^2 (n,), of a node of at most `largest` GeV (n,)."""
    if isinstance(node, Leaf):
        return 1.0
    return node.line.measure(s, *node.range_of_mass2(largest)) / TWO_PI


def mass2_of(node: Node, momenta: FloatArray) -> FloatArray:
    """Return s (n,) in GeV^2 of a node in events (n, legs, 4)."""
    if isinstance(node, Leaf):
        return np.full(len(momenta), node.mass**2)
    total = momenta_of(node, momenta)
    return np.maximum(minkowski_product(total, total), node.min_mass**2)


def momenta_of(node: Node, momenta: FloatArray) -> FloatArray:
    """Return the momentum (n, 4) of a node in events (n, legs, 4)."""
    total: FloatArray = sum(momenta[:, leg] for leg in node.legs[1:]) + momenta[:, node.legs[0]]
    return total


def triangle_root(s: FloatArray, s1: FloatArray, s2: FloatArray) -> FloatArray:
    """Return lambda^{1/2}(s, s1, s2), (n,)."""
    return np.sqrt(np.maximum((s - s1 - s2) ** 2 - 4.0 * s1 * s2, 0.0))


def decay(node: Node, total: FloatArray, s: FloatArray, axes: Iterator[FloatArray], momenta: FloatArray) -> None:
    """Fill `momenta` (n, legs, 4) with the particles of a node of momentum `total` (n, 4) and mass^2 `s` (n,)."""
    if isinstance(node, Leaf):
        momenta[:, node.leg] = total
        return
    mass = np.sqrt(s)
    s1 = sample_mass2(node.first, axes, mass - node.second.min_mass)
    s2 = sample_mass2(node.second, axes, mass - np.sqrt(s1))
    cosine, phi = 2.0 * next(axes) - 1.0, TWO_PI * next(axes)
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0))
    momentum = triangle_root(s, s1, s2) / (2.0 * mass)
    direction = _directions(total, cosine, sine * np.cos(phi), sine * np.sin(phi))
    energy = (s + s1 - s2) / (2.0 * mass)
    first = boosted(np.concatenate([energy[:, None], momentum[:, None] * direction], axis=1), total)
    decay(node.first, first, s1, axes, momenta)
    decay(node.second, total - first, s2, axes, momenta)


def _directions(total: FloatArray, along: FloatArray, within: FloatArray, across: FloatArray) -> FloatArray:
    """Return directions (n, 3) by components along the flight of `total` (n, 4), and within and across its plane.

    The plane is that of flight and beam. How two particles share energy, which cuts ask for, is `along` alone.
    """
    flight = total[:, 1:] / np.maximum(np.linalg.norm(total[:, 1:], axis=1), 1e-12)[:, None]
    transverse = np.hypot(flight[:, 0], flight[:, 1])
    tilted = transverse > 1e-9
    safe = np.where(tilted, transverse, 1.0)
    cos_phi = np.where(tilted, flight[:, 0] / safe, 1.0)
    sin_phi = np.where(tilted, flight[:, 1] / safe, 0.0)
    cos_theta, sin_theta = np.where(tilted, flight[:, 2], 1.0), np.where(tilted, transverse, 0.0)
    radial = within * cos_theta + along * sin_theta
    return np.stack(
        [
            radial * cos_phi - across * sin_phi,
            radial * sin_phi + across * cos_phi,
            along * cos_theta - within * sin_theta,
        ],
        axis=1,
    )


def decay_measure(node: Node, momenta: FloatArray) -> FloatArray | float:
    """Return dPhi of a node's decay per unit cube volume, (n,), of events (n, legs, 4)."""
    if isinstance(node, Leaf):
        return 1.0
    s, s1, s2 = (mass2_of(part, momenta) for part in (node, node.first, node.second))
    mass = np.sqrt(s)
    result = triangle_root(s, s1, s2) / (8.0 * np.pi * s)
    result = result * mass2_measure(node.first, s1, mass - node.second.min_mass)
    result = result * mass2_measure(node.second, s2, mass - np.sqrt(s1))
    measure: FloatArray = result * decay_measure(node.first, momenta) * decay_measure(node.second, momenta)
    return measure
