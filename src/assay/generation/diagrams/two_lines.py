"""One topology, many processes: two fermion lines whose bosons meet in the vertex h V V', and contact terms h V f f.

Read with incoming quarks on both lines it is boson fusion; with the incoming quarks on one line, Higgs-strahlung.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.generation.amplitudes.couplings import Couplings, couplings_of
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.fermions import (
    FermionLine,
    colour_flow,
    colour_matrix,
    fermion_lines,
    is_fermion,
    permutation_sign,
)
from assay.generation.amplitudes.higgs_decays import HiggsDecay, higgs_decay
from assay.generation.amplitudes.propagators import propagator
from assay.generation.amplitudes.series import kept, product, relevant
from assay.generation.amplitudes.vertices import HIGGS_STRUCTURES, VectorLeg, higgs_structures
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product

FERMIONS = (0, 1, 2, 3)
"""The legs of the two lines; the Higgs boson or its decay products follow."""

Lines = tuple[FermionLine, FermionLine]
Pair = tuple[str | None, str | None]
"""Bosons of both lines; None stands for a contact term, where a line and the other's boson meet the Higgs boson."""
Chiralities = tuple[bool, bool, bool, bool]
"""Per fermion leg, whether its flow is left-handed."""


@dataclass(frozen=True)
class Exchange:
    """All exchanges between two lines: pairs of bosons, and per chirality of the legs the couplings.

    Attributes
    ----------
    lines
        The two lines.
    pairs
        P pairs of bosons.
    tensors
        (P, 5, 1 + K) per chirality of the legs: coupling of both lines and the vertex, per Lorentz structure.
    """

    lines: Lines
    pairs: tuple[Pair, ...]
    tensors: dict[Chiralities, FloatArray]

    def components(self, momenta: FloatArray, couplings: Couplings, widths: bool) -> dict[Chiralities, ComplexArray]:
        """Return the amplitude (n, 1 + K) per chirality; `widths` for space-like bosons, too."""
        legs = [line.vector_leg(momenta) for line in self.lines]
        factors = [
            _propagators(line, leg, self.pairs, i, couplings, widths)
            for i, (line, leg) in enumerate(zip(self.lines, legs, strict=True))
        ]
        weights = np.stack([factors[0][first] * factors[1][second] for first, second in self.pairs], axis=1)
        sign = permutation_sign(self.lines)
        structures: dict[bool, ComplexArray] = {}
        result: dict[Chiralities, ComplexArray] = {}
        for chiralities, tensor in self.tensors.items():
            first, second = (chiralities[line.begin] for line in self.lines)
            alike = first == second
            if alike not in structures:
                other = legs[1] if alike else VectorLeg(legs[1].momentum, legs[1].current.conj())
                structures[alike] = higgs_structures(legs[0], other)
            values = structures[alike] if first else structures[alike].conj()
            outer = (weights[:, :, None] * values[:, None, :]).reshape(len(momenta), -1)
            result[chiralities] = outer @ (sign * tensor.reshape(outer.shape[1], -1)).astype(np.complex128)
        return result


def _propagators(
    line: FermionLine, leg: VectorLeg, pairs: Sequence[Pair], position: int, couplings: Couplings, widths: bool
) -> dict[str | None, ComplexArray | float]:
    """Return what multiplies the amplitude for every boson that the line feeds."""
    square = minkowski_product(leg.momentum, leg.momentum)
    found: dict[str | None, ComplexArray | float] = {}
    for boson in {pair[position] for pair in pairs}:
        if boson is None:
            found[boson] = 1.0
        else:
            width = couplings.width(boson) if widths or not line.space_like else 0.0
            found[boson] = propagator(square, couplings.mass(boson), width)
    return found


