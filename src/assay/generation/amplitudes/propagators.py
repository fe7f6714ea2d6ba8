"""Propagators of bosons; of vectors between conserved currents (where the terms in q^mu q^nu vanish)."""

from __future__ import annotations

import numpy as np

from assay.generation.kinematics import ComplexArray, FloatArray


def propagator(q2: FloatArray, mass: float, width: float) -> ComplexArray:
    """Return 1 / (q^2 - M^2 + i M Gamma) in GeV^-2, (n,); `q2` in GeV^2."""
    return np.asarray(1.0 / (q2 - mass**2 + 1j * (mass * width)), dtype=np.complex128)
