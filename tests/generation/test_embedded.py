import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from assay.errors import GenerationError
from assay.generation import hard_process, unweighting
from assay.generation.cuts import Cuts
from assay.generation.embedded import Effort, EmbeddedSettings, generate, operators, prepare
from assay.generation.kinematics import minkowski_product, rapidity, transverse_momentum, wrapped_azimuth
from assay.generation.matrix_element import squared_matrix_element

pytestmark = pytest.mark.fast

PROCESS = "wbf_higgs_w_fusion"
QUICK = Effort(5_000, iterations=2, n_points_per_iteration=5_000)
HISTOGRAMS = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_histograms.json"
FROM_FILE = [0, 1, 3, 4, 2]
"""Positions in the record of the process's legs: u, d, h, u, d, a, a in the file."""


@pytest.fixture(scope="module")
def sample(prepared):
    return generate(prepared, "sm", 10_000, seed=8)


@pytest.fixture(scope="module")
def momenta(sample):
    return sample.four_momenta.reshape(len(sample), 7, 4)


def test_weights_are_ratios_of_matrix_elements(sample, momenta, benchmarks):
    hard = momenta[:, FROM_FILE]
    own = squared_matrix_element(PROCESS, hard, {})
    for name, couplings in benchmarks.items():
        ratio = squared_matrix_element(PROCESS, hard, couplings) / own
        np.testing.assert_allclose(sample.weight(name), sample.nominal_weights * ratio, rtol=1e-7)


def test_weights_sum_to_the_cross_section(sample, prepared):
    value, error = prepared.cross_sections["sm"]
    assert (sample.cross_section, sample.cross_section_error) == (value, error)
    assert np.sum(sample.nominal_weights) == pytest.approx(value)
    assert np.ptp(sample.nominal_weights) == 0.0
    np.testing.assert_allclose(sample.weight("sm"), sample.nominal_weights)


