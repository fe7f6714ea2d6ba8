"""Squared matrix elements of the embedded processes as functions of momenta and EFT coefficients.

With A = A_SM + sum_k c_k A_k per helicity, |M|^2 is an exactly quadratic polynomial in the coefficients c_k; the
complex components A_k (`amplitude_components`) determine it for every event once and for all coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay.errors import GenerationError
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.processes import Process, find_process, model_operators


def coupling_vector(process: Process, couplings: Mapping[str, float]) -> FloatArray:
    """Return (1, c_1, ..., c_K) in TeV^-2, in the order of the process's operators; absent ones are zero.

    Operators of the model on which the process does not depend are accepted and have no effect.

    Raises
    ------
    GenerationError
        If an operator is not one of the model's, or a value is not finite.
    """
    for name, value in couplings.items():
        if name not in model_operators():
            raise GenerationError(
                f"unknown operator {name!r}",
                where=f"process {process.name}",
                expected=f"one of {', '.join(process.operators)}",
            )
        if not np.isfinite(value):
            raise GenerationError(f"the value of {name} is {value}", expected="a finite number of TeV^-2")
    return np.array([1.0, *(float(couplings.get(name, 0.0)) for name in process.operators)])


def squared_from_components(components: ComplexArray, couplings: FloatArray) -> FloatArray:
    """Return sum_helicities |sum_k c_k A_k|^2, (n, B), of components (n, helicities, K) and couplings (B, K)."""
    amplitudes = components @ couplings.T
    squares: FloatArray = np.sum(amplitudes.real**2 + amplitudes.imag**2, axis=1)
    return squares


def squared_matrix_element(
    process: str, momenta: FloatArray, couplings: Mapping[str, float], t_channel_width: float = 0.0
) -> FloatArray:
    """Return |M|^2, (n,), averaged over incoming and summed over outgoing spins and colours.

    Parameters
    ----------
    process
        Name of an embedded process.
    momenta
        (n, legs, 4) in GeV, legs as in `Process.legs`.
    couplings
        Operator name to c / Lambda^2 in TeV^-2.
    t_channel_width
        Width in GeV of bosons in the t-channel: zero in cross sections (as in MadEvent).
    """
    found = find_process(process)
    expected = (len(found.legs), 4)
    if momenta.ndim != 3 or momenta.shape[1:] != expected:
        raise GenerationError(
            f"momenta have the shape {momenta.shape}", where=f"process {process}", expected=f"(n, {expected[0]}, 4)"
        )
    components = found.amplitude_components(momenta, t_channel_width)
    return found.average * squared_from_components(components, coupling_vector(found, couplings)[None])[:, 0]


def matrix_element_score(
    process: str, momenta: FloatArray, couplings: Mapping[str, float], t_channel_width: float = 0.0
) -> FloatArray:
    """Return d log |M|^2 / d c_k in TeV^2, (n, operators), in the order of the process's operators.

    Less the gradient of log sigma this is the exact joint score of parton-level events with respect to the
    coefficients. Parameters as in `squared_matrix_element`.
    """
    found = find_process(process)
    components = found.amplitude_components(momenta, t_channel_width)
    amplitude = components @ coupling_vector(found, couplings)
    gradient = 2.0 * np.sum((amplitude.conj()[..., None] * components[..., 1:]).real, axis=1)
    score: FloatArray = gradient / np.sum(np.abs(amplitude) ** 2, axis=1)[:, None]
    return score
