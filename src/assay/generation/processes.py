"""The processes that the embedded generator knows, as studies name them, and the shapes of their phase space.

The amplitudes are in `amplitude`; here is what sampling and event records need beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from assay.generation.amplitude import Legs, find_diagrams
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.cuts import CHARGED_LEPTONS, JETS, PHOTONS, Cuts
from assay.generation.decay_tree import Falling, Leaf, Node, Pair, Resonance
from assay.generation.flavours import charge_of
from assay.generation.model import ElectroweakInputs

Z_BOSON, W_PLUS = 23, 24
WIDTHS_ON_SHELL = 15.0
"""Bosons within so many widths of their pole are on their mass shell (MadGraph's `bwcutoff`): event records name them,
and diagrams of two W bosons alone make sense there alone."""

LEAST_MASS = 0.1
"""GeV, of a cluster of massless particles."""

Clusters = tuple[Node, ...]


@dataclass(frozen=True)
class FinalState:
    """The outgoing legs of a channel as leaves of trees."""

    legs: Legs
    inputs: ElectroweakInputs
    cuts: Cuts
    s_channel: bool

    def leaf(self, leg: int) -> Leaf:
        """Return a leg with its mass and cuts."""
        kind, cuts = abs(self.legs[leg]), self.cuts
        mass = {HIGGS: self.inputs.higgs_mass, W_PLUS: self.inputs.w_mass, Z_BOSON: self.inputs.z_mass}.get(kind, 0.0)
        for kinds, min_pt, max_eta in (
            (JETS, cuts.min_jet_pt, cuts.max_jet_eta),
            (CHARGED_LEPTONS, cuts.min_lepton_pt, cuts.max_lepton_eta),
            (PHOTONS, cuts.min_photon_pt, cuts.max_photon_eta),
        ):
            if kind in kinds:
                return Leaf(leg, mass, min_pt, float("inf") if max_eta is None else max_eta)
        return Leaf(leg, mass)

    def resonance(self, first: int, second: int, widths: float | None = None) -> Pair:
        """Return two legs as the decay of the W or Z boson of their charge, at most `widths` from its pole."""
        if charge_of((self.legs[first], self.legs[second])):
            line = Resonance(self.inputs.w_mass, self.inputs.w_width)
        else:
            line = Resonance(self.inputs.z_mass, self.inputs.z_width)
        if widths is None:
            return self.pair(first, second, line)
        window = widths * line.width
        return Pair(self.leaf(first), self.leaf(second), line, line.mass - window, line.mass + window)

    def pair(self, first: int, second: int, line: Resonance | Falling) -> Pair:
        """Return two legs as a cluster of the masses that cuts leave it: the same ones whatever the spectrum."""
        kinds, cuts = {abs(self.legs[first]), abs(self.legs[second])}, self.cuts
        low, high = 0.0, None
        if kinds <= set(JETS):
            low, high = cuts.min_jet_pair_mass, cuts.max_jet_pair_mass
        elif kinds <= set(CHARGED_LEPTONS) and self.legs[first] == -self.legs[second]:
            low, high = cuts.min_lepton_pair_mass, cuts.max_lepton_pair_mass
        ceiling = float("inf") if high is None else high
        return Pair(self.leaf(first), self.leaf(second), line, max(low, LEAST_MASS), ceiling)

    def of(self, *kinds: int) -> list[int]:
        """Return the outgoing legs whose PDG id, without sign, is one of these."""
        return [leg for leg in range(2, len(self.legs)) if abs(self.legs[leg]) in kinds]


def _two_jets(state: FinalState) -> Iterator[Clusters]:
    """Let bosons fuse; with bosons in the s-channel, jets also come from a W or a Z."""
    (first, second), (higgs,) = state.of(*JETS), state.of(HIGGS)
    yield state.leaf(first), state.leaf(second), state.leaf(higgs)
    incoming, outgoing = state.legs[:2], (state.legs[first], state.legs[second])
    if state.s_channel and charge_of(outgoing) in (-1.0, 0.0, 1.0) and incoming[0] * incoming[1] < 0:
        yield state.resonance(first, second), state.leaf(higgs)


def _vector_higgs(state: FinalState) -> Iterator[Clusters]:
    """Put W or Z beside the Higgs boson; operators also let a photon turn into two charged leptons."""
    (first, second), (higgs,) = state.of(11, 12, 13, 14), state.of(HIGGS)
    yield state.resonance(first, second), state.leaf(higgs)
    if state.legs[first] == -state.legs[second] and abs(state.legs[first]) in CHARGED_LEPTONS:
        yield state.pair(first, second, Falling(1.0)), state.leaf(higgs)


def _w_photon(state: FinalState) -> Iterator[Clusters]:
    """Put a W beside the photon, or let its lepton radiate it, the W being on its mass shell or far above."""
    (lepton,), (neutrino,), (photon,) = state.of(11, 13), state.of(12, 14), state.of(22)
    yield state.resonance(lepton, neutrino), state.leaf(photon)
    radiating = Pair(state.leaf(lepton), state.leaf(photon), Falling(10.0))
    w_mass = state.inputs.w_mass
    for line in (Resonance(w_mass, state.inputs.w_width), Falling(w_mass)):
        yield (Pair(radiating, state.leaf(neutrino), line),)


def _two_w(state: FinalState) -> Iterator[Clusters]:
    """Make two W bosons, stable or decayed, on their mass shell then; the positive one first."""
    stable = [leg for leg in range(2, len(state.legs)) if abs(state.legs[leg]) == W_PLUS]
    if stable:
        first, second = sorted(stable, key=lambda leg: -state.legs[leg])
        yield state.leaf(first), state.leaf(second)
        return
    position = {pdg_id: leg for leg, pdg_id in enumerate(state.legs) if leg >= 2}
    positive, negative = sorted(state.of(11, 13), key=lambda leg: state.legs[leg])
    lepton, antilepton = state.legs[negative], state.legs[positive]
    yield (
        state.resonance(positive, position[1 - antilepton], WIDTHS_ON_SHELL),
        state.resonance(negative, position[-1 - lepton], WIDTHS_ON_SHELL),
    )


@dataclass(frozen=True)
class Process:
    """A process.

    Attributes
    ----------
    name, title
        Name in `input.yml`, and what it is in words and MadGraph's notation.
    clusters
        The shapes of a channel's phase space, one per mapping.
    channels
        Which channels are generated if a study does not say; None: all.
    s_channel
        Whether bosons in the s-channel count if a study does not say.
    left_handed
        Whether all its fermions couple to W bosons, so that their helicities are known.
    lepton_beams
        Whether it is one of electron and positron.
    pt_scale
        Below it in GeV the spectrum of transverse momenta is flat in pT^2, above it falls as 1 / pT^2.
    """

    name: str
    title: str
    clusters: Callable[[FinalState], Iterator[Clusters]]
    channels: str | None = None
    s_channel: bool = True
    left_handed: bool = False
    lepton_beams: bool = False
    pt_scale: float = 80.0

    @property
    def higgs(self) -> bool:
        """Whether it makes a Higgs boson."""
        return self.clusters in (_two_jets, _vector_higgs)


_ALL = (
    Process(
        "wbf_higgs_w_fusion",
        "Higgs production in W boson fusion, u d > u d h / a z QCD=0 QED=99 NP=2 (u from beam 1, d from beam 2)",
        _two_jets,
        channels="u d > u d h",
        left_handed=True,
    ),
    Process(
        "wbf_higgs", "Higgs production in boson fusion, p p > h j j $$ a z w+ w- QCD=0", _two_jets, s_channel=False
    ),
    Process("wh", "Higgs production with a W boson, p p > l+- v h", _vector_higgs, left_handed=True),
    Process("zh", "Higgs production with a Z boson, p p > l+ l- h", _vector_higgs),
    Process("wgamma", "W boson and photon, p p > l+- v a", _w_photon, left_handed=True, pt_scale=5.0),
    Process("ww", "two W bosons, p p > w+ w- > l+ v l- v~", _two_w),
    Process("ww_stable", "two stable W bosons, p p > w+ w-", _two_w),
    Process("ee_ww", "two W bosons at a lepton collider, e+ e- > w+ w-", _two_w, lepton_beams=True),
)
PROCESSES: dict[str, Process] = {process.name: process for process in _ALL}


def find_process(name: str) -> Process:
    """Return a process by name.

    Raises
    ------
    GenerationError
        If there is none of that name.
    """
    find_diagrams(name)
    return PROCESSES[name]
