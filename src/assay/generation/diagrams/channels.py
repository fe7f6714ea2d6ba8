"""Which partons and leptons the channels of a process are made of."""

from __future__ import annotations

QUARKS = (1, 2, 3, 4)
"""Massless quarks of hadron beams; b quarks are massive in the models here, and left out."""

W_LEPTONS = {1: ((-11, 12), (-13, 14)), -1: ((11, -12), (13, -14))}
"""Decay products of W+ and W-, charged lepton first."""

Z_LEPTONS = ((-11, 11), (-13, 13))

W_BOSON = 24
PHOTON = 22


def annihilating_to_w(charge: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs of incoming quarks that make a W boson of `charge`, each in both beams; CKM = 1."""
    pairs = [(2, -1), (4, -3)] if charge > 0 else [(1, -2), (3, -4)]
    return tuple(beams for pair in pairs for beams in (pair, pair[::-1]))


def annihilating_to_neutral() -> tuple[tuple[int, int], ...]:
    """Return the quarks with their antiquarks, each in both beams."""
    return tuple(beams for quark in QUARKS for beams in ((quark, -quark), (-quark, quark)))
