"""Renormalisation and factorisation scales of the exchange of two colour singlets between two quark lines.

What to use when: `fixed` for comparisons of totals; `dynamical` is the default of MadGraph (`dynamical_scale_choice =
-1`), which follows each jet's transverse momentum; the sums of transverse masses are MadGraph's choices 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.generation.kinematics import FloatArray, minkowski_product

ScaleChoice = Literal["fixed", "dynamical", "transverse_mass_sum", "half_transverse_mass_sum"]
SCALE_CHOICES: tuple[ScaleChoice, ...] = ("fixed", "dynamical", "transverse_mass_sum", "half_transverse_mass_sum")

LOWEST_FACTORISATION_SCALE = 2.0
"""GeV; densities are not evolved further down (MadGraph rejects such events; at dynamical scale one in 10^10)."""

STRONG_COUPLING_AT_MZ = 0.130
Z_MASS = 91.188


@dataclass(frozen=True)
class Scales:
    """Scales per event in GeV: `renormalisation` (n,), `factorisation` (n, 2) for beams 1 and 2."""

    renormalisation: FloatArray
    factorisation: FloatArray

    @property
    def shower_start(self) -> FloatArray:
        """SCALUP of the LHE record: the larger of the factorisation scales."""
        largest: FloatArray = np.max(self.factorisation, axis=1)
        return largest


def fixed_scales(n_events: int, value: float) -> Scales:
    """Return the same scale in GeV for everything."""
    return Scales(np.full(n_events, value), np.full((n_events, 2), value))


def transverse_mass_scales(outgoing: FloatArray, fraction: float) -> Scales:
    """Return `fraction` times the sum of sqrt(m^2 + pT^2) of the outgoing particles (n, legs, 4)."""
    squares = outgoing[..., 0] ** 2 - outgoing[..., 3] ** 2
    total = fraction * np.sum(np.sqrt(np.maximum(squares, 0.0)), axis=1)
    return Scales(total, np.stack([total, total], axis=1))


def clustering_scales(incoming: FloatArray, outgoing: FloatArray) -> Scales:
    """Return the scales that kT clustering of a diagram with two quark lines gives.

    The jet of smaller pT is clustered with its beam first; its pT is this beam's factorisation scale. The event is then
    boosted to the frame in which the exchanged boson and the other beam collide head-on; the pT of the other jet in
    this frame is the other beam's scale. The renormalisation scale is the geometric mean. (arXiv:0811.4622, as MadGraph
    applies it to t-channel colour singlets; its SCALUP is reproduced to 5e-7 on a sample of its events.)

    Parameters
    ----------
    incoming
        (n, 2, 4) in GeV, the quarks of beams 1 and 2.
    outgoing
        (n, 2, 4) in GeV, the quarks into which they turn, in the same order.
    """
    pt2 = outgoing[..., 1] ** 2 + outgoing[..., 2] ** 2
    first_is_softer = pt2[:, 0] < pt2[:, 1]
    boosted_pt2 = np.stack([_pt2_after_clustering(incoming, outgoing, beam) for beam in (0, 1)], axis=1)
    squares = np.where(np.stack([first_is_softer, ~first_is_softer], axis=1), pt2, boosted_pt2)
    factorisation = np.sqrt(np.maximum(squares, 0.0))
    return Scales(np.sqrt(factorisation[:, 0] * factorisation[:, 1]), factorisation)


def _pt2_after_clustering(incoming: FloatArray, outgoing: FloatArray, beam: int) -> FloatArray:
    """Return pT^2 (n,) of the jet of `beam` with respect to this beam and the boson that the other beam emits."""
    quark, jet = incoming[:, beam], outgoing[:, beam]
    boson = incoming[:, 1 - beam] - outgoing[:, 1 - beam]
    product = minkowski_product(quark, boson)
    light_like = boson - (minkowski_product(boson, boson) / (2.0 * product))[:, None] * quark
    pt2: FloatArray = 2.0 * minkowski_product(jet, quark) * minkowski_product(jet, light_like) / product
    return pt2


def floored(scales: Scales, factor: float) -> Scales:
    """Return scales times `factor`, factorisation scales not below `LOWEST_FACTORISATION_SCALE`."""
    factorisation = np.maximum(factor * scales.factorisation, LOWEST_FACTORISATION_SCALE)
    return Scales(np.maximum(factor * scales.renormalisation, LOWEST_FACTORISATION_SCALE), factorisation)


def strong_coupling(scale: FloatArray) -> FloatArray:
    """Return alpha_s (n,) at two loops with five flavours, alpha_s(MZ) = 0.130; `scale` in GeV.

    It enters no matrix element here; LHE records carry it. The implicit solution 1/a + b log(b a / (1 + b a)) =
    log(mu^2) + constant is iterated from the one-loop value.
    """
    flavours = 5.0
    slope = (33.0 - 2.0 * flavours) / (12.0 * np.pi)
    b = (153.0 - 19.0 * flavours) / (2.0 * np.pi * (33.0 - 2.0 * flavours))

    def logarithm(coupling: FloatArray | float) -> FloatArray:
        return np.asarray(b * np.log(b * coupling / (1.0 + b * coupling)))

    start = 1.0 / STRONG_COUPLING_AT_MZ + slope * 2.0 * np.log(scale / Z_MASS)
    inverse: FloatArray = start
    for _ in range(6):
        inverse = start + logarithm(STRONG_COUPLING_AT_MZ) - logarithm(1.0 / inverse)
    return 1.0 / inverse
