"""Renormalisation and factorisation scales of events.

What to use when: `fixed` for comparisons of totals; `dynamical` is what the default of MadGraph
(`dynamical_scale_choice = -1`) amounts to: where colour singlets are exchanged between two quark lines it follows each
jet's transverse momentum, otherwise it is the mass of the whole system, into which the final state is clustered. The
sums of transverse masses are MadGraph's choices 2 and 3; `mass`, of the whole system, is its choice 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from assay.generation.kinematics import FloatArray, minkowski_product

ScaleChoice = Literal["fixed", "dynamical", "transverse_mass_sum", "half_transverse_mass_sum", "mass"]
SCALE_CHOICES: tuple[ScaleChoice, ...] = (
    "fixed", "dynamical", "transverse_mass_sum", "half_transverse_mass_sum", "mass",
)  # fmt: skip
Flow = tuple[tuple[int, int], ...]
"""Colour and anticolour line of every leg, two incoming first."""

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


def scales_of(choice: ScaleChoice, value: float, factor: float, flows: Sequence[Flow], momenta: FloatArray) -> Scales:
    """Return the scales of events (n, legs, 4), two incoming legs first, whose colour may flow as in `flows`.

    `value` in GeV is the scale if it is fixed; `factor` multiplies any.
    """
    if choice == "fixed":
        return floored(fixed_scales(len(momenta), value), factor)
    if choice in ("transverse_mass_sum", "half_transverse_mass_sum"):
        return floored(transverse_mass_scales(momenta[:, 2:], 1.0 if choice == "transverse_mass_sum" else 0.5), factor)
    jets = quark_lines(flows, momenta) if choice == "dynamical" else None
    if jets is None:
        return floored(mass_scales(momenta[:, :2]), factor)
    return floored(clustering_scales(momenta[:, :2], jets), factor)


def quark_lines(flows: Sequence[Flow], momenta: FloatArray) -> FloatArray | None:
    """Return the outgoing quarks (n, 2, 4) into which those of beams 1 and 2 turn; None if they annihilate.

    Where colour can flow in two ways, each event has that of the smaller momentum transfers.
    """
    pairs = {pair for pair in map(_lines, flows) if pair is not None}
    choices = [momenta[:, pair] for pair in sorted(pairs)]
    if not choices:
        return None
    transfers = [-np.sum(minkowski_product(momenta[:, :2] - jets, momenta[:, :2] - jets), axis=1) for jets in choices]
    nearest = np.argmin(transfers, axis=0)
    return np.stack(choices)[nearest, np.arange(len(momenta))] if len(choices) > 1 else choices[0]


def _lines(flow: Flow) -> tuple[int, int] | None:
    """Return the outgoing legs that have the colour of legs 0 and 1; None if they have none or annihilate."""
    found = [[leg for leg in range(2, len(flow)) if flow[leg] == flow[beam] != (0, 0)] for beam in (0, 1)]
    return (found[0][0], found[1][0]) if all(found) else None


def mass_scales(incoming: FloatArray) -> Scales:
    """Return the mass of the whole system of incoming partons (n, 2, 4)."""
    total = incoming.sum(axis=1)
    mass = np.sqrt(minkowski_product(total, total))
    return Scales(mass, np.stack([mass, mass], axis=1))


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
