"""Currents of massless fermions, of which W bosons see the left-handed ones alone."""

from __future__ import annotations

import numpy as np

from assay.generation.kinematics import ComplexArray, FloatArray


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


def left_handed_current(outgoing: FloatArray, incoming: FloatArray) -> ComplexArray:
    """Return J^mu = u_L(outgoing)^dagger sigmabar^mu u_L(incoming), (n, 4), of massless fermions (n, 4).

    sigmabar = (1, -sigma). The current is conserved: (incoming - outgoing).J = 0.
    """
    a = left_handed_spinor(outgoing).conj()
    b = left_handed_spinor(incoming)
    up_up, down_down = a[:, 0] * b[:, 0], a[:, 1] * b[:, 1]
    up_down, down_up = a[:, 0] * b[:, 1], a[:, 1] * b[:, 0]
    return np.stack(
        [up_up + down_down, -(up_down + down_up), 1j * (up_down - down_up), down_down - up_up],
        axis=-1,
    )
