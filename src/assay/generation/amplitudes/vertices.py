"""Lorentz structures of the vertices h V V' and W- W+ V, contracted with the currents or polarisations that feed them.

All momenta are incoming, and every boson is transverse: p.J = 0 (conserved currents and physical polarisations). A
vertex of a model is a combination of the structures with couplings per operator (`couplings`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.generation.kinematics import ComplexArray, FloatArray, levi_civita, minkowski_product

HIGGS_STRUCTURES = ("metric", "first_square", "second_square", "field_strength", "dual")
"""Of h V(p1, mu) V'(p2, nu): g^{mu nu}, p1^2 g^{mu nu}, p2^2 g^{mu nu}, p2^mu p1^nu - p1.p2 g^{mu nu}, and
eps^{mu nu}(p1, p2) with eps_{0123} = +1."""

TRIPLE_STRUCTURES = ("yang_mills", "kappa", "www", "dual_kappa", "dual_www")
"""Of W-(p1, mu) W+(p2, nu) V(p3, rho): (p1 - p2)^rho g^{mu nu} + cyclic; p3^nu g^{mu rho} - p3^mu g^{nu rho}; the trace
of three field strengths F1 F2 F3, F = p J - J p; eps(mu, nu, rho, p3) with eps_{0123} = +1; the trace with the dual of
any of the three, F^{mu nu} -> 1/2 eps^{mu nu rho sigma} F_{rho sigma} with eps^{0123} = +1."""


@dataclass(frozen=True)
class VectorLeg:
    """A vector boson that enters a vertex: incoming momentum (..., 4) in GeV, polarisation or current (..., 4)."""

    momentum: FloatArray
    current: ComplexArray


def higgs_structures(first: VectorLeg, second: VectorLeg) -> ComplexArray:
    """Return the values (..., 5) of `HIGGS_STRUCTURES`, all but the first in GeV^2."""
    p1, p2 = first.momentum, second.momentum
    metric = minkowski_product(first.current, second.current)
    crossed = minkowski_product(p2, first.current) * minkowski_product(p1, second.current)
    return np.stack(
        [
            metric,
            minkowski_product(p1, p1) * metric,
            minkowski_product(p2, p2) * metric,
            crossed - minkowski_product(p1, p2) * metric,
            levi_civita(first.current, second.current, p1, p2),
        ],
        axis=-1,
    )


def triple_structures(w_minus: VectorLeg, w_plus: VectorLeg, neutral: VectorLeg) -> ComplexArray:
    """Return the values (..., 5) of `TRIPLE_STRUCTURES`: two in GeV, one in GeV^3, one in GeV, one in GeV^3."""
    j1, j2, j3 = w_minus.current, w_plus.current, neutral.current
    p1, p2, p3 = w_minus.momentum, w_plus.momentum, neutral.momentum
    j12, j23, j31 = minkowski_product(j1, j2), minkowski_product(j2, j3), minkowski_product(j3, j1)
    # transversality and momentum conservation leave one product of a current with a momentum each
    a, b, c = minkowski_product(p2, j1), minkowski_product(p3, j2), minkowski_product(p1, j3)
    yang_mills = 2.0 * (c * j12 + a * j23 + b * j31)
    kappa = b * j31 + a * j23
    square = [minkowski_product(p, p) for p in (p1, p2, p3)]
    www = 2.0 * a * b * c + a * j23 * square[0] + b * j31 * square[1] + c * j12 * square[2]
    dual_kappa = levi_civita(j1, j2, j3, p3)
    # the trace of F1 F2 contracted with eps(p3, J3)
    first, second = levi_civita(j2, j3, p1, p3), levi_civita(j1, j3, p2, p3)
    dual_www = -a * first - b * second + minkowski_product(p1, p2) * dual_kappa
    return np.stack([yang_mills, kappa, www, dual_kappa, dual_www], axis=-1)
