import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import DIAGRAMS, flavour_channels
from assay.generation.cuts import Cuts
from assay.generation.decay_tree import Falling, Leaf, Pair, Resonance
from assay.generation.processes import PROCESSES, FinalState, find_process
from assay.generation.settings import EmbeddedSettings

pytestmark = pytest.mark.fast


def states(process, **changes):
    pdf = {"pdf": "none"} if find_process(process).lepton_beams else {}
    settings = EmbeddedSettings(process, **pdf, **changes)
    for legs in flavour_channels(process, settings.options):
        yield FinalState(legs, settings.inputs, settings.cuts, settings.options.s_channel)


def test_every_amplitude_has_an_entry():
    assert set(PROCESSES) == set(DIAGRAMS)


@pytest.mark.parametrize("name", PROCESSES)
def test_all_outgoing_legs_are_in_every_tree_once(name):
    for state in states(name):
        found = list(PROCESSES[name].clusters(state))
        assert found
        for clusters in found:
            legs = [leg for cluster in clusters for leg in cluster.legs]
            assert sorted(legs) == list(range(2, len(state.legs)))


def test_resonances_have_the_charge_of_their_leptons():
    (w_state, *_), (z_state, *_) = states("wh"), states("zh")
    (w_pair, _), *_ = find_process("wh").clusters(w_state)
    (z_pair, _), (photon_pair, _) = find_process("zh").clusters(z_state)
    assert w_pair.line == Resonance(w_state.inputs.w_mass, 2.085)
    assert z_pair.line == Resonance(91.1876, 2.4952)
    assert isinstance(photon_pair.line, Falling)


def test_w_bosons_of_a_pair_have_leptons_of_their_own_flavour():
    for state in states("ww"):
        ((positive, negative),) = find_process("ww").clusters(state)
        for pair, charge in ((positive, 1), (negative, -1)):
            lepton, neutrino = (state.legs[leg] for leg in pair.legs)
            assert lepton * charge < 0
            assert neutrino * charge > 0
            assert abs(neutrino) == abs(lepton) + 1


def test_jets_of_a_boson_are_mapped_where_the_s_channel_counts():
    def count(legs, s_channel):
        state = FinalState(legs, EmbeddedSettings().inputs, Cuts(), s_channel)
        return len(list(find_process("wbf_higgs").clusters(state)))

    assert count((2, -1, 2, -1, 25), True) == 2
    assert count((2, -1, 2, -1, 25), False) == 1
    assert count((2, 1, 2, 1, 25), True) == 1


def test_leaves_have_the_cuts_of_their_kind():
    cuts = Cuts(min_jet_pt=30.0, max_jet_eta=4.0, min_lepton_pt=7.0, max_lepton_eta=2.4, min_photon_pt=15.0)
    state = FinalState((2, -1, -11, 12, 22, 1, 25), EmbeddedSettings().inputs, cuts, True)
    assert state.leaf(2) == Leaf(2, 0.0, 7.0, 2.4)
    assert state.leaf(3) == Leaf(3, 0.0, 0.0, np.inf)
    assert state.leaf(4) == Leaf(4, 0.0, 15.0, 2.5)
    assert state.leaf(5) == Leaf(5, 0.0, 30.0, 4.0)
    assert state.leaf(6) == Leaf(6, 125.0)


def test_an_unknown_process_is_refused():
    with pytest.raises(GenerationError, match="wbf_higgs_w_fusion"):
        find_process("ggf")


def test_all_mappings_of_a_pair_have_the_masses_that_cuts_leave():
    cuts = Cuts(min_lepton_pair_mass=0.5, max_lepton_pair_mass=120.0)
    state = FinalState((2, -2, -11, 11, 25), EmbeddedSettings().inputs, cuts, s_channel=True)
    pairs = [next(node for node in clusters if isinstance(node, Pair)) for clusters in PROCESSES["zh"].clusters(state)]
    assert [(pair.threshold, pair.ceiling) for pair in pairs] == [(0.5, 120.0)] * 2
