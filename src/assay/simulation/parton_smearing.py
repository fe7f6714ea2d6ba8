"""Gaussian smearing of a generator's final state, in place of a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from assay.errors import SimulationError

Array = NDArray[np.float64]

TYPES: Mapping[str, tuple[int, ...]] = {"j": (1, 2, 3, 4, 21), "b": (5,), "e": (11,), "mu": (13,), "a": (22,)}
"""PDG ids (without sign) of each type of particle that can be smeared."""

_TRIES = 1000


@dataclass(frozen=True)
class Resolution:
    """A standard deviation: absolute + relative * |true value|."""

    absolute: float = 0.0
    relative: float = 0.0

    def at(self, values: Array) -> Array:
        """Return it for many true values."""
        return self.absolute + self.relative * np.abs(values)


@dataclass(frozen=True)
class ParticleSmearing:
    """How one type of particle is measured.

    Parameters
    ----------
    energy, pt
        In GeV. If one is None it follows from the other with the mass kept; if both are given, each is smeared by
        itself and the mass follows (negative where the energy is less than the momentum); if both are None, the
        transverse momentum stays.
    eta, phi
        Directions.
    """

    energy: Resolution | None = None
    pt: Resolution | None = None
    eta: Resolution = Resolution()
    phi: Resolution = Resolution()


@dataclass(frozen=True)
class PartonSmearing:
    """How a generator's final state is measured.

    Parameters
    ----------
    types
        By type of particle, a key of `TYPES`; others are exact.
    missing_momentum
        Noise of each component of the missing momentum; relative to the scalar sum of visible transverse momenta.
    """

    types: Mapping[str, ParticleSmearing] = field(default_factory=dict)
    missing_momentum: Resolution = Resolution()

    def of(self, code: NDArray[np.int64]) -> list[tuple[NDArray[np.intp], ParticleSmearing]]:
        """Return the places of particles, by PDG ids without sign, that are smeared alike."""
        return [(np.flatnonzero(np.isin(code, TYPES[name])), smearing) for name, smearing in self.types.items()]


def smeared(columns: Mapping[str, Array], smearing: ParticleSmearing, random: np.random.Generator) -> dict[str, Array]:
    """Measure particles.

    Parameters
    ----------
    columns
        True pt, eta, phi, mass, each of shape `(n,)`.
    smearing
        How.
    random
        Source of all random numbers.

    Returns
    -------
    dict
        The same columns as measured. Energies below the mass and transverse momenta below zero are drawn again.

    Raises
    ------
    SimulationError
        If a resolution is so large that this never ends.
    """
    pt, eta, phi, mass = (columns[name] for name in ("pt", "eta", "phi", "mass"))
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    eta = random.normal(eta, smearing.eta.at(eta))
    phi = _wrapped(random.normal(phi, smearing.phi.at(phi)))
    measured_pt = pt if smearing.pt is None else _positive(pt, smearing.pt.at(pt), np.zeros(len(pt)), random)
    if smearing.energy is not None:
        energy = _positive(energy, smearing.energy.at(energy), mass, random)
        if smearing.pt is None:
            measured_pt = np.sqrt(energy**2 - mass**2) / np.cosh(eta)
        else:
            square = energy**2 - (measured_pt * np.cosh(eta)) ** 2
            mass = np.copysign(np.sqrt(np.abs(square)), square)
    return {"pt": measured_pt, "eta": eta, "phi": phi, "mass": mass}


def _positive(true: Array, sigma: Array, least: Array, random: np.random.Generator) -> Array:
    """Draw from a Gaussian, again where the outcome is not above the least possible value."""
    drawn = random.normal(true, sigma)
    for _ in range(_TRIES):
        wrong = np.flatnonzero((drawn <= least) & (sigma > 0.0))
        if not len(wrong):
            return drawn
        drawn[wrong] = random.normal(true[wrong], sigma[wrong])
    raise SimulationError(
        f"a resolution of {sigma[wrong[0]]:.4g} GeV at {true[wrong[0]]:.4g} GeV",
        expected="resolutions that leave energies above masses now and then",
        mend="lower the resolution in 'detector: smearing'",
    )


def _wrapped(phi: Array) -> Array:
    return np.asarray((phi + np.pi) % (2.0 * np.pi) - np.pi)
