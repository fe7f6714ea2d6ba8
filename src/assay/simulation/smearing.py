"""Efficiencies and resolutions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.study.arithmetic import evaluate
from assay.study.expressions import Expression

Array = NDArray[np.float64]

VARIABLES = ("pt", "eta", "phi", "energy")


def at_momenta(formula: Expression, pt: Array, eta: Array, phi: Array, energy: Array) -> Array:
    """Compute a formula of `VARIABLES` for many particles, each of shape `(n,)`."""
    return evaluate(formula, {"pt": pt, "eta": eta, "phi": phi, "energy": energy})


def passes(efficiency: Array, formula: Expression, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which particles are found.

    Raises
    ------
    SimulationError
        If an efficiency is not between 0 and 1.
    """
    if efficiency.size and not (efficiency.min() >= 0.0 and efficiency.max() <= 1.0):
        raise SimulationError(
            f"'{formula.text}' gives efficiencies from {efficiency.min():.4g} to {efficiency.max():.4g}",
            expected="0 to 1",
        )
    return random.random(efficiency.shape) < efficiency


def response(relative: Array, formula: Expression, random: np.random.Generator) -> Array:
    """Draw measured over true values: log-normal with mean 1 and standard deviation `relative`, so never negative.

    Raises
    ------
    SimulationError
        If a resolution is negative.
    """
    if relative.size and relative.min() < 0.0:
        raise SimulationError(f"'{formula.text}' gives a resolution of {relative.min():.4g}", expected="0 or more")
    variance = np.log1p(relative**2)
    return np.exp(np.sqrt(variance) * random.standard_normal(relative.shape) - 0.5 * variance)


def corrected(factor: Array, formula: Expression) -> Array:
    """Return an energy scale.

    Raises
    ------
    SimulationError
        If it is not positive.
    """
    if factor.size and not factor.min() > 0.0:
        raise SimulationError(f"'{formula.text}' gives an energy scale of {factor.min():.4g}", expected="more than 0")
    return factor
