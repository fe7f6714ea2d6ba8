from collections import Counter
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import DIAGRAMS, AmplitudeOptions, amplitude_of, flavour_channels
from assay.generation.amplitudes.couplings import electric_charge
from assay.generation.model import MODELS

pytestmark = pytest.mark.fast

COUNTS = {
    "wbf_higgs_w_fusion": 1,
    "wh": 16,
    "zh": 16,
    "wgamma": 16,
    "ww": 32,
    "ww_stable": 8,
    "ee_ww": 1,
}


def charge(leg):
    bosons = {22: 0.0, 23: 0.0, 24: 1.0, 25: 0.0}
    found = bosons[abs(leg)] if abs(leg) in bosons else electric_charge(abs(leg))
    return found if leg > 0 else -found


@pytest.mark.parametrize("process", DIAGRAMS)
def test_every_channel_has_an_amplitude_and_conserves_charge(process):
    channels = flavour_channels(process)
    assert len(set(channels)) == len(channels)
    for legs in channels:
        amplitude = amplitude_of(process, legs)
        assert amplitude.legs == legs
        assert sum(map(charge, legs[:2])) == pytest.approx(sum(map(charge, legs[2:])))
        flows = len(amplitude.flows)
        assert amplitude.colour.shape == (flows, flows)
        assert all(len(flow) == len(legs) for flow in amplitude.flows)


@pytest.mark.parametrize("process", DIAGRAMS)
def test_components_have_the_stated_shape(process):
    amplitude = amplitude_of(process, flavour_channels(process)[0])
    rng = np.random.default_rng(3)
    momenta = rng.normal(size=(7, len(amplitude.legs), 4)) * 100.0
    momenta[..., 0] = np.linalg.norm(momenta[..., 1:], axis=-1) + 90.0 * np.isin(np.abs(amplitude.legs), (24, 25))
    found = amplitude.components(momenta)
    assert found.dtype == np.complex128
    assert found.shape[0] == 7
    assert found.shape[2:] == (len(amplitude.flows), 1 + len(amplitude.operators))
    known = MODELS["ewdim6"].operators
    assert list(amplitude.operators) == [name for name in known if name in amplitude.operators]


@pytest.mark.parametrize(("process", "count"), COUNTS.items())
def test_number_of_channels(process, count):
    assert len(flavour_channels(process)) == count


def test_channels_of_two_jets_are_counted_by_hand():
    """Per pair of incoming quarks: the pair itself, and what W bosons or annihilation make of it."""
    counts = Counter(legs[:2] for legs in flavour_channels("wbf_higgs"))
    assert counts[2, 2] == 1  # u u
    assert counts[2, 1] == 1  # u d > u d, by W and by Z
    assert counts[2, 3] == 2  # u s > u s, d c
    assert counts[2, 4] == 1  # u c > u c
    assert counts[2, -2] == 4  # u u~ > u u~, d d~, c c~, s s~
    assert counts[2, -1] == 2  # u d~ > u d~, c s~
    assert counts[2, -3] == 1  # u s~ > u s~: no W boson joins them, CKM = 1
    assert counts[2, -4] == 2  # u c~ > u c~, d s~
    assert len(counts) == 64


@pytest.mark.parametrize("s_channel", [True, False])
def test_channels_of_two_jets_are_all_that_conserve_charge_and_generations(s_channel):
    """Without annihilation, each incoming quark also has a partner of its own kind and doublet: 112 and 88 channels."""
    quarks = (1, 2, 3, 4, -1, -2, -3, -4)

    def kind(quark):
        return quark > 0, (abs(quark) - 1) // 2

    def totals(pair):
        generations = [sum(1 if q > 0 else -1 for q in pair if kind(q)[1] == number) for number in (0, 1)]
        return round(3.0 * sum(map(charge, pair))), *generations

    expected = {
        (*incoming, *sorted(outgoing, reverse=True))
        for incoming in product(quarks, repeat=2)
        for outgoing in combinations_with_replacement(quarks, 2)
        if totals(incoming) == totals(outgoing)
        and (s_channel or sorted(map(kind, incoming)) == sorted(map(kind, outgoing)))
    }
    found = flavour_channels("wbf_higgs", AmplitudeOptions(s_channel=s_channel))
    assert sorted(legs[:4] for legs in found) == sorted(expected)
    assert len(found) == (112 if s_channel else 88)


@pytest.mark.parametrize("process", ["wbf_higgs", "wh", "zh"])
def test_the_warsaw_basis_opens_no_further_channels(process):
    """Flavour U35: contact terms change no flavours."""
    assert flavour_channels(process, AmplitudeOptions("warsaw")) == flavour_channels(process)


def test_faults_are_told():
    with pytest.raises(GenerationError, match="wbf_higgs"):
        amplitude_of("ggf", (21, 21, 25))
    with pytest.raises(GenerationError, match="ggf"):
        flavour_channels("ggf")
    with pytest.raises(GenerationError, match=r"2, -1, -11, 14, 25.* no channel of wh"):
        amplitude_of("wh", (2, -1, -11, 14, 25))
    with pytest.raises(GenerationError, match="'g'"):
        AmplitudeOptions(exclude=("g",))
    with pytest.raises(GenerationError, match="warsaw"):
        AmplitudeOptions(model="silh")


@pytest.mark.parametrize(
    ("process", "exclude"),
    [
        ("wh", ("w",)),
        ("wgamma", ("a",)),
        ("ww", ("w",)),
        ("wbf_higgs", ("a", "z", "w")),
        ("wbf_higgs_w_fusion", ("w",)),
    ],
)
def test_nothing_is_left_when_all_diagrams_are_excluded(process, exclude):
    legs = flavour_channels(process)[0]
    with pytest.raises(GenerationError, match="no channel"):
        amplitude_of(process, legs, AmplitudeOptions(exclude=exclude))
