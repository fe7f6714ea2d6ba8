"""q q' > l nu gamma: the photon from either quark, the charged lepton, or the W boson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.generation.amplitudes.couplings import PHOTON, Couplings, W, couplings_of, electric_charge
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.fermions import FermionLine, colour_flow, colour_matrix, fermion_lines, is_fermion
from assay.generation.amplitudes.polarisations import photon_polarisations
from assay.generation.amplitudes.propagators import propagator
from assay.generation.amplitudes.series import kept, product, relevant
from assay.generation.amplitudes.spinors import absorbed, left_handed_current, left_handed_spinor, line_begun
from assay.generation.amplitudes.vertices import VectorLeg, triple_structures
from assay.generation.diagrams import channels
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product

FERMIONS, RADIATED = (0, 1, 2, 3), 4


class WPhoton:
    """pp > l nu gamma, one W boson; all of its four diagrams."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """See `assay.generation.amplitude.Diagrams`."""
        if len(legs) != 5 or legs[RADIATED] != channels.PHOTON or not all(is_fermion(leg) for leg in legs[:4]):
            return None
        if PHOTON in options.exclude or W in options.exclude:
            return None
        found = [lines for lines in fermion_lines(legs, FERMIONS) if _is_radiative(lines)]
        return _amplitude(legs, found[0], options) if found else None

    def channels(self) -> tuple[Legs, ...]:
        """Return both charges of electrons and muons."""
        return tuple(
            (*incoming, *leptons, channels.PHOTON)
            for charge in (1, -1)
            for incoming in channels.annihilating_to_w(charge)
            for leptons in channels.W_LEPTONS[charge]
        )


def _is_radiative(lines: Sequence[FermionLine]) -> bool:
    quarks_and_leptons = lines[0].coloured != lines[1].coloured
    return quarks_and_leptons and all(W in line.bosons() for line in lines) and lines[0].charge + lines[1].charge == 0.0


def _amplitude(legs: Legs, lines: Sequence[FermionLine], options: AmplitudeOptions) -> Amplitude:
    couplings = couplings_of(options.model)
    ends = product(*(couplings.fermion(W, line.begin_flavour, True) for line in lines))
    triple = product(couplings.triple(PHOTON), ends)
    positions = relevant(couplings.operators, (triple, ends))
    return Amplitude(
        legs=legs,
        operators=tuple(couplings.operators[position] for position in positions),
        colour=colour_matrix(legs, [lines]),
        flows=(colour_flow(legs, lines),),
        components=_Calculation(
            tuple(lines), kept(ends, positions), kept(triple, positions), couplings, options.t_channel_width
        ),
    )


@dataclass(frozen=True)
class _Calculation:
    """Components (n, 2 photon helicities, 1 flow, 1 + K): only left-handed fermions couple to the W boson."""

    lines: tuple[FermionLine, ...]
    ends: FloatArray
    triple: FloatArray
    couplings: Couplings
    widths: bool

    def __call__(self, momenta: FloatArray) -> ComplexArray:
        photon = VectorLeg(-momenta[:, None, RADIATED], photon_polarisations(momenta[:, RADIATED]))
        plain = [line.vector_leg(momenta[:, None]) for line in self.lines]
        radiating = [self._radiating(line, momenta, photon) for line in self.lines]
        w_plus, w_minus = plain if self.lines[0].charge > 0 else plain[::-1]
        structures = triple_structures(w_minus, w_plus, photon) @ self.triple.astype(np.complex128)
        factors = [self._propagator(line, leg) for line, leg in zip(self.lines, plain, strict=True)]
        # the photon leaves a line whose W boson has the momentum of the other line
        first, second = (
            minkowski_product(radiating[line], plain[1 - line].current) * factors[1 - line] for line in (0, 1)
        )
        inner = structures * (factors[0] * factors[1])[..., None]
        amplitude: ComplexArray = inner - (first + second)[..., None] * self.ends
        return amplitude[:, :, None, :]

    def _propagator(self, line: FermionLine, leg: VectorLeg) -> ComplexArray:
        width = self.couplings.width(W) if self.widths or not line.space_like else 0.0
        return propagator(minkowski_product(leg.momentum, leg.momentum), self.couplings.mass(W), width)

    def _radiating(self, line: FermionLine, momenta: FloatArray, photon: VectorLeg) -> ComplexArray:
        """Return the current (n, 2, 4) of a line that also gives a photon away."""
        begin, end = (left_handed_spinor(momenta[:, None, leg]) for leg in (line.begin, line.end))
        charge = self.couplings.inputs.electric_charge
        before = line.begin_sign * momenta[:, None, line.begin] + photon.momentum
        after = line.end_sign * momenta[:, None, line.end] - photon.momentum
        first = left_handed_current(end, absorbed(begin, photon.current, before))
        last = left_handed_current(line_begun(end, photon.current, after), begin)
        return charge * (electric_charge(line.begin_flavour) * first + electric_charge(line.end_flavour) * last)
