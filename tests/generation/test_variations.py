from dataclasses import replace

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation import parton_densities
from assay.generation.embedded import Effort, EmbeddedSettings, generate, prepare, random_stream
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.unweighting import unweighted_events
from assay.generation.variations import Variation, variation_of

pytestmark = pytest.mark.fast

NAMES = ("mur_1_muf_0.5", "mur_1_muf_1", "mur_1_muf_2", "mur_2_muf_1")


@pytest.fixture(scope="module")
def sample(prepared):
    return generate(prepared, "sm", 4000, seed=8, variations=NAMES)


def test_names_are_read_back():
    for variation in (Variation(0.5, 2.0), Variation(1.0, 0.25), Variation(member=12)):
        assert variation_of(variation.name) == variation
    assert variation_of("sm") is None


def test_events_and_benchmarks_are_the_same_with_variations(prepared, sample):
    alone = generate(prepared, "sm", 4000, seed=8)
    np.testing.assert_array_equal(sample.four_momenta, alone.four_momenta)
    np.testing.assert_array_equal(sample.weights[:, : len(alone.weight_names)], alone.weights)
    assert sample.weight_names == (*alone.weight_names, *NAMES)


def test_the_factorisation_scale_alone_matters(sample):
    np.testing.assert_allclose(sample.weight("mur_1_muf_1"), sample.nominal_weights, rtol=1e-12)
    np.testing.assert_array_equal(sample.weight("mur_2_muf_1"), sample.weight("mur_1_muf_1"))
    for name in ("mur_1_muf_0.5", "mur_1_muf_2"):
        assert np.ptp(sample.weight(name)) > 0.01 * sample.nominal_weights[0]


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_weights_add_up_to_the_cross_section_at_the_other_scale(prepared, sample, factor):
    """Against a generator that has been prepared at that scale: an independent calculation."""
    settings = replace(prepared.settings, scale_factor=factor)
    other = prepare(settings, {"sm": {}}, 4, Effort(20_000, n_points_per_iteration=8000))
    value, error = other.cross_sections["sm"]
    nominal_error = prepared.cross_sections["sm"][1]
    weights = sample.weight(f"mur_1_muf_{factor:g}")
    statistical = np.std(weights) * np.sqrt(len(weights))
    tolerance = 4 * np.sqrt(error**2 + nominal_error**2 + statistical**2)
    assert abs(weights.sum() - value) < tolerance
    # the trap: without the variation the cross sections are too far apart for this test
    assert abs(sample.nominal_weights.sum() - value) > tolerance


def test_files_keep_variations(sample, tmp_path):
    write_lhe(tmp_path / "events.lhe", sample)
    again = read_lhe(tmp_path / "events.lhe")
    np.testing.assert_allclose(again.weight("mur_1_muf_2"), sample.weight("mur_1_muf_2"), rtol=1e-11)


def test_without_densities_no_scale_matters():
    settings = EmbeddedSettings(pdf="none", beam_energy=500.0)
    partons = prepare(settings, {"sm": {}}, 4, Effort(5000, n_points_per_iteration=4000))
    events = generate(partons, "sm", 100, 1, ["mur_1_muf_2"])
    np.testing.assert_array_equal(events.weight("mur_1_muf_2"), events.nominal_weights)


def test_members_of_a_set(prepared, monkeypatch, tmp_path):
    """Sets that come with Pythia have their central member alone; a second set stands for another member here."""
    name, other = prepared.settings.pdf, "NNPDF31_lo_as_0118"
    folder = parton_densities.pdf_folder()
    for source, target in ((name, f"{name}_0000.dat"), (other, f"{name}_0001.dat")):
        (tmp_path / target).symlink_to(folder / f"{source}_0000.dat")
    monkeypatch.setattr(parton_densities, "pdf_folder", lambda: tmp_path)
    parton_densities.load.cache_clear()
    assert parton_densities.installed_members(name) == (0, 1)
    sample = generate(prepared, "sm", 50, 8, ["pdf_1"])
    momenta = sample.four_momenta.reshape(50, 7, 4)
    ratio = np.ones(50)
    for beam, flavour in enumerate((2, 1)):
        x = momenta[:, beam, 0] / prepared.settings.beam_energy
        scale = generate_scales(prepared, 50, 8)[:, beam]
        varied, nominal = parton_densities.load(name, 1), parton_densities.load(name)
        ratio *= varied.xf(flavour, x, scale) / nominal.xf(flavour, x, scale)
    np.testing.assert_allclose(sample.weight("pdf_1") / sample.nominal_weights, ratio, rtol=1e-9)
    assert np.all(np.abs(ratio - 1) < 1.0)
    with pytest.raises(GenerationError, match="no member 2"):
        generate(prepared, "sm", 10, 8, ["pdf_2"])
    parton_densities.load.cache_clear()


def generate_scales(prepared, n, seed):
    own, process = prepared.index("sm"), prepared.process
    sources, rng = prepared.sampling.sources(process, own), random_stream(seed, "generate", "sm")
    return unweighted_events(process, sources, prepared.couplings, own, n, rng).events.factorisation


def test_unknown_weights_are_refused(prepared):
    with pytest.raises(GenerationError, match="no weights 'tune_up'"):
        generate(prepared, "sm", 10, 8, ["tune_up"])
