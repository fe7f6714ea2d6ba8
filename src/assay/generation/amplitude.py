"""Amplitudes of all processes and their flavour channels.

A process is a module of `diagrams`: which channels it has, and the amplitude of each. Add it to `DIAGRAMS`.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

from assay.errors import GenerationError
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.diagrams import vector_and_photon, vector_higgs, vector_pair, wbf_higgs

__all__ = ["DIAGRAMS", "Amplitude", "AmplitudeOptions", "Legs", "amplitude_of", "find_diagrams", "flavour_channels"]


class Diagrams(Protocol):
    """What a process is: its channels, and the amplitude of a channel (None if the legs are not one)."""

    def channels(self) -> tuple[Legs, ...]:
        """Return the channels of a hadron collider's (or the lepton collider's) beams that may have an amplitude."""

    def amplitude(self, legs: Legs, options: AmplitudeOptions) -> Amplitude | None:
        """Return the amplitude of any channel, in any crossing of equal numbers of incoming and outgoing legs."""


DIAGRAMS: dict[str, Diagrams] = {
    "wbf_higgs_w_fusion": wbf_higgs.WFusion(),
    "wbf_higgs": wbf_higgs.WBFHiggs(),
    "wh": vector_higgs.WHiggs(),
    "zh": vector_higgs.ZHiggs(),
    "wgamma": vector_and_photon.WPhoton(),
    "ww": vector_pair.WPairToLeptons(),
    "ww_stable": vector_pair.WPair(),
    "ee_ww": vector_pair.WPairOfLeptons(),
}
"""Processes by name, as in `input.yml`."""

DEFAULT_OPTIONS = AmplitudeOptions()


@cache
def amplitude_of(process: str, legs: Legs, options: AmplitudeOptions = DEFAULT_OPTIONS) -> Amplitude:
    """Return the amplitude of a flavour channel.

    Parameters
    ----------
    process
        A name of `DIAGRAMS`.
    legs
        PDG ids, two incoming first. Products of the Higgs boson's decay, b b~ or a a, may stand in place of 25, as the
        last legs: the boson's propagator and its decay in the SM are part of the amplitude then. (Decays on which
        operators act: `diagrams.higgs_to_leptons`.)
    options
        Model and diagrams.

    Raises
    ------
    GenerationError
        If the process is unknown, or the legs are no channel of it.
    """
    found = find_diagrams(process).amplitude(legs, options)
    if found is None:
        channels = flavour_channels(process, options)
        raise GenerationError(
            f"the legs {', '.join(map(str, legs))} are no channel of {process}",
            expected=f"PDG ids such as {', '.join(map(str, channels[0]))}"
            if channels
            else f"a diagram that is left without {', '.join(options.exclude)}",
        )
    return found


@cache
def flavour_channels(process: str, options: AmplitudeOptions = DEFAULT_OPTIONS) -> tuple[Legs, ...]:
    """Return the legs of all channels that contribute, with massless u, d, s, c quarks in both beams and CKM = 1.

    Each assignment of partons to beams is a channel of its own; b quarks, massive in the models here, are left out.

    Raises
    ------
    GenerationError
        If the process is unknown.
    """
    found = find_diagrams(process)
    return tuple(legs for legs in found.channels() if found.amplitude(legs, options) is not None)


def find_diagrams(process: str) -> Diagrams:
    """Return what a process is, by name.

    Raises
    ------
    GenerationError
        If there is none of that name.
    """
    try:
        return DIAGRAMS[process]
    except KeyError:
        raise GenerationError(
            f"the embedded generator has no process {process!r}",
            expected=f"one of {', '.join(DIAGRAMS)}",
            mend="choose one of these or `generator: madgraph`",
        ) from None
