"""f f~ > W+ W-, stable or each to l nu: an exchanged fermion, and photon or Z boson with the vertex W W V.

Diagrams with both W bosons alone ("doubly resonant"): leptons come from W bosons with their spin, width and mass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from assay.generation.amplitudes.couplings import Couplings, W, couplings_of
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.fermions import FermionLine, colour_flow, colour_matrix, fermion_lines, is_fermion
from assay.generation.amplitudes.polarisations import massive_polarisations
from assay.generation.amplitudes.propagators import propagator
from assay.generation.amplitudes.series import kept, product, relevant
from assay.generation.amplitudes.spinors import absorbed, left_handed_current, left_handed_spinor
from assay.generation.amplitudes.vertices import VectorLeg, triple_structures
from assay.generation.diagrams import channels
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product

Source = int | FermionLine
"""Where a W boson goes: the leg of a stable one, or the line of its leptons."""


class WPair:
    """pp > W+ W-, the bosons stable; `amplitude` takes leptons in their place, too."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """See `assay.generation.amplitude.Diagrams`."""
        if len(legs) < 4 or not all(is_fermion(leg) for leg in legs[:2]) or legs[0] != -legs[1]:
            return None
        sources = _sources(legs)
        if sources is None or W in options.exclude:
            return None
        return _amplitude(legs, fermion_lines(legs, (0, 1))[0][0], sources, options)

    def channels(self) -> tuple[Legs, ...]:
        """Return all quarks with their antiquarks."""
        pair = (channels.W_BOSON, -channels.W_BOSON)
        return tuple((*incoming, *pair) for incoming in channels.annihilating_to_neutral())


class WPairToLeptons(WPair):
    """pp > W+ W- > l nu l' nu', electrons and muons."""

    def channels(self) -> tuple[Legs, ...]:
        """Return all quarks with their antiquarks, and four combinations of leptons."""
        return tuple(
            (*incoming, *plus, *minus)
            for incoming in channels.annihilating_to_neutral()
            for plus in channels.W_LEPTONS[1]
            for minus in channels.W_LEPTONS[-1]
        )


class WPairOfLeptons(WPair):
    """e+ e- > W+ W-, the positron in beam 1."""

    def channels(self) -> tuple[Legs, ...]:
        """Return the one channel."""
        return ((-11, 11, channels.W_BOSON, -channels.W_BOSON),)


def _sources(legs: Legs) -> tuple[Source, Source] | None:
    """Return where the outgoing W+ and W- go."""
    boson = channels.W_BOSON
    if sorted(legs[2:]) == [-boson, boson]:
        return legs.index(boson), legs.index(-boson)
    outgoing = range(2, len(legs))
    if len(legs) != 6 or not all(11 <= abs(legs[leg]) <= 16 for leg in outgoing):
        return None
    for lines in fermion_lines(legs, outgoing):
        by_charge = {line.charge: line for line in lines if W in line.bosons()}
        if set(by_charge) == {-1.0, 1.0}:
            # leptons of W+ feed a boson of charge -1 into the diagram
            return by_charge[-1.0], by_charge[1.0]
    return None


def _amplitude(
    legs: Legs, line: FermionLine, sources: tuple[Source, Source], options: AmplitudeOptions
) -> Amplitude | None:
    couplings = couplings_of(options.model)
    ends = reduce(product, [couplings.fermion(W, flavour, True) for flavour in _w_flavours(line, sources)])
    decays = reduce(
        product,
        [couplings.fermion(W, s.begin_flavour, True) for s in sources if isinstance(s, FermionLine)],
        np.eye(1, 1 + len(couplings.operators))[0],
    )
    neutral = {
        (boson, left): product(
            product(couplings.triple(boson), couplings.fermion(boson, line.begin_flavour, left)), decays
        )
        for boson in line.bosons(options.exclude)
        for left in (True, False)
    }
    positions = relevant(couplings.operators, (ends, *neutral.values()))
    return Amplitude(
        legs=legs,
        operators=tuple(couplings.operators[position] for position in positions),
        colour=colour_matrix(legs, [[line]]),
        flows=(colour_flow(legs, [line]),),
        components=_Calculation(
            line, sources, kept(ends, positions), {k: kept(t, positions) for k, t in neutral.items()}, couplings
        ),
    )


def _w_flavours(line: FermionLine, sources: Sequence[Source]) -> list[int]:
    """Return a flavour of every vertex of a W boson with a fermion line, but those of the vertex W W V."""
    return [line.begin_flavour] * 2 + [source.begin_flavour for source in sources if isinstance(source, FermionLine)]


@dataclass(frozen=True)
class _Calculation:
    """Components (n, helicities, 1 flow, 1 + K): left-handed incoming fermions, then right-handed ones."""

    line: FermionLine
    sources: tuple[Source, Source]
    exchange: FloatArray
    neutral: dict[tuple[str, bool], FloatArray]
    couplings: Couplings

    def __call__(self, momenta: FloatArray) -> ComplexArray:
        # the outgoing W+ is an incoming W-; their helicities have axes of their own
        w_minus, w_plus = (_w_leg(source, momenta, self.couplings) for source in self.sources)
        w_minus = VectorLeg(w_minus.momentum[:, None, None], w_minus.current[:, :, None])
        w_plus = VectorLeg(w_plus.momentum[:, None, None], w_plus.current[:, None, :])
        begin, end = (left_handed_spinor(momenta[:, None, None, leg]) for leg in (self.line.begin, self.line.end))
        current = left_handed_current(end, begin)
        total = self.line.momentum(momenta)[:, None, None]
        left = self._annihilation(w_minus, w_plus, VectorLeg(total, current), True)
        right = self._annihilation(w_minus, w_plus, VectorLeg(total, current.conj()), False)
        first, second = (w_plus, w_minus) if self.line.begin_flavour % 2 else (w_minus, w_plus)
        between = self.line.begin_sign * momenta[:, None, None, self.line.begin] + first.momentum
        exchanged = left_handed_current(end, absorbed(begin, first.current, between))
        left = left - minkowski_product(exchanged, second.current)[..., None] * self.exchange
        shape = (len(momenta), -1, 1, len(self.exchange))
        return np.concatenate([left.reshape(shape), right.reshape(shape)], axis=1)

    def _annihilation(self, w_minus: VectorLeg, w_plus: VectorLeg, source: VectorLeg, left: bool) -> ComplexArray:
        """Return the amplitude (n, helicities of W+, of W-, 1 + K) by photon and Z boson."""
        square = minkowski_product(source.momentum, source.momentum)
        structures = triple_structures(w_minus, w_plus, source)
        shape = (*structures.shape[:-1], len(self.exchange))
        total = np.zeros(shape, dtype=np.complex128)
        for (boson, hand), tensor in self.neutral.items():
            if hand == left:
                factor = propagator(square, self.couplings.mass(boson), self.couplings.width(boson))
                total += (structures @ tensor.astype(np.complex128)) * factor[..., None]
        return total


def _w_leg(source: Source, momenta: FloatArray, couplings: Couplings) -> VectorLeg:
    """Return what a W boson brings into the diagram: momentum (n, 4), and (n, helicities, 4)."""
    if isinstance(source, int):
        return VectorLeg(-momenta[:, source], massive_polarisations(momenta[:, source]))
    boson = source.vector_leg(momenta)
    factor = propagator(minkowski_product(boson.momentum, boson.momentum), couplings.mass(W), couplings.width(W))
    return VectorLeg(boson.momentum, (boson.current * factor[:, None])[:, None])
