"""Phase space of two jets and a heavy particle, mapped from the unit cube.

Variables follow the physics of boson fusion: the exchanged bosons make jets fall off as 1 / (pT^2 + MV^2), uniformly in
rapidity and azimuth. Events are built with the first jet in the x-z plane; the overall azimuth is flat, its 2 pi is
part of the measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray, from_rapidity, minkowski_product

TWO_PI = 2.0 * np.pi


@dataclass(frozen=True)
class PhaseSpacePoints:
    """Points inside of phase space.

    Attributes
    ----------
    inside
        (n_points,) which of the points asked for these are; all other arrays have one row per True.
    momenta
        (n, 5, 4) in GeV: two incoming partons along +z and -z, two massless jets, the heavy particle.
    fractions
        (n, 2) momentum fractions of the incoming partons.
    measure
        (n,) dx1 dx2 dPhi_3 per unit cube volume, in GeV^2.
    """

    inside: NDArray[np.bool_]
    momenta: FloatArray
    fractions: FloatArray
    measure: FloatArray


class PhaseSpace(Protocol):
    """A mapping from the unit cube."""

    @property
    def n_axes(self) -> int:
        """Number of variables."""

    def points(self, cube: FloatArray) -> PhaseSpacePoints:
        """Map points (n, n_axes) of the unit cube."""


def _jet_pt(u: FloatArray, lowest: float, highest: float, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return pT, uniform in log(pT^2 + scale^2), and dpT^2 / du."""
    low, high = np.log(lowest**2 + scale**2), np.log(highest**2 + scale**2)
    sum_of_squares = np.exp(low + u * (high - low))
    return np.sqrt(np.maximum(sum_of_squares - scale**2, lowest**2)), sum_of_squares * (high - low)


@dataclass(frozen=True)
class HadronicPhaseSpace:
    """Collisions of two hadron beams of `beam_energy` each; all in GeV.

    Axes: pT of both jets, their azimuth difference, rapidities of both jets and of the heavy particle.
    """

    beam_energy: float
    heavy_mass: float
    boson_mass: float
    min_jet_pt: float
    max_jet_rapidity: float

    @property
    def n_axes(self) -> int:
        """Number of variables."""
        return 6

    def points(self, cube: FloatArray) -> PhaseSpacePoints:
        """Map points (n, 6) of the unit cube; those that need more than the beams' energy are outside."""
        pt, dpt2 = _jet_pt(cube[:, :2], self.min_jet_pt, self.beam_energy, self.boson_mass)
        y_max = _max_jet_rapidity(self.beam_energy, self.min_jet_pt, self.max_jet_rapidity)
        y = y_max * (2.0 * cube[:, 3:5] - 1.0)
        heavy_y_max = np.arccosh(self.beam_energy / self.heavy_mass)
        heavy_y = heavy_y_max * (2.0 * cube[:, 5] - 1.0)
        phi = TWO_PI * cube[:, 2]
        heavy_pt2 = pt[:, 0] ** 2 + pt[:, 1] ** 2 + 2.0 * pt[:, 0] * pt[:, 1] * np.cos(phi)
        heavy_mt = np.sqrt(heavy_pt2 + self.heavy_mass**2)
        plus = np.sum(pt * np.exp(y), axis=1) + heavy_mt * np.exp(heavy_y)
        minus = np.sum(pt * np.exp(-y), axis=1) + heavy_mt * np.exp(-heavy_y)
        fractions = np.stack([plus, minus], axis=1) / (2.0 * self.beam_energy)
        inside = np.all(fractions < 1.0, axis=1)
        # d^2pT dy / (2 (2 pi)^3) per particle, times (2 pi)^4 delta^4, which leaves dx1 dx2 = 2 / S dE dpz
        ranges = (2.0 * y_max) ** 2 * 2.0 * heavy_y_max * TWO_PI**2
        constant = ranges / 4.0 / (2.0 * TWO_PI**3) ** 3 * TWO_PI**4 * 2.0 / (2.0 * self.beam_energy) ** 2
        jets = _jets(pt[inside], y[inside], phi[inside])
        momenta = _assembled(jets, fractions[inside] * self.beam_energy)
        return PhaseSpacePoints(inside, momenta, fractions[inside], constant * np.prod(dpt2[inside], axis=1))


@dataclass(frozen=True)
class PartonicPhaseSpace:
    """Collisions of partons that carry their beam's whole energy; all in GeV.

    Axes: pT of the first jet, the jets' azimuth difference, y of both jets. The pT of the second jet follows from the
    mass of the heavy particle, (Q - k2)^2 = m^2 with Q = p1 + p2 - k1.
    """

    beam_energy: float
    heavy_mass: float
    boson_mass: float
    min_jet_pt: float
    max_jet_rapidity: float

    @property
    def n_axes(self) -> int:
        """Number of variables."""
        return 4

    def points(self, cube: FloatArray) -> PhaseSpacePoints:
        """Map points (n, 4) of the unit cube; those in which the first jet leaves too little energy are outside."""
        pt, dpt2 = _jet_pt(cube[:, 0], self.min_jet_pt, self.beam_energy, self.boson_mass)
        phi = TWO_PI * cube[:, 1]
        y_max = _max_jet_rapidity(self.beam_energy, self.min_jet_pt, self.max_jet_rapidity)
        y = y_max * (2.0 * cube[:, 2:4] - 1.0)
        first = from_rapidity(pt, y[:, 0], np.zeros_like(pt))
        rest = np.array([2.0 * self.beam_energy, 0.0, 0.0, 0.0]) - first
        direction = from_rapidity(np.ones_like(pt), y[:, 1], phi)
        product = minkowski_product(rest, direction)
        second_pt = (minkowski_product(rest, rest) - self.heavy_mass**2) / (2.0 * product)
        inside = (second_pt > 0.0) & (product > 0.0)
        ranges = (2.0 * y_max) ** 2 * TWO_PI**2
        constant = ranges / 16.0 / TWO_PI**5
        jets = _jets(np.stack([pt, second_pt], axis=1)[inside], y[inside], phi[inside])
        energies = np.full((len(jets), 2), self.beam_energy)
        measure = constant * (dpt2 * second_pt / product)[inside]
        return PhaseSpacePoints(inside, _assembled(jets, energies), np.ones((len(jets), 2)), measure)


def _max_jet_rapidity(beam_energy: float, min_pt: float, limit: float) -> float:
    """Return where a jet of the least pT reaches the beam energy, or the cut if that is tighter."""
    return float(min(limit, np.arccosh(beam_energy / min_pt))) if min_pt > 0.0 else limit


def _jets(pt: FloatArray, y: FloatArray, phi: FloatArray) -> FloatArray:
    first = from_rapidity(pt[:, 0], y[:, 0], np.zeros_like(phi))
    second = from_rapidity(pt[:, 1], y[:, 1], phi)
    return np.stack([first, second], axis=1)


def _assembled(jets: FloatArray, energies: FloatArray) -> FloatArray:
    """Return all five momenta (n, 5, 4) of jets (n, 2, 4) and the energies (n, 2) of the incoming partons."""
    momenta = np.zeros((len(jets), 5, 4))
    momenta[:, 0, 0] = momenta[:, 0, 3] = energies[:, 0]
    momenta[:, 1, 0] = energies[:, 1]
    momenta[:, 1, 3] = -energies[:, 1]
    momenta[:, 2:4] = jets
    momenta[:, 4] = momenta[:, 0] + momenta[:, 1] - momenta[:, 2] - momenta[:, 3]
    return momenta
