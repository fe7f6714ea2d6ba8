"""q q' > l nu h and q q~ > l+ l- h: a quark line and a lepton line, joined by the vertex h V V'."""

from __future__ import annotations

from assay.generation.amplitudes.couplings import W
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.diagrams.channels import (
    W_LEPTONS,
    Z_LEPTONS,
    annihilating_to_neutral,
    annihilating_to_w,
)
from assay.generation.diagrams.two_lines import Lines, higgs_amplitude, two_fermion_lines


class WHiggs:
    """pp > l nu h by an intermediate W boson; the leptons are charged lepton and neutrino of one family."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """See `assay.generation.amplitude.Diagrams`."""
        return _amplitude(legs, options, charged=True)

    def channels(self) -> tuple[Legs, ...]:
        """Return both charges of electrons and muons."""
        return tuple(
            (*incoming, *leptons, HIGGS)
            for charge in (1, -1)
            for incoming in annihilating_to_w(charge)
            for leptons in W_LEPTONS[charge]
        )


class ZHiggs:
    """pp > l+ l- h by Z bosons, and photons where operators join them to the Higgs boson."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """See `assay.generation.amplitude.Diagrams`."""
        return _amplitude(legs, options, charged=False)

    def channels(self) -> tuple[Legs, ...]:
        """Return electrons and muons."""
        return tuple((*incoming, *leptons, HIGGS) for incoming in annihilating_to_neutral() for leptons in Z_LEPTONS)


def _amplitude(legs: Legs, options: AmplitudeOptions, *, charged: bool) -> Amplitude | None:
    if len(legs) < 5:
        return None
    chosen = [lines for lines in two_fermion_lines(legs) if _is_strahlung(lines, charged)]
    return higgs_amplitude(legs, options, chosen)


def _is_strahlung(lines: Lines, charged: bool) -> bool:
    """Return whether one line is of quarks, the other of leptons, and both feed W bosons or neither does."""
    return lines[0].coloured != lines[1].coloured and all((W in line.bosons()) == charged for line in lines)
