"""q q' > q'' q''' h: fusion of W bosons, Z bosons and photons, and the annihilation of the incoming quarks."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.fermions import is_fermion
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.diagrams.channels import QUARKS
from assay.generation.diagrams.two_lines import higgs_amplitude, two_fermion_lines

PARTONS = (*QUARKS, *(-quark for quark in QUARKS))


class WBFHiggs:
    """All exchanges that `options` leave: MadGraph's `p p > j j h QCD=0`."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """See `assay.generation.amplitude.Diagrams`."""
        if len(legs) < 5 or not all(is_fermion(leg) and abs(leg) < 10 for leg in legs[:4]):
            return None
        choices = [
            lines for lines in two_fermion_lines(legs) if options.s_channel or all(line.space_like for line in lines)
        ]
        return higgs_amplitude(legs, options, choices)

    def channels(self) -> tuple[Legs, ...]:
        """Return all combinations of u, d, s, c; outgoing quarks in one order (the lesser PDG id last)."""
        candidates = (
            (*incoming, *sorted(outgoing, reverse=True), HIGGS)
            for incoming in product(PARTONS, repeat=2)
            for outgoing in product(PARTONS, repeat=2)
        )
        return tuple(dict.fromkeys(candidates))


class WFusion(WBFHiggs):
    """u d > u d h by the fusion of two W bosons alone: MadGraph's `u d > u d h / a z`, without mirrored beams."""

    def channels(self) -> tuple[Legs, ...]:
        """Return the one channel."""
        return ((2, 1, 2, 1, HIGGS),)

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """Return the amplitude of any channel to which W fusion contributes."""
        alone = replace(options, exclude=("a", "z", *options.exclude), s_channel=False)
        return super().amplitude(legs, alone)