def higgs_amplitude(legs: Legs, options: AmplitudeOptions, choices: Sequence[Lines]) -> Amplitude | None:
    """Return the amplitude of all exchanges between the lines of `choices`; None if there is none.

    Parameters
    ----------
    legs
        PDG ids: two incoming and two outgoing fermions, then the Higgs boson or its decay products.
    options
        Model and excluded bosons.
    choices
        Ways to join the fermions to two lines: each is a colour flow.
    """
    couplings = couplings_of(options.model)
    decay = higgs_decay(legs[4:], couplings)
    exchanges = [found for lines in choices if (found := exchange(lines, options, couplings)) is not None]
    if decay is None or not exchanges:
        return None
    positions = relevant(couplings.operators, (t for e in exchanges for t in e.tensors.values()))
    exchanges = [
        Exchange(e.lines, e.pairs, {key: kept(tensor, positions) for key, tensor in e.tensors.items()})
        for e in exchanges
    ]
    helicities = list(dict.fromkeys(key for e in exchanges for key in e.tensors))
    calculation = _Calculation(tuple(exchanges), helicities, 1 + len(positions), decay, couplings, options)
    lines = [e.lines for e in exchanges]
    return Amplitude(
        legs=legs,
        operators=tuple(couplings.operators[position] for position in positions),
        colour=colour_matrix(legs, lines, decay.colours),
        flows=tuple((*colour_flow(legs[:4], flow), *decay.flow) for flow in lines),
        components=calculation,
    )


@dataclass(frozen=True)
class _Calculation:
    exchanges: tuple[Exchange, ...]
    helicities: list[Chiralities]
    n_components: int
    decay: HiggsDecay
    couplings: Couplings
    options: AmplitudeOptions

    def __call__(self, momenta: FloatArray) -> ComplexArray:
        shape = (len(momenta), len(self.helicities), len(self.exchanges), self.n_components)
        result = np.zeros(shape, dtype=np.complex128)
        for flow, exchange in enumerate(self.exchanges):
            found = exchange.components(momenta, self.couplings, self.options.t_channel_width)
            for helicity, key in enumerate(self.helicities):
                if key in found:
                    result[:, helicity, flow] = found[key]
        if self.decay.amplitude is not None:
            result *= self.decay.factor(momenta[:, 4:], self.couplings.inputs)[:, None, None, None]
        return result


def exchange(lines: Lines, options: AmplitudeOptions, couplings: Couplings) -> Exchange | None:
    """Return the exchanges between two lines in a model, None if their flavours or the exclusions leave none."""
    if lines[0].charge + lines[1].charge != 0.0:
        return None
    available = [line.bosons(options.exclude) for line in lines]
    pairs: list[Pair] = [(first, second) for first in available[0] for second in available[1]]
    # a contact term is where a line could have given away the same boson
    both = [boson for boson in available[0] if boson in available[1]]
    pairs += [(boson, None) for boson in both] + [(None, boson) for boson in both]
    chiralities = [(a, b) for a in (True, False) for b in (True, False)]
    tensors = {hands: np.array([_tensor(lines, pair, hands, couplings) for pair in pairs]) for hands in chiralities}
    used = [number for number in range(len(pairs)) if any(np.any(t[number]) for t in tensors.values())]
    found = {_per_leg(lines, hands): tensor[used] for hands, tensor in tensors.items() if np.any(tensor)}
    return Exchange(lines, tuple(pairs[number] for number in used), found) if found else None


def _per_leg(lines: Lines, hands: tuple[bool, bool]) -> Chiralities:
    chiralities = {leg: hand for line, hand in zip(lines, hands, strict=True) for leg in (line.begin, line.end)}
    return chiralities[0], chiralities[1], chiralities[2], chiralities[3]


def _tensor(lines: Lines, pair: Pair, hands: tuple[bool, bool], couplings: Couplings) -> FloatArray:
    """Return the couplings (5, 1 + K) of a pair of bosons between lines of given chiralities."""
    first, second = pair
    ordinary = [
        couplings.fermion(boson, line.begin_flavour, hand)
        for line, boson, hand in zip(lines, pair, hands, strict=True)
        if boson is not None
    ]
    if first is not None and second is not None:
        return product(couplings.higgs(first, second), product(ordinary[0], ordinary[1]))
    total = np.zeros((len(HIGGS_STRUCTURES), 1 + len(couplings.operators)))
    boson, other = (first, 1) if first is not None else (second, 0)
    if boson is not None:
        vertex = couplings.contact(boson, lines[other].begin_flavour, hands[other])
        if vertex is not None:
            total[0] = product(vertex, ordinary[0])
    return total


def two_fermion_lines(legs: Legs) -> tuple[Lines, ...]:
    """Return the ways to join the first four legs to two lines; none if they are not massless fermions."""
    if not all(is_fermion(leg) for leg in legs[:4]):
        return ()
    return tuple((lines[0], lines[1]) for lines in fermion_lines(legs, FERMIONS))
