"""Events from several channels and flavours: drawn in the right proportions, in any number of first events."""

from dataclasses import replace

import numpy as np
import pytest

from assay.generation.cuts import Cuts
from assay.generation.embedded import Effort, EmbeddedSettings, generate, prepare

pytestmark = pytest.mark.slow

SETTINGS = EmbeddedSettings("zh", decay="stable", scale="fixed", cuts=Cuts(min_lepton_pair_mass=20.0))
BENCHMARKS = {"sm": {}, "other": {"CWL2": 8.0}}
EFFORT = Effort(60_000, iterations=5, n_points_per_iteration=20_000)
N_EVENTS = 20_000


@pytest.fixture(scope="module")
def prepared():
    return prepare(SETTINGS, BENCHMARKS, 3, EFFORT)


@pytest.fixture(scope="module", params=BENCHMARKS)
def sample(request, prepared):
    return request.param, generate(prepared, request.param, N_EVENTS, 5)


def incoming(sample):
    first = sample.offsets[:-1]
    return sample.pdg_id[first], sample.pdg_id[first + 1]


def test_flavours_come_in_proportion_to_their_cross_sections(sample):
    benchmark, found = sample
    parts = {}
    for flavour, quark in ((2, "u"), (1, "d"), (4, "c"), (3, "s")):
        values = [
            prepare(replace(SETTINGS, channels=f"{beams} > l+ l- h"), {"x": BENCHMARKS[benchmark]}, 1, Effort(40_000))
            for beams in (f"{quark} {quark}~", f"{quark}~ {quark}")
        ]
        parts[flavour] = sum(float(value.cross_section_values[0]) for value in values)
    first, _ = incoming(found)
    total = sum(parts.values())
    for flavour, value in parts.items():
        share = value / total
        assert abs(np.mean(np.abs(first) == flavour) - share) < 4.0 * np.sqrt(share / N_EVENTS) + 0.005 * share


def test_both_beams_give_each_parton_alike(sample):
    """As many quarks from beam 1 as from beam 2, and the boost follows the quark."""
    _, found = sample
    first, second = incoming(found)
    assert np.all(first == -second)
    from_first = first > 0
    assert abs(np.mean(from_first) - 0.5) < 4.0 * 0.5 / np.sqrt(N_EVENTS)
    momenta = found.four_momenta[found.offsets[:-1], 0], found.four_momenta[found.offsets[:-1] + 1, 0]
    boost = np.log(momenta[0] / momenta[1])
    difference = np.mean(boost[from_first]) + np.mean(boost[~from_first])
    assert np.mean(boost[from_first]) > 0.1
    assert abs(difference) < 4.0 * np.std(boost) * np.sqrt(4.0 / N_EVENTS)


def test_any_number_of_first_events_is_a_fair_sample(prepared, sample):
    """Channels are mixed: first and last events of a chunk have the same flavours."""
    benchmark, found = sample
    up = np.abs(incoming(found)[0]) == 2
    shares = [np.mean(part) for part in np.array_split(up, 10)]
    assert np.std(shares) < 3.0 * np.sqrt(np.mean(up) * (1 - np.mean(up)) / (N_EVENTS / 10))
    short = generate(prepared, benchmark, 700, 5)
    n_particles = int(found.offsets[700])
    np.testing.assert_array_equal(short.four_momenta, found.four_momenta[:n_particles])
    np.testing.assert_array_equal(short.pdg_id, found.pdg_id[:n_particles])


def test_weights_of_the_other_benchmark_close(prepared, sample):
    benchmark, found = sample
    for name, (value, error) in prepared.cross_sections.items():
        weights = found.weight(name)
        statistical = np.std(weights) * np.sqrt(N_EVENTS)
        assert abs(weights.sum() - value) < 4.0 * np.hypot(statistical, error)
    assert found.metadata["overweight_fraction"] < 3e-3
    assert 0.0 < found.metadata["efficiency"] < 1.0
    assert found.metadata["benchmark"] == benchmark
