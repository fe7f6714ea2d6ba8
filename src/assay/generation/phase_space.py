"""Phase space of clusters of particles, mapped from the unit cube.

A cluster is a particle or a tree of decays (`decay_tree`). One cluster is a resonance in the collision of two partons;
two are back to back in the transverse plane; of three the last balances the others, which suits boson fusion: the
exchanged bosons make jets fall off as 1 / (pT^2 + MV^2), uniformly in rapidity and azimuth (`frames`). Events are built
with the first cluster in the x-z plane; the overall azimuth is flat, its 2 pi is part of the measure.

A mapping's `measure` is a function of the momenta alone: its inverse is the density with which the mapping makes a
point, also for points that another mapping made, as multi-channel sampling asks (arXiv:hep-ph/9405257).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.generation.decay_tree import Node, decay, decay_measure, mass2_measure, mass2_of, sample_mass2
from assay.generation.frames import Frame, frame_of
from assay.generation.kinematics import FloatArray


@dataclass(frozen=True)
class Mapping:
    """A mapping from the unit cube to events.

    Attributes
    ----------
    clusters
        One, two or three clusters, which hold all outgoing legs; of three the first two are massless jets.
    beam_energy
        Energy of each beam in GeV.
    hadronic
        Whether partons carry fractions of the beams' energy; otherwise they carry all of it.
    scale
        Scale in GeV of the spectrum of transverse momenta.
    """

    clusters: tuple[Node, ...]
    beam_energy: float
    hadronic: bool
    scale: float

    @cached_property
    def frame(self) -> Frame:
        """The collision that makes the clusters."""
        return frame_of(self.clusters, self.beam_energy, hadronic=self.hadronic, scale=self.scale)

    @property
    def n_axes(self) -> int:
        """Number of variables."""
        given = 1 if self._fixed_mass else 0
        return self.frame.n_axes + sum(cluster.n_axes for cluster in self.clusters) - given

    @property
    def _fixed_mass(self) -> bool:
        return len(self.clusters) == 1 and not self.hadronic

    def points(self, cube: FloatArray) -> tuple[NDArray[np.bool_], FloatArray]:
        """Map points (n, n_axes) of the unit cube.

        Returns which of them are inside of phase space, (n,), and the momenta (n_inside, legs, 4) in GeV of these, the
        first two legs incoming along +z and -z.
        """
        axes = iter(np.ascontiguousarray(cube.T))
        masses2: list[FloatArray] = []
        possible = np.ones(len(cube), dtype=np.bool_)
        for cluster in self.clusters:
            largest = self._largest(masses2, len(cube))
            possible &= largest >= cluster.min_mass
            largest = np.maximum(largest, cluster.min_mass)
            masses2.append(largest**2 if self._fixed_mass else sample_mass2(cluster, axes, largest))
        placed = self.frame.place(axes, masses2)
        inside = placed.inside & possible
        momenta = np.zeros((int(np.sum(inside)), 2 + sum(len(cluster.legs) for cluster in self.clusters), 4))
        for beam, sign in enumerate((1.0, -1.0)):
            momenta[:, beam, 0] = placed.energies[inside, beam]
            momenta[:, beam, 3] = sign * momenta[:, beam, 0]
        rest = (axis[inside] for axis in axes)
        left = momenta[:, 0] + momenta[:, 1]
        for number, cluster in enumerate(self.clusters):
            total = placed.totals[number][inside] if number < len(placed.totals) else left
            decay(cluster, total, masses2[number][inside], rest, momenta)
            left = left - total
        return inside, momenta

    def measure(self, momenta: FloatArray) -> FloatArray:
        """Return dx1 dx2 dPhi (dPhi if not hadronic) per unit cube volume, (n,), at events (n, legs, 4)."""
        masses2 = [mass2_of(cluster, momenta) for cluster in self.clusters]
        result = self.frame.measure(momenta, masses2)
        for number, cluster in enumerate(self.clusters):
            result = result * decay_measure(cluster, momenta)
            if not self._fixed_mass:
                largest = self._largest(masses2[:number], len(momenta))
                result = result * mass2_measure(cluster, masses2[number], largest)
        return result

    def _largest(self, before: list[FloatArray], n_points: int) -> FloatArray:
        """Return the largest mass (n,) in GeV that the next cluster can have beside those `before`."""
        later = sum(cluster.min_mass for cluster in self.clusters[len(before) + 1 :])
        largest = np.full(n_points, 2.0 * self.beam_energy - later)
        for s in before:
            largest -= np.sqrt(s)
        return largest
