"""Polarisation vectors of outgoing vector bosons (complex conjugates of the incoming ones), in the helicity basis."""

from __future__ import annotations

import numpy as np

from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product


def photon_polarisations(momenta: FloatArray) -> ComplexArray:
    """Return epsilon* of helicities -1 and +1, (n, 2, 4), of photons (n, 4)."""
    size = np.linalg.norm(momenta[:, 1:], axis=1)
    transverse = np.hypot(momenta[:, 1], momenta[:, 2])
    along_beam = transverse == 0.0
    divisor = np.where(along_beam, 1.0, transverse)
    cos_phi, sin_phi = np.where(along_beam, 1.0, momenta[:, 1] / divisor), momenta[:, 2] / divisor
    cosine, sine = momenta[:, 3] / size, transverse / size
    zero = np.zeros(len(momenta))
    polar = np.stack([zero, cosine * cos_phi, cosine * sin_phi, -sine], axis=1)
    azimuthal = np.stack([zero, -sin_phi, cos_phi, zero], axis=1)
    vectors: ComplexArray = np.stack([polar + 1j * azimuthal, -polar + 1j * azimuthal], axis=1) / np.sqrt(2.0)
    return vectors


def massive_polarisations(momenta: FloatArray) -> ComplexArray:
    """Return epsilon* of helicities -1, +1 and 0, (n, 3, 4), of massive bosons (n, 4) that are not at rest."""
    mass = np.sqrt(minkowski_product(momenta, momenta))
    size = np.linalg.norm(momenta[:, 1:], axis=1)
    direction = momenta[:, 1:] * (momenta[:, :1] / size[:, None])
    longitudinal = np.concatenate([size[:, None], direction], axis=1) / mass[:, None]
    return np.concatenate([photon_polarisations(momenta), longitudinal[:, None]], axis=1)
