"""Left-handed massless fermions: spinors, currents, and lines along which several bosons are absorbed.

A fermion line runs along the arrow of its flow, from an incoming fermion or outgoing antifermion to an outgoing fermion
or incoming antifermion; both kinds of each end have the same two-component spinor. Right-handed lines are the complex
conjugates of left-handed ones, with conjugate bosons.

Chiral representation: sigma = (1, sigma_i), sigmabar = (1, -sigma_i).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product


def left_handed_spinor(momenta: FloatArray) -> ComplexArray:
    """Return the two-component spinor (n, 2) of negative helicity, normalised to 2 E, of massless momenta (n, 4).

    In the chiral representation (-(px - i py), p+) / sqrt(p+), with p+ = E + pz computed as pT^2 / (E - pz) for
    particles that go backward, where the sum would cancel.
    """
    energy, px, py, pz = np.moveaxis(momenta, -1, 0)
    transverse = px - 1j * py
    minus = np.where(pz < 0, energy - pz, 1.0)
    plus = np.where(pz < 0, (px**2 + py**2) / minus, energy + pz)
    backward = plus <= 0.0
    root = np.sqrt(np.where(backward, 1.0, plus))
    upper = np.where(backward, -np.sqrt(2.0 * energy), -transverse / root)
    lower = np.where(backward, 0.0, root)
    return np.stack([upper, lower], axis=-1)


def left_handed_current(end: ComplexArray, begin: ComplexArray) -> ComplexArray:
    """Return J^mu = end^dagger sigmabar^mu begin, (..., 4), of spinors (..., 2).

    Between massless spinors the current is conserved: (p_begin - p_end).J = 0.
    """
    a, b = end.conj(), begin
    up_up, down_down = a[..., 0] * b[..., 0], a[..., 1] * b[..., 1]
    up_down, down_up = a[..., 0] * b[..., 1], a[..., 1] * b[..., 0]
    return np.stack(
        [up_up + down_down, -(up_down + down_up), 1j * (up_down - down_up), down_down - up_up],
        axis=-1,
    )


def absorbed(spinor: ComplexArray, boson: ComplexArray, momentum: FloatArray) -> ComplexArray:
    """Return the spinor (..., 2) behind a vertex and a propagator: sigma.k sigmabar.V spinor / k^2, in GeV^-1.

    Parameters
    ----------
    spinor
        (..., 2) before the vertex.
    boson
        (..., 4) polarisation vector or current V of the boson.
    momentum
        (..., 4) in GeV along the line behind the vertex, k.
    """
    square = minkowski_product(momentum, momentum)
    result: ComplexArray = _slashed(momentum, _slashed(boson, spinor, 1.0), -1.0) / square[..., None]
    return result


def line_begun(end: ComplexArray, boson: ComplexArray, momentum: FloatArray) -> ComplexArray:
    """Return the spinor e with e^dagger = end^dagger sigmabar.V sigma.k / k^2: `absorbed` seen from the line's end.

    `momentum` (..., 4) is k, along the line before the vertex.
    """
    return absorbed(end, boson.conj(), momentum)


def _slashed(vector: NDArray[Any], spinor: ComplexArray, sign: float) -> ComplexArray:
    """Return (V^0 + sign sigma_i V^i) spinor: sigmabar.V for sign +1, sigma.V for sign -1."""
    zero, x, y, z = (vector[..., component] for component in range(4))
    upper, lower = spinor[..., 0], spinor[..., 1]
    return np.stack(
        [
            (zero + sign * z) * upper + sign * (x - 1j * y) * lower,
            sign * (x + 1j * y) * upper + (zero - sign * z) * lower,
        ],
        axis=-1,
    )
