"""W-boson fusion, u(1) d(2) > u(3) d(4) h(5): one diagram, u > d W+, d > u W-, W+ W- > h.

Only left-handed quarks couple to W bosons, so that a single helicity amplitude is not zero.
"""

from __future__ import annotations

import numpy as np

from assay.generation.amplitudes.currents import left_handed_current
from assay.generation.amplitudes.propagators import vector_propagator
from assay.generation.amplitudes.vertices import (
    VectorLeg,
    higgs_vertex_cphiwl2,
    higgs_vertex_cpwl2,
    higgs_vertex_cwl2,
    higgs_vertex_sm,
)
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product
from assay.generation.model import EWDIM6, PER_TEV2_IN_PER_GEV2

OPERATORS = ("CWL2", "CPWL2", "CphiWL2", "CphidL2")
SPIN_AVERAGE = 0.25
"""Two spins for each incoming quark; the colour sum (9) cancels against the colour average (1/9)."""


def amplitude_components(momenta: FloatArray, t_channel_width: float) -> ComplexArray:
    """Return the amplitude of the SM and per TeV^-2 of each of `OPERATORS`, (n_events, 1 helicity, 5 components).

    Parameters
    ----------
    momenta
        (n_events, 5, 4) in GeV; legs u, d (incoming), u, d, h (outgoing).
    t_channel_width
        Width in GeV in the W propagators (zero in MadEvent, the physical width in MadGraph's standalone output).
    """
    u_in, d_in, u_out, d_out = (momenta[:, leg] for leg in range(4))
    w_plus = VectorLeg(u_in - d_out, left_handed_current(d_out, u_in))
    w_minus = VectorLeg(d_in - u_out, left_handed_current(u_out, d_in))
    squares = (minkowski_product(boson.momentum, boson.momentum) for boson in (w_plus, w_minus))
    first, second = (vector_propagator(q2, EWDIM6.w_mass, t_channel_width) for q2 in squares)
    v = EWDIM6.vacuum_expectation_value
    strength = EWDIM6.weak_coupling**4 * v / 2.0 * first * second
    sm = higgs_vertex_sm(w_minus, w_plus)
    structures = [
        higgs_vertex_cwl2(w_minus, w_plus),
        higgs_vertex_cpwl2(w_minus, w_plus),
        higgs_vertex_cphiwl2(w_minus, w_plus),
        -(v**2) * sm,
    ]
    components = np.stack([sm, *(PER_TEV2_IN_PER_GEV2 * structure for structure in structures)], axis=-1)
    result: ComplexArray = components[:, None, :] * strength[:, None, None]
    return result
