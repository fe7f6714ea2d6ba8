"""Collisions that make one, two or three clusters: the variables that place them, and their measure.

Every frame has `n_axes` variables of the unit cube; `totals` places clusters of given masses, `measure` is the part of
dx1 dx2 dPhi per unit cube volume that is left when masses and decays of the clusters are taken out (dPhi alone where
partons carry the whole energy of their beams). Energies in GeV; beams of `beam_energy` each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assay.generation.decay_tree import TWO_PI, Node, momenta_of, triangle_root
from assay.generation.kinematics import FloatArray, from_rapidity, minkowski_product, transverse_momentum

PER_PARTICLE = 1.0 / (2.0 * TWO_PI**3)
"""Of d^2pT dy, in the phase space of one particle."""


@dataclass(frozen=True)
class Placed:
    """Clusters in their places: which points (n,) are possible, energies (n, 2) of the partons, all but the last total.

    `totals` are (n, 4) each; the last cluster takes what the partons have left.
    """

    inside: NDArray[np.bool_]
    energies: FloatArray
    totals: list[FloatArray]


class Frame(Protocol):
    """A collision."""

    @property
    def n_axes(self) -> int:
        """Number of variables."""

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """Place clusters of mass^2 (n,) each, taking variables (n,) from `axes`."""

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """Return the measure (n,) at events (n, legs, 4)."""


@dataclass(frozen=True)
class TransverseSpectrum:
    """Transverse momenta uniform in log(pT^2 + scale^2) between `lowest` and `highest`."""

    lowest: float
    highest: float
    scale: float

    def sample(self, u: FloatArray) -> FloatArray:
        """Return pT, (n,)."""
        low = np.log(self.lowest**2 + self.scale**2)
        squares = np.exp(low + u * self._range)
        return np.asarray(np.sqrt(np.maximum(squares - self.scale**2, self.lowest**2)))

    def measure(self, pt: FloatArray) -> FloatArray:
        """Return dpT^2 / du, (n,)."""
        measure: FloatArray = (pt**2 + self.scale**2) * self._range
        return measure

    @property
    def _range(self) -> float:
        return float(np.log((self.highest**2 + self.scale**2) / (self.lowest**2 + self.scale**2)))


def rapidity_limit(beam_energy: float, transverse_mass: FloatArray, limit: float) -> FloatArray:
    """Return the largest |y|, (n,), of a cluster: a cut, or where E + |pz| reaches that of both beams."""
    reach: FloatArray = np.log(np.maximum(2.0 * beam_energy / np.maximum(transverse_mass, 1e-9), 1.0))
    return np.minimum(reach, limit)


def _hadronic(clusters: Sequence[FloatArray], beam_energy: float) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return which partons' energies are below the beam's, (n,), and the energies (n, 2), of the clusters' sum."""
    total = np.sum(clusters, axis=0)
    energies = np.stack([total[:, 0] + total[:, 3], total[:, 0] - total[:, 3]], axis=1) / 2.0
    inside: NDArray[np.bool_] = np.all((energies > 0.0) & (energies < beam_energy), axis=1)
    return inside, energies


