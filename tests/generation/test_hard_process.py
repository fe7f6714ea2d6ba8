"""The integrand against its definition, written out by hand at single points."""

from dataclasses import replace

import numpy as np
import pytest

from assay.generation import parton_densities
from assay.generation.amplitude import amplitude_of
from assay.generation.cuts import Cuts
from assay.generation.hard_process import HardProcess, classes_of
from assay.generation.prepared import operators
from assay.generation.settings import EmbeddedSettings

pytestmark = pytest.mark.fast

SETTINGS = {
    "wbf_higgs": EmbeddedSettings("wbf_higgs", s_channel=True),
    "zh": EmbeddedSettings("zh", decay="stable", cuts=Cuts(min_lepton_pair_mass=20.0)),
    "wgamma": EmbeddedSettings("wgamma", cuts=Cuts(min_lepton_pt=10.0)),
}


def squared(settings, legs, momenta, vector, names):
    """|M|^2 by the definition of `Amplitude`, summed over colour flows by hand."""
    amplitude = amplitude_of(settings.process, legs, settings.options)
    couplings = [vector[0], *(vector[1 + names.index(name)] for name in amplitude.operators)]
    values = amplitude.components(momenta) @ np.array(couplings)
    total = np.zeros(len(momenta))
    for f in range(values.shape[2]):
        for g in range(values.shape[2]):
            total += amplitude.colour[f, g] * np.sum((values[:, :, f].conj() * values[:, :, g]).real, axis=1)
    return total


@pytest.mark.parametrize("name", SETTINGS)
def test_values_are_flux_densities_and_matrix_elements(name):
    settings = SETTINGS[name]
    names = operators(settings)
    vector = np.array([1.0, *np.linspace(-3.0, 5.0, len(names))])
    process, rng = HardProcess(settings, names), np.random.default_rng(1)
    densities = parton_densities.load(settings.pdf)
    for channel in process.channels[:8]:
        points = process.evaluate(channel, rng.random((300, channel.n_axes)))
        momenta, x = points.momenta, points.momenta[:, :2, 0] / settings.beam_energy
        luminosity = np.zeros(len(momenta))
        for each in channel.flavours.combinations:
            product = np.ones(len(momenta))
            for leg in range(2):
                product *= densities.xf(each.legs[leg], x[:, leg], points.scales.factorisation[:, leg]) / x[:, leg]
            luminosity += product
        me2 = squared(settings, channel.flavours.legs, momenta, vector, names)
        flux = 2.0 * x[:, 0] * x[:, 1] * (2.0 * settings.beam_energy) ** 2
        expected = 0.3893793721e9 / flux * luminosity * me2 * channel.measure(momenta)
        np.testing.assert_allclose(points.differential(vector[None])[:, 0], expected, rtol=1e-9)


@pytest.mark.parametrize("name", SETTINGS)
def test_combinations_of_a_class_have_the_same_matrix_element(name):
    """In mirrored beams, too: the class's |M|^2 is that of every channel at the event that is written."""
    settings, rng = SETTINGS[name], np.random.default_rng(2)
    names = operators(settings)
    vector = np.array([1.0, *np.linspace(-3.0, 5.0, len(names))])
    process = HardProcess(settings, names)
    for flavours in classes_of(settings):
        channel = next(c for c in process.channels if c.flavours == flavours)
        momenta = process.evaluate(channel, rng.random((60, channel.n_axes))).momenta[:5]
        own = squared(settings, flavours.legs, momenta, vector, names)
        for combination in flavours.combinations:
            legs, event = combination.legs, momenta
            if combination.mirrored:
                legs = (legs[1], legs[0], *legs[2:])
                event = (momenta * [1.0, 1.0, -1.0, -1.0])[:, [1, 0, *range(2, momenta.shape[1])]]
                assert np.all(event[:, 0, 3] > 0.0)
            np.testing.assert_allclose(squared(settings, legs, event, vector, names), own, rtol=1e-8)


def test_shares_of_mappings_add_up():
    process = HardProcess(SETTINGS["wgamma"], operators(SETTINGS["wgamma"]))
    channels = [c for c in process.channels if c.flavours == process.channels[0].flavours]
    assert len(channels) == 3
    for number, own in enumerate(channels):
        momenta = process.evaluate(own, np.random.default_rng(1).random((4_000, own.n_axes))).momenta
        shares = [channel.measure(momenta) / channel.mapping.measure(momenta) for channel in channels]
        np.testing.assert_allclose(np.sum(shares, axis=0), 1.0, rtol=1e-12)
        assert np.max(shares[number]) > 0.9


def test_no_event_is_no_fault():
    """Points that all fail the cuts leave empty arrays, whatever the amplitude does with them."""
    settings = EmbeddedSettings("wbf_higgs", cuts=Cuts(min_jet_separation=30.0))
    process = HardProcess(settings, operators(settings))
    points = process.evaluate(process.channels[0], np.random.default_rng(1).random((50, 6)))
    assert points.differential(np.ones((2, 1 + len(process.operators)))).shape == (0, 2)


def test_a_single_channel_is_one_class():
    settings = EmbeddedSettings()
    (flavours,) = classes_of(settings)
    assert [c.legs for c in flavours.combinations] == [(2, 1, 2, 1, 25)]
    everything = classes_of(replace(settings, process="wbf_higgs"))
    assert sum(len(each.combinations) for each in everything) > 80
