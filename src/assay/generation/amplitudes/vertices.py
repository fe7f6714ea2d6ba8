"""The vertex h W- W+ of EWdim6, contracted with the two currents that feed it.

W-(p1, mu) W+(p2, nu) h(p3), all momenta incoming; per unit of g^2 v and of the coefficient in GeV^-2:

- SM: 1/2 g^{mu nu}
- CWL2: 1/4 [p3^mu p1^nu + p2^mu p3^nu - (p1.p3 + p2.p3) g^{mu nu}]
- CPWL2: -1/2 eps^{mu nu}(p1 - p2, p3), with eps^{0123} = 1, hence eps_{0123} = -1
- CphiWL2: -2 [p2^mu p1^nu - p1.p2 g^{mu nu}]
- CphidL2: -v^2 times the SM (the shift of the Higgs field's normalisation)

Source: the Lagrangian of arXiv:1205.4231, eqs. (2.9)-(2.13), in the conventions of its UFO model.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.generation.kinematics import ComplexArray, FloatArray, levi_civita, minkowski_product


@dataclass(frozen=True)
class VectorLeg:
    """A vector boson that enters a vertex: incoming momentum (n, 4) in GeV, polarisation or current (n, 4)."""

    momentum: FloatArray
    current: ComplexArray


def higgs_vertex_sm(w_minus: VectorLeg, w_plus: VectorLeg) -> ComplexArray:
    """Return the SM structure, (n,)."""
    return 0.5 * minkowski_product(w_minus.current, w_plus.current)


def higgs_vertex_cwl2(w_minus: VectorLeg, w_plus: VectorLeg) -> ComplexArray:
    """Return the structure of CWL2 in GeV^2, (n,)."""
    higgs = -(w_minus.momentum + w_plus.momentum)
    square = minkowski_product(higgs, higgs)
    currents = minkowski_product(w_minus.current, w_plus.current)
    first = minkowski_product(higgs, w_minus.current) * minkowski_product(w_minus.momentum, w_plus.current)
    second = minkowski_product(w_plus.momentum, w_minus.current) * minkowski_product(higgs, w_plus.current)
    return 0.25 * (first + second + square * currents)


def higgs_vertex_cpwl2(w_minus: VectorLeg, w_plus: VectorLeg) -> ComplexArray:
    """Return the structure of CPWL2 in GeV^2, (n,)."""
    higgs = -(w_minus.momentum + w_plus.momentum)
    difference = w_minus.momentum - w_plus.momentum
    return 0.5 * levi_civita(w_minus.current, w_plus.current, difference, higgs)


def higgs_vertex_cphiwl2(w_minus: VectorLeg, w_plus: VectorLeg) -> ComplexArray:
    """Return the structure of CphiWL2 in GeV^2, (n,)."""
    crossed = minkowski_product(w_plus.momentum, w_minus.current) * minkowski_product(w_minus.momentum, w_plus.current)
    momenta = minkowski_product(w_minus.momentum, w_plus.momentum)
    return -2.0 * (crossed - momenta * minkowski_product(w_minus.current, w_plus.current))