@dataclass(frozen=True)
class HadronicOne:
    """A lone cluster; its mass is the partons' energy. Variable: its rapidity."""

    beam_energy: float
    n_axes = 1

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        mass = np.sqrt(masses2[0])
        y = (2.0 * next(axes) - 1.0) * np.log(2.0 * self.beam_energy / mass)
        energies = np.stack([np.exp(y), np.exp(-y)], axis=1) * mass[:, None] / 2.0
        return Placed(np.all(energies < self.beam_energy, axis=1), energies, [])

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`: dx1 dx2 = ds dy / S, where ds takes the delta function of the energy."""
        s = (2.0 * self.beam_energy) ** 2
        return TWO_PI * np.log(s / masses2[0]) / s


@dataclass(frozen=True)
class PartonicOne:
    """A lone cluster with the energy of both beams."""

    beam_energy: float
    n_axes = 0

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        n_points = len(masses2[0])
        return Placed(np.ones(n_points, dtype=np.bool_), np.full((n_points, 2), self.beam_energy), [])

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`."""
        return np.ones(len(momenta))


@dataclass(frozen=True)
class HadronicTwo:
    """Two clusters back to back. Variables: pT, the difference of rapidities, the rapidity of the system.

    Matrix elements depend on the first two, parton densities on the last and on the mass of the system.
    """

    beam_energy: float
    clusters: tuple[Node, Node]
    spectrum: TransverseSpectrum
    n_axes = 3

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        pt = self.spectrum.sample(next(axes))
        first, second = (np.sqrt(pt**2 + s) for s in masses2)
        difference = self._largest_difference(first, second) * (2.0 * next(axes) - 1.0)
        mass = self._mass(first, second, difference)
        rapidity = np.log(2.0 * self.beam_energy / mass) * (2.0 * next(axes) - 1.0)
        y = rapidity + np.log(mass / (first + second * np.exp(-difference)))
        total = from_rapidity(pt, y, np.zeros_like(pt), np.sqrt(masses2[0]))
        energies = np.stack([np.exp(rapidity), np.exp(-rapidity)], axis=1) * mass[:, None] / 2.0
        inside = np.all(energies < self.beam_energy, axis=1) & (first + second < 2.0 * self.beam_energy)
        return Placed(inside, energies, [total])

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`."""
        total = momenta_of(self.clusters[0], momenta)
        pt = transverse_momentum(total)
        first, second = (np.sqrt(pt**2 + s) for s in masses2)
        mass2 = 4.0 * momenta[:, 0, 0] * momenta[:, 1, 0]
        # d^2pT dy / (2 (2 pi)^3) per cluster, times (2 pi)^4 delta^4, which leaves dx1 dx2 = 2 / S dE dpz
        constant = np.pi * PER_PARTICLE**2 * TWO_PI**4 * 2.0 / (2.0 * self.beam_energy) ** 2
        ranges = 2.0 * self._largest_difference(first, second) * np.log((2.0 * self.beam_energy) ** 2 / mass2)
        return constant * self.spectrum.measure(pt) * ranges

    def _largest_difference(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Return where the system has all of the beams' energy, (n,), by the transverse masses."""
        cosine = ((2.0 * self.beam_energy) ** 2 - first**2 - second**2) / (2.0 * first * second)
        return np.arccosh(np.maximum(cosine, 1.0))

    def _mass(self, first: FloatArray, second: FloatArray, difference: FloatArray) -> FloatArray:
        return np.sqrt(first**2 + second**2 + 2.0 * first * second * np.cosh(difference))


@dataclass(frozen=True)
class PartonicTwo:
    """Two clusters with the energy of both beams. Variable: cos(theta) of the first."""

    beam_energy: float
    clusters: tuple[Node, Node]
    n_axes = 1

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        s, (s1, s2) = (2.0 * self.beam_energy) ** 2, masses2
        momentum = triangle_root(np.full(len(s1), s), s1, s2) / (4.0 * self.beam_energy)
        cosine = 2.0 * next(axes) - 1.0
        sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0))
        total = np.stack([np.sqrt(momentum**2 + s1), momentum * sine, 0.0 * sine, momentum * cosine], axis=1)
        placed = PartonicOne(self.beam_energy).place(axes, masses2)
        return Placed(placed.inside, placed.energies, [total])

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`."""
        s = (2.0 * self.beam_energy) ** 2
        return triangle_root(np.full(len(momenta), s), *masses2) / (8.0 * np.pi * s)


@dataclass(frozen=True)
class HadronicThree:
    """Two jets and a cluster that balances them. Variables: pT of the jets, their azimuth difference, rapidities."""

    beam_energy: float
    clusters: tuple[Node, Node, Node]
    spectrum: TransverseSpectrum
    n_axes = 6

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        pt = [self.spectrum.sample(next(axes)) for _ in range(2)]
        phi = [np.zeros_like(pt[0]), TWO_PI * next(axes)]
        totals = []
        for jet in range(2):
            y_max = rapidity_limit(self.beam_energy, pt[jet], self.clusters[jet].max_rapidity)
            totals.append(from_rapidity(pt[jet], y_max * (2.0 * next(axes) - 1.0), phi[jet]))
        recoil = totals[0] + totals[1]
        transverse_mass = np.sqrt(recoil[:, 1] ** 2 + recoil[:, 2] ** 2 + masses2[2])
        y_max = rapidity_limit(self.beam_energy, transverse_mass, self.clusters[2].max_rapidity)
        y = y_max * (2.0 * next(axes) - 1.0)
        heavy = np.zeros_like(recoil)
        heavy[:, 0], heavy[:, 3] = transverse_mass * np.cosh(y), transverse_mass * np.sinh(y)
        inside, energies = _hadronic([recoil, heavy], self.beam_energy)
        return Placed(inside, energies, totals)

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`."""
        constant = TWO_PI**2 / 4.0 * PER_PARTICLE**3 * TWO_PI**4 * 2.0 / (2.0 * self.beam_energy) ** 2
        result = np.full(len(momenta), constant)
        for number, (cluster, s) in enumerate(zip(self.clusters, masses2, strict=True)):
            pt = transverse_momentum(momenta_of(cluster, momenta))
            result *= 2.0 * rapidity_limit(self.beam_energy, np.sqrt(pt**2 + s), cluster.max_rapidity)
            if number < 2:
                result *= self.spectrum.measure(pt)
        return result


@dataclass(frozen=True)
class PartonicThree:
    """Two jets and a cluster, with the energy of both beams.

    Variables: pT of the first jet, the jets' azimuth difference, rapidities of both. The pT of the second jet follows
    from the mass of the cluster, (Q - k2)^2 = s with Q = p1 + p2 - k1.
    """

    beam_energy: float
    clusters: tuple[Node, Node, Node]
    spectrum: TransverseSpectrum
    n_axes = 4

    def place(self, axes: Iterator[FloatArray], masses2: Sequence[FloatArray]) -> Placed:
        """See `Frame`."""
        pt, phi = self.spectrum.sample(next(axes)), TWO_PI * next(axes)
        y_first, y_second = (self._range(jet) * (2.0 * next(axes) - 1.0) for jet in range(2))
        first = from_rapidity(pt, y_first, np.zeros_like(pt))
        rest = np.array([2.0 * self.beam_energy, 0.0, 0.0, 0.0]) - first
        direction = from_rapidity(np.ones_like(pt), y_second, phi)
        along = minkowski_product(rest, direction)
        free = minkowski_product(rest, rest) - masses2[2]
        inside = (free > 0.0) & (along > 0.0) & (rest[:, 0] > 0.0)
        second_pt = free / (2.0 * np.where(inside, along, 1.0))
        inside &= rest[:, 0] > second_pt * direction[:, 0]
        energies = np.full((len(pt), 2), self.beam_energy)
        return Placed(inside, energies, [first, second_pt[:, None] * direction])

    def measure(self, momenta: FloatArray, masses2: Sequence[FloatArray]) -> FloatArray:
        """See `Frame`."""
        first, second = (momenta_of(jet, momenta) for jet in self.clusters[:2])
        rest = momenta[:, 0] + momenta[:, 1] - first
        second_pt = transverse_momentum(second)
        along = minkowski_product(rest, second) / second_pt
        ranges = 4.0 * self._range(0) * self._range(1) * TWO_PI**2
        constant = ranges / 16.0 / TWO_PI**5
        return constant * self.spectrum.measure(transverse_momentum(first)) * second_pt / along

    def _range(self, jet: int) -> float:
        least = np.array([max(self.clusters[jet].min_pt, 1e-9)])
        return float(rapidity_limit(self.beam_energy, least, self.clusters[jet].max_rapidity)[0])


def frame_of(clusters: tuple[Node, ...], beam_energy: float, *, hadronic: bool, scale: float) -> Frame:
    """Return the frame of one to three clusters, the first two of three being massless jets; `scale` of their pT."""
    if len(clusters) == 1:
        return HadronicOne(beam_energy) if hadronic else PartonicOne(beam_energy)
    if len(clusters) == 2:
        pair = (clusters[0], clusters[1])
        lowest = max(cluster.min_pt for cluster in pair)
        spectrum = TransverseSpectrum(lowest, beam_energy, scale)
        return HadronicTwo(beam_energy, pair, spectrum) if hadronic else PartonicTwo(beam_energy, pair)
    triple = (clusters[0], clusters[1], clusters[2])
    spectrum = TransverseSpectrum(min(cluster.min_pt for cluster in triple[:2]), beam_energy, scale)
    return HadronicThree(beam_energy, triple, spectrum) if hadronic else PartonicThree(beam_energy, triple, spectrum)
