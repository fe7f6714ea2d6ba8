"""Squared matrix elements of the embedded processes as functions of momenta and coefficients.

With A = A_SM + sum_k c_k A_k per helicity and colour flow, |M|^2 is an exactly quadratic polynomial in the coefficients
c_k; the complex components A_k (`Amplitude.components`) determine it for every event once and for all coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assay.errors import GenerationError
from assay.generation.amplitude import (
    DEFAULT_OPTIONS,
    Amplitude,
    AmplitudeOptions,
    Legs,
    amplitude_of,
    flavour_channels,
)
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.model import find_model


def coupling_vector(operators: Sequence[str], couplings: Mapping[str, float], model: str = "ewdim6") -> FloatArray:
    """Return (1, c_1, ..., c_K) in TeV^-2, in the order of `operators`; absent ones are zero.

    Operators of the model that are not among `operators`, because a process does not depend on them, have no effect.

    Raises
    ------
    GenerationError
        If an operator is not one of the model's, or a value is not finite.
    """
    known = find_model(model).operators
    for name, value in couplings.items():
        if name not in known:
            raise GenerationError(
                f"unknown operator {name!r}", where=f"model {model}", expected=f"one of {', '.join(known)}"
            )
        if not np.isfinite(value):
            raise GenerationError(f"the value of {name} is {value}", expected="a finite number of TeV^-2")
    return np.array([1.0, *(float(couplings.get(name, 0.0)) for name in operators)])


def squared(amplitude: Amplitude, components: ComplexArray, couplings: FloatArray) -> FloatArray:
    """Return |M|^2, (n, B), of components (n, helicities, F, 1 + K) at coupling vectors (B, 1 + K)."""
    values = components @ couplings.T
    if len(amplitude.colour) == 1:
        single: FloatArray = amplitude.colour[0, 0] * np.sum(values.real**2 + values.imag**2, axis=(1, 2))
        return single
    squares: FloatArray = np.einsum("nhfb,fg,nhgb->nb", values.conj(), amplitude.colour, values, optimize=True).real
    return squares


def squared_matrix_element(
    process: str,
    momenta: FloatArray,
    couplings: Mapping[str, float],
    legs: Legs | None = None,
    options: AmplitudeOptions = DEFAULT_OPTIONS,
) -> FloatArray:
    """Return |M|^2, (n,), averaged over incoming and summed over outgoing spins and colours.

    Identical outgoing particles bring their factor, as in MadGraph. Units: GeV^(2 (4 - legs)).

    Parameters
    ----------
    process
        Name of an embedded process.
    momenta
        (n, legs, 4) in GeV, the first two incoming.
    couplings
        Operator name to c / Lambda^2 in TeV^-2.
    legs
        PDG ids of a channel; None for the first of the process.
    options
        Model, excluded bosons, and whether space-like bosons have widths.

    Raises
    ------
    GenerationError
        If process, legs, operators or the shape of momenta are wrong, or |M|^2 of a point is not finite.
    """
    amplitude = _amplitude(process, momenta, legs, options)
    vector = coupling_vector(amplitude.operators, couplings, options.model)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        squares = squared(amplitude, amplitude.components(momenta), vector[None])[:, 0]
    faulty = np.flatnonzero(~np.isfinite(squares))
    if len(faulty):
        raise GenerationError(
            f"|M|^2 of point {faulty[0]} (from 0) is {squares[faulty[0]]}",
            where=f"process {process}",
            expected="momenta without collinear or vanishing ones, and coefficients that are not huge",
        )
    return squares


def matrix_element_score(
    process: str,
    momenta: FloatArray,
    couplings: Mapping[str, float],
    legs: Legs | None = None,
    options: AmplitudeOptions = DEFAULT_OPTIONS,
) -> FloatArray:
    """Return d log |M|^2 / d c_k in TeV^2, (n, operators), in the order of the channel's operators.

    Less the gradient of log sigma this is the exact joint score of parton-level events of one channel with respect to
    the coefficients. Parameters as in `squared_matrix_element`.
    """
    amplitude = _amplitude(process, momenta, legs, options)
    components = amplitude.components(momenta)
    values = components @ coupling_vector(amplitude.operators, couplings, options.model)
    coloured = np.einsum("fg,nhg->nhf", amplitude.colour, values)
    gradient = 2.0 * np.einsum("nhf,nhfk->nk", coloured.conj(), components[..., 1:]).real
    score: FloatArray = gradient / np.einsum("nhf,nhf->n", coloured.conj(), values).real[:, None]
    return score


def _amplitude(process: str, momenta: FloatArray, legs: Legs | None, options: AmplitudeOptions) -> Amplitude:
    # options that leave no channel: `amplitude_of` tells of any that there would be
    channels = flavour_channels(process, options) or flavour_channels(process)
    chosen = channels[0] if legs is None else tuple(legs)
    if momenta.ndim != 3 or momenta.shape[1:] != (len(chosen), 4):
        raise GenerationError(
            f"momenta have the shape {momenta.shape}", where=f"process {process}", expected=f"(n, {len(chosen)}, 4)"
        )
    return amplitude_of(process, chosen, options)
