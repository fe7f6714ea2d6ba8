"""The decay h > gamma gamma: isotropic in the Higgs boson's rest frame, and independent of the operators."""

from __future__ import annotations

from math import atan, pi

import numpy as np

from assay.generation.kinematics import FloatArray, boosted, minkowski_product
from assay.generation.model import EWDIM6, ElectroweakInputs


def photon_width(inputs: ElectroweakInputs = EWDIM6) -> float:
    """Return the partial width of h > gamma gamma in GeV, A_H^2 MH^3 / (64 pi) for the interaction -1/4 A_H h F F.

    A_H is EWdim6's effective coupling: the W and top loops of the SM, 47 alpha / (18 pi v) for heavy particles in the
    loop, expanded in w = MH^2 / MW^2 and t = MH^2 / MT^2 to the orders which that model keeps.
    """
    w = (inputs.higgs_mass / inputs.w_mass) ** 2
    t = (inputs.higgs_mass / inputs.top_mass) ** 2
    w_loop = w * (
        33 / 470 + w * (57 / 6580 + w * (87 / 65800 + w * (41 / 180950 + w * (5 / 119756 + w * 213 / 2.634632e7))))
    )
    top_loop = t * (14 / 705 + t * 2 / 987)
    heavy = 47 * inputs.alpha / (18 * pi * inputs.vacuum_expectation_value)
    return (heavy * (1 + w_loop - top_loop)) ** 2 * inputs.higgs_mass**3 / (64 * pi)


def photon_branching_ratio(inputs: ElectroweakInputs = EWDIM6) -> float:
    """Return the partial width over the total width that is an input of the model (0.00407 GeV): 2.583e-3."""
    return photon_width(inputs) / inputs.higgs_width


def share_near_resonance(n_widths: float) -> float:
    """Return the share of a Breit-Wigner within `n_widths` widths of its mass: (2 / pi) atan(2 n).

    MadGraph drops the rest of a decay chain (`bwcutoff`, 15 widths by default: 2.1 % of the cross section); we do not.
    """
    return 2.0 / pi * atan(2.0 * n_widths)


def decay_to_photons(higgs: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return two photons (n, 2, 4) in GeV for every Higgs boson (n, 4)."""
    n_events = len(higgs)
    # drawn event by event: the first events do not depend on how many follow
    uniform = rng.random((n_events, 2))
    cosine = 2.0 * uniform[:, 0] - 1.0
    phi = 2.0 * pi * uniform[:, 1]
    sine = np.sqrt(1.0 - cosine**2)
    half_mass = np.sqrt(minkowski_product(higgs, higgs)) / 2.0
    direction = np.stack([np.ones(n_events), sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1)
    first = boosted(half_mass[:, None] * direction, higgs)
    # massless to rounding, whatever the boost
    first[:, 0] = np.sqrt(np.sum(first[:, 1:] ** 2, axis=1))
    return np.stack([first, higgs - first], axis=1)
