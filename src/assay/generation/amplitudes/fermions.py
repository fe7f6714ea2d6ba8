"""Fermion lines through a diagram: which legs they join, what bosons they feed, and how colour follows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from math import factorial, prod

import numpy as np

from assay.generation.amplitudes.couplings import PHOTON, W, Z, electric_charge
from assay.generation.amplitudes.definition import Legs
from assay.generation.amplitudes.spinors import left_handed_current, left_handed_spinor
from assay.generation.amplitudes.vertices import VectorLeg
from assay.generation.kinematics import FloatArray

FIRST_COLOUR = 501
COLOURS = 3


@dataclass(frozen=True)
class FermionLine:
    """A massless fermion's line along the arrow of its flow.

    Attributes
    ----------
    begin, end
        Legs at which it begins (an incoming fermion or outgoing antifermion) and ends.
    begin_flavour, end_flavour
        PDG ids of the fermions that flow, positive.
    begin_sign, end_sign
        Signs that turn physical momenta into those along the flow.
    space_like
        Whether it joins an incoming to an outgoing leg: what it feeds has a space-like momentum.
    """

    begin: int
    end: int
    begin_flavour: int
    end_flavour: int
    begin_sign: int
    end_sign: int
    space_like: bool

    @property
    def charge(self) -> float:
        """Charge that the line gives away."""
        return electric_charge(self.begin_flavour) - electric_charge(self.end_flavour)

    @property
    def coloured(self) -> bool:
        """Whether it is a quark's."""
        return self.begin_flavour < 10

    def momentum(self, momenta: FloatArray) -> FloatArray:
        """Return the momentum (..., 4) in GeV that the line gives away; `momenta` (..., legs, 4)."""
        return self.begin_sign * momenta[..., self.begin, :] - self.end_sign * momenta[..., self.end, :]

    def vector_leg(self, momenta: FloatArray) -> VectorLeg:
        """Return the boson that the line feeds into a vertex, as a left-handed current; `momenta` (..., legs, 4)."""
        begin, end = (left_handed_spinor(momenta[..., leg, :]) for leg in (self.begin, self.end))
        return VectorLeg(self.momentum(momenta), left_handed_current(end, begin))

    def bosons(self, exclude: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the bosons that it can give away, other than those in `exclude`; CKM = 1."""
        found: tuple[str, ...] = ()
        if self.begin_flavour == self.end_flavour:
            found = (Z,) if electric_charge(self.begin_flavour) == 0.0 else (PHOTON, Z)
        elif weak_partner(self.begin_flavour) == self.end_flavour:
            found = (W,)
        return tuple(boson for boson in found if boson not in exclude)


def weak_partner(flavour: int) -> int:
    """Return the other member of a doublet: 1 and 2, 3 and 4, 11 and 12, ..."""
    return flavour + 1 if flavour % 2 else flavour - 1


def is_fermion(leg: int) -> bool:
    """Return whether a PDG id is a quark's or lepton's that is massless here."""
    return 1 <= abs(leg) <= 4 or 11 <= abs(leg) <= 16


def fermion_lines(legs: Legs, fermions: Sequence[int], n_incoming: int = 2) -> tuple[tuple[FermionLine, ...], ...]:
    """Return every way to join the legs at positions `fermions` to lines that end in the order of the legs.

    The k-th line of every result ends at the same leg; results differ in the permutation of the beginnings.
    Lines join quarks with quarks and leptons with leptons. Flavours are not checked: `FermionLine.bosons` tells.
    """
    begins = [leg for leg in fermions if (legs[leg] > 0) == (leg < n_incoming)]
    ends = [leg for leg in fermions if leg not in begins]
    if len(begins) != len(ends):
        return ()
    joined = (
        tuple(_line(legs, begin, end, n_incoming) for begin, end in zip(order, ends, strict=True))
        for order in permutations(begins)
    )
    return tuple(
        lines for lines in joined if all((line.begin_flavour < 10) == (line.end_flavour < 10) for line in lines)
    )


def permutation_sign(lines: Sequence[FermionLine]) -> int:
    """Return Fermi's sign of the beginnings' order: +1 for an even permutation."""
    order = [line.begin for line in lines]
    inversions = sum(a > b for position, a in enumerate(order) for b in order[position + 1 :])
    return -1 if inversions % 2 else 1


def _line(legs: Legs, begin: int, end: int, n_incoming: int) -> FermionLine:
    return FermionLine(
        begin,
        end,
        abs(legs[begin]),
        abs(legs[end]),
        1 if legs[begin] > 0 else -1,
        1 if legs[end] > 0 else -1,
        (begin < n_incoming) != (end < n_incoming),
    )


def colour_flow(legs: Legs, lines: Sequence[FermionLine]) -> tuple[tuple[int, int], ...]:
    """Return the (colour, anticolour) line of every leg: each quark line carries one, numbered from 501."""
    tags = [(0, 0)] * len(legs)
    for number, line in enumerate((line for line in lines if line.coloured), start=FIRST_COLOUR):
        for leg in (line.begin, line.end):
            tags[leg] = (number, 0) if legs[leg] > 0 else (0, number)
    return tuple(tags)


def colour_matrix(legs: Legs, flows: Sequence[Sequence[FermionLine]], extra: float = 1.0) -> FloatArray:
    """Return the products (F, F) of colour flows over incoming spins and colours and identical outgoing particles.

    Two flows that join the same quarks differently have a third of the product of a flow with itself.

    Parameters
    ----------
    legs
        PDG ids.
    flows
        Lines per flow.
    extra
        A factor, such as the colours of the Higgs boson's decay products.
    """
    joined = [{(line.begin, line.end) for line in lines if line.coloured} for lines in flows]
    if max(len(lines) for lines in joined) > 2:
        raise ValueError("colour is counted for two quark lines at most")
    # a closed loop of colour for each pair of lines that both flows have, one for all others together
    loops = np.array([[len(a & b) + (a != b) for b in joined] for a in joined])
    average = 4 * COLOURS ** sum(abs(leg) < 10 for leg in legs[:2])
    matrix: FloatArray = float(COLOURS) ** loops * (extra / (average * identical_particles(legs[2:])))
    return matrix


def identical_particles(outgoing: Legs) -> int:
    """Return the number of permutations of identical outgoing particles."""
    return prod(factorial(outgoing.count(particle)) for particle in set(outgoing))
