"""Four-momenta as arrays: the last axis is (E, px, py, pz) in GeV, the metric is (+, -, -, -)."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


@overload
def minkowski_product(a: FloatArray, b: FloatArray) -> FloatArray: ...
@overload
def minkowski_product(a: ComplexArray, b: NDArray[Any]) -> ComplexArray: ...
@overload
def minkowski_product(a: FloatArray, b: ComplexArray) -> ComplexArray: ...
def minkowski_product(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return a.b of vectors (..., 4), real or complex (without complex conjugation)."""
    product: NDArray[Any] = (
        a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1] - a[..., 2] * b[..., 2] - a[..., 3] * b[..., 3]
    )
    return product


def levi_civita(a: ComplexArray, b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> ComplexArray:
    """Return eps_{mu nu rho sigma} a^mu b^nu c^rho d^sigma of vectors (..., 4), with eps_{0123} = +1.

    The determinant is expanded in the 2x2 minors of the pairs (a, b) and (c, d).
    """

    def minor(u: NDArray[Any], v: NDArray[Any], i: int, j: int) -> NDArray[Any]:
        value: NDArray[Any] = u[..., i] * v[..., j] - u[..., j] * v[..., i]
        return value

    determinant: ComplexArray = (
        minor(a, b, 0, 1) * minor(c, d, 2, 3)
        - minor(a, b, 0, 2) * minor(c, d, 1, 3)
        + minor(a, b, 0, 3) * minor(c, d, 1, 2)
        + minor(a, b, 1, 2) * minor(c, d, 0, 3)
        - minor(a, b, 1, 3) * minor(c, d, 0, 2)
        + minor(a, b, 2, 3) * minor(c, d, 0, 1)
    )
    return determinant


def transverse_momentum(momenta: FloatArray) -> FloatArray:
    """Return pT in GeV, (...), of momenta (..., 4)."""
    return np.hypot(momenta[..., 1], momenta[..., 2])


def rapidity(momenta: FloatArray) -> FloatArray:
    """Return y = atanh(pz / E), (...), of momenta (..., 4); for massless particles this is the pseudorapidity."""
    return np.arctanh(momenta[..., 3] / momenta[..., 0])


def wrapped_azimuth(phi: FloatArray) -> FloatArray:
    """Return `phi` in [-pi, pi)."""
    return np.mod(phi + np.pi, 2.0 * np.pi) - np.pi


def from_rapidity(pt: FloatArray, y: FloatArray, phi: FloatArray, mass: FloatArray | float = 0.0) -> FloatArray:
    """Return momenta (n, 4) of pT in GeV, rapidity and azimuth (n,) and mass in GeV (one, or (n,))."""
    transverse_mass = np.sqrt(pt**2 + mass**2)
    return np.stack(
        [transverse_mass * np.cosh(y), pt * np.cos(phi), pt * np.sin(phi), transverse_mass * np.sinh(y)], axis=-1
    )


def boosted(momenta: FloatArray, frame: FloatArray) -> FloatArray:
    """Return `momenta` (n, 4), given in the rest frame of `frame` (n, 4), in the frame in which `frame` is given."""
    mass = np.sqrt(minkowski_product(frame, frame))
    along = np.sum(frame[:, 1:] * momenta[:, 1:], axis=1)
    energy = (frame[:, 0] * momenta[:, 0] + along) / mass
    factor = (momenta[:, 0] + energy) / (frame[:, 0] + mass)
    return np.concatenate([energy[:, None], momenta[:, 1:] + factor[:, None] * frame[:, 1:]], axis=1)


def rotated_about_beam(momenta: FloatArray, angle: FloatArray) -> FloatArray:
    """Return events (n, legs, 4), each rotated about the beam axis by its own angle (n,)."""
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    result = momenta.copy()
    result[..., 1] = cosine * momenta[..., 1] - sine * momenta[..., 2]
    result[..., 2] = sine * momenta[..., 1] + cosine * momenta[..., 2]
    return result