def test_records_conserve_momentum_and_charge(sample, momenta):
    incoming, outgoing = momenta[:, :2].sum(axis=1), momenta[:, 3:].sum(axis=1)
    np.testing.assert_allclose(incoming, outgoing, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(momenta[:, 2], momenta[:, 5:].sum(axis=1), rtol=1e-9, atol=1e-9)
    squares = minkowski_product(momenta, momenta) / momenta[..., 0] ** 2
    masses = sample.masses.reshape(-1, 7)
    assert np.max(np.abs(squares - (masses / momenta[..., 0]) ** 2)) < 1e-7
    assert sample.pdg_id[:7].tolist() == [2, 1, 25, 2, 1, 22, 22]
    assert sample.status[:7].tolist() == [-1, -1, 2, 1, 1, 1, 1]
    assert sample.mothers[:7].tolist() == [[0, 0], [0, 0], [1, 2], [1, 2], [1, 2], [3, 3], [3, 3]]


def test_colour_flows_along_the_quark_lines(sample):
    """Colour is kept by the quark that emits the boson: u (beam 1) > d, d (beam 2) > u."""
    colours = sample.colours[:7]
    assert np.all(colours[:, 1] == 0)
    assert colours[0, 0] == colours[4, 0] != 0
    assert colours[1, 0] == colours[3, 0] != 0
    assert colours[0, 0] != colours[1, 0]


def test_cuts_hold_and_azimuths_are_flat(momenta):
    jets = momenta[:, 3:5]
    assert np.min(transverse_momentum(jets)) >= 20.0 - 1e-6
    assert np.max(np.abs(rapidity(jets))) <= 5.0 + 1e-9
    for leg in (2, 3, 4):
        counts = np.histogram(np.arctan2(momenta[:, leg, 2], momenta[:, leg, 1]), bins=20, range=(-np.pi, np.pi))[0]
        assert chi2.sf(np.sum((counts - 500.0) ** 2 / 500.0), 19) > 1e-4


def observables(momenta):
    jets = momenta[:, 3:5]
    pt = transverse_momentum(jets)
    jets = np.take_along_axis(jets, np.argsort(-pt, axis=1)[:, :, None], axis=1)
    phi, y = np.arctan2(jets[..., 2], jets[..., 1]), rapidity(jets)
    pair = jets.sum(axis=1)
    return {
        "pt_j1": np.max(pt, axis=1),
        "pt_j2": np.min(pt, axis=1),
        "delta_phi_jj": wrapped_azimuth(phi[:, 0] - phi[:, 1]),
        "m_jj": np.sqrt(minkowski_product(pair, pair)),
        "delta_eta_jj": np.abs(y[:, 0] - y[:, 1]),
        "y_h": rapidity(momenta[:, 2]),
        "pt_a1": np.max(transverse_momentum(momenta[:, 5:]), axis=1),
    }


def probability(values, histogram):
    """Chi-square probability that values and the reference counts are draws from one distribution."""
    ours = np.histogram(values, histogram["edges"])[0]
    theirs = np.array(histogram["counts"])
    assert ours.sum() == len(values)
    root = np.sqrt(theirs.sum() / ours.sum())
    statistic = np.sum((ours * root - theirs / root) ** 2 / (ours + theirs))
    return chi2.sf(statistic, len(theirs) - 1)


def test_distributions_are_those_of_madgraph(sample, momenta):
    histograms = json.loads(HISTOGRAMS.read_text())
    found = {**observables(momenta), "scale": sample.scales}
    assert found.keys() == histograms.keys()
    assert min(probability(found[name], histograms[name]) for name in found) > 1e-3


def test_the_distributions_would_show_another_physics(prepared, sample, momenta):
    """The same comparison with events at CWL2 = -10 TeV^-2, with the beams interchanged, and with a scale 10 % up."""
    histograms = json.loads(HISTOGRAMS.read_text())
    other = generate(prepared, "cw_m10", 10_000, seed=8).four_momenta.reshape(-1, 7, 4)
    assert probability(observables(other)["delta_phi_jj"], histograms["delta_phi_jj"]) < 1e-6
    assert probability(-observables(momenta)["y_h"], histograms["y_h"]) < 1e-6
    assert probability(1.1 * sample.scales, histograms["scale"]) < 1e-6


@pytest.mark.parametrize(("origin", "target"), [("sm", "cw_p10"), ("sm", "cpw_p10"), ("cw_m10", "sm"), ("w", "ww")])
def test_reweighting_gives_the_cross_section_of_the_target(prepared, origin, target):
    found = generate(prepared, origin, 10_000, seed=3)
    weights = found.weight(target)
    error = np.std(weights) * np.sqrt(len(weights))
    value, uncertainty = prepared.cross_sections[target]
    assert error < 0.2 * value
    assert abs(np.sum(weights) - value) < 4.0 * np.hypot(error, uncertainty) + 0.02 * value


def test_cross_sections_are_exactly_quadratic(prepared):
    sm, plus, minus = (prepared.cross_sections[name][0] for name in ("sm", "cw_p10", "cw_m10"))
    points = {"sm": {}, "p": {"CWL2": 10.0}, "m": {"CWL2": -10.0}, "p2": {"CWL2": 20.0}}
    more = prepare(prepared.settings, points, 4, QUICK)
    sm, plus, minus, double = more.cross_section_values
    predicted = sm + (plus - minus) + 4.0 * ((plus + minus) / 2.0 - sm)
    assert double == pytest.approx(predicted, rel=1e-10)


def test_the_same_seed_gives_the_same_events(prepared, sample):
    assert generate(prepared, "sm", 10_000, seed=8).same_as(sample)
    again = [prepare(prepared.settings, {"sm": {}}, 4, QUICK) for _ in range(2)]
    np.testing.assert_array_equal(again[0].sampling.maps[0], again[1].sampling.maps[0])
    other = prepare(prepared.settings, {"sm": {}}, 5, QUICK)
    assert not np.array_equal(again[0].sampling.maps[0], other.sampling.maps[0])


def test_a_longer_job_begins_with_the_events_of_a_shorter_one(prepared, sample):
    shorter = generate(prepared, "sm", 150, seed=8)
    np.testing.assert_array_equal(shorter.four_momenta[: 150 * 7, :], sample.four_momenta[: 150 * 7])


def test_other_seeds_and_benchmarks_give_other_events(prepared, sample):
    others = [generate(prepared, "sm", 2_000, seed=9), generate(prepared, "cw_p10", 2_000, seed=8)]
    energies = [set(found.four_momenta[::7, 0].tolist()) for found in (sample, *others)]
    assert not energies[0] & energies[1]
    assert not energies[0] & energies[2]


def test_metadata_tell_all(prepared, sample):
    found = sample.metadata
    assert (found["benchmark"], found["seed"], found["n_generated"]) == ("sm", 8, 10_000)
    assert found["cross_sections"]["w"]["value"] == prepared.cross_sections["w"][0]
    assert found["couplings"]["cw_m10"]["CWL2"] == -10.0
    assert 0.0 <= found["overweight_fraction"] < 1e-3
    assert 0.005 < found["efficiency"] < 1.0
    json.dumps(found, allow_nan=False)


def with_maximum_weights(prepared, factor):
    sampling = replace(prepared.sampling, maximum_weights=factor * prepared.sampling.maximum_weights)
    return replace(prepared, sampling=sampling)


def test_points_above_the_maximum_weight_are_drawn_more_often(prepared):
    """With a maximum weight five times too low, weights are unbiased all the same and azimuths fresh."""
    low = with_maximum_weights(prepared, 0.2)
    found = generate(low, "sm", 4_000, seed=1)
    assert found.metadata["overweight_fraction"] > 0.01
    ratio = np.sum(found.weight("cw_m10")) / prepared.cross_sections["cw_m10"][0]
    assert ratio == pytest.approx(1.0, abs=0.03)
    azimuths = np.arctan2(found.four_momenta[3::7, 2], found.four_momenta[3::7, 1])
    assert len(np.unique(azimuths)) == 4_000
    assert len(np.unique(found.four_momenta[::7, 0])) < 4_000


def test_a_map_that_does_not_fit_is_refused(prepared, monkeypatch):
    with pytest.raises(GenerationError, match="above the maximum weight"):
        generate(with_maximum_weights(prepared, 0.1), "sm", 12_000, seed=1)
    monkeypatch.setattr(unweighting, "POINTS_WITHOUT_EVENT", 50_000)
    with pytest.raises(GenerationError, match="no event"):
        generate(with_maximum_weights(prepared, 1e9), "sm", 1, seed=1)


def test_a_stable_higgs_has_the_same_hard_events(prepared, sample):
    settings = prepared.settings
    changed = replace(settings, decay="stable", branching_ratio=float(prepared.branching_fractions[0]))
    stable = generate(replace(prepared, settings=changed), "sm", 200, seed=8)
    assert stable.pdg_id[:5].tolist() == [2, 1, 25, 2, 1]
    assert stable.status[:5].tolist() == [-1, -1, 1, 1, 1]
    np.testing.assert_array_equal(
        stable.four_momenta.reshape(200, 5, 4), sample.four_momenta.reshape(-1, 7, 4)[:200, :5]
    )


def test_the_branching_ratio_is_a_factor():
    def total(**changes):
        changed = EmbeddedSettings(**changes)
        return prepare(changed, {"sm": {}}, 1, QUICK).cross_section_values[0]

    stable = total(decay="stable")
    assert total() == pytest.approx(2.5826e-3 * stable, rel=1e-4)
    assert total(branching_ratio=0.01) == pytest.approx(0.01 * stable)
    assert total(decay="stable", branching_ratio=0.01) == pytest.approx(0.01 * stable)


def test_all_four_operators_can_be_benchmarks():
    assert operators(EmbeddedSettings()) == ("CWL2", "CPWL2", "CphidL2", "CphiWL2")
    couplings = {"sm": {}} | {name: {name: 2.0} for name in operators(EmbeddedSettings())}
    found = prepare(EmbeddedSettings(), couplings, 1, Effort(10_000, iterations=3, n_points_per_iteration=5_000))
    values = found.cross_section_values / found.cross_section_values[0]
    v2 = 246.22057**2 * 1e-6
    assert values[3] == pytest.approx((1.0 - 2.0 * v2) ** 2, rel=1e-6)
    assert np.all(np.abs(values[1:] - 1.0) > 1e-3)
    weights = generate(found, "CphiWL2", 100, seed=1).weights
    assert weights.shape == (100, 5)


@pytest.mark.parametrize(
    ("couplings", "message"),
    [
        ({}, "no benchmark"),
        ({"sm": {"CWL3": 1.0}}, "CWL3.*ewdim6[^$]*CPWL2"),
        ({"sm": {"CWWWL2": 1.0}}, "no effect"),
        ({"sm": {"CWL2": float("inf")}}, "finite"),
        ({"a b": {}}, "cannot name"),
        ({"<sm>": {}}, "cannot name"),
    ],
)
def test_wrong_benchmarks_are_refused(couplings, message):
    with pytest.raises(GenerationError, match=message):
        prepare(EmbeddedSettings(), couplings, 1, Effort(100))


def test_wrong_jobs_are_refused(prepared):
    with pytest.raises(GenerationError, match=r"no benchmark 'x'[^$]*cw_p10"):
        generate(prepared, "x", 10, seed=1)
    with pytest.raises(GenerationError, match="0 events"):
        generate(prepared, "sm", 0, seed=1)
    with pytest.raises(GenerationError, match="seed"):
        generate(prepared, "sm", 10, seed=-1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_wrong_densities_are_never_passed_on(prepared, monkeypatch, value):
    right = hard_process.HardProcess._luminosities

    def wrong(self, *arguments):
        luminosities = right(self, *arguments)
        luminosities[17] *= value
        return luminosities

    monkeypatch.setattr(hard_process.HardProcess, "_luminosities", wrong)
    with pytest.raises(GenerationError, match="negative or not finite"):
        generate(prepared, "sm", 10, seed=1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"process": "ggf"}, PROCESS),
        ({"pdf": "CTEQ4"}, "NNPDF23_lo_as_0130_qed"),
        ({"scale": "running"}, "dynamical"),
        ({"decay": "t t~"}, "stable"),
        ({"beam_energy": 70.0}, "no point"),
        ({"process": "ee_ww"}, "electrons"),
        ({"model": "loop_sm"}, "ewdim6"),
        ({"channels": "u u > u u h"}, "no channel"),
        ({"exclude": ("g",)}, "excluded"),
        ({"beam_energy": float("nan")}, "beam_energy"),
        ({"branching_ratio": 0.0}, "branching_ratio"),
        ({"cuts": Cuts(min_jet_separation=20.0)}, "no point"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(GenerationError, match=message):
        prepare(EmbeddedSettings(**changes), {"sm": {}}, 1, Effort(100, iterations=1, n_points_per_iteration=100))
