from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import EventFileError
from assay.generation.lhe import LHESample, read_lhe
from assay.observables.extract import ObservableDefinition
from assay.observables.join import extract_file, join
from assay.simulation.simulate import SimulationSettings, simulate

pytestmark = pytest.mark.fast

LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


@pytest.fixture(scope="module")
def sample() -> LHESample:
    return read_lhe(LHE)


@pytest.fixture
def objects(sample: LHESample, make_events: Callable[[int, int], ak.Array]) -> ak.Array:
    """Every third event, backwards."""
    numbers = np.arange(len(sample))[::-3]
    events = ak.with_field(make_events(len(numbers), 1), numbers, "event_number")
    return ak.with_field(events, sample.nominal_weights[numbers].astype(np.float32), "weight")


def test_weights_follow_the_event_number_not_the_position(sample: LHESample, objects: ak.Array) -> None:
    # the trap: one rejected event shifts the weights of all that follow
    expected = sample.weights[np.arange(len(sample))[::-3]]
    np.testing.assert_array_equal(join(objects, sample), expected)
    assert not np.array_equal(expected, sample.weights[: len(expected)])


def test_the_generators_order_does_not_matter(sample: LHESample, objects: ak.Array) -> None:
    order = np.random.default_rng(1).permutation(len(sample))
    of_events = {name: getattr(sample, name)[order] for name in ("event_number", "weights", "nominal_weights")}
    shuffled = replace(sample, **of_events)
    np.testing.assert_array_equal(join(objects, shuffled), join(objects, sample))


def test_an_event_that_was_not_generated_is_refused(sample: LHESample, objects: ak.Array) -> None:
    for number in (len(sample), -1):
        wrong = ak.with_field(objects, np.append(np.asarray(objects.event_number)[1:], number), "event_number")
        with pytest.raises(EventFileError, match=f"event {number} is not among"):
            join(wrong, sample)


def test_a_repeated_event_is_refused(sample: LHESample, objects: ak.Array) -> None:
    numbers = np.asarray(objects.event_number).copy()
    numbers[1] = numbers[0]
    with pytest.raises(EventFileError, match="occurs 2 times"):
        join(ak.with_field(objects, numbers, "event_number"), sample)


def test_objects_of_another_sample_are_refused(sample: LHESample, objects: ak.Array) -> None:
    with pytest.raises(EventFileError, match="weighs"):
        join(ak.with_field(objects, np.asarray(objects.weight) * 1.01, "weight"), sample)


def test_a_file_at_parton_level(sample: LHESample, tmp_path: Path) -> None:
    simulate(LHE, tmp_path / "objects.root", SimulationSettings(detector="none"), seed=1)
    observables = [
        ObservableDefinition("pt_j1", "j[0].pt", required=True),
        ObservableDefinition("m_aa", "(a[0] + a[1]).m", required=True),
    ]
    result, weights = extract_file(tmp_path / "objects.root", sample, observables, ["pt_j1 > 50"])
    names = [step.name for step in result.cut_flow]
    assert names == ["generated", "showered", "simulated", "pt_j1 exists", "m_aa exists", "pt_j1 > 50"]
    np.testing.assert_allclose(result.cut_flow.steps[0].cross_sections, sample.weights.sum(axis=0))
    np.testing.assert_array_equal(weights, sample.weights[result.event_number])
    np.testing.assert_allclose(result.x[:, 1], 125.0, atol=0.1)
    jets = sample.pdg_id[:, np.newaxis] == [1, 2]
    pt = np.hypot(sample.four_momenta[:, 1], sample.four_momenta[:, 2]) * (jets.any(axis=1) & (sample.status == 1))
    hardest = np.maximum.reduceat(pt, sample.offsets[:-1])
    np.testing.assert_array_equal(result.keep, hardest.astype(np.float32) > 50)
    np.testing.assert_allclose(result.x[:, 0], hardest[result.keep], rtol=1e-6)


def test_a_file_of_another_length_is_refused(sample: LHESample, tmp_path: Path) -> None:
    simulate(LHE, tmp_path / "objects.root", SimulationSettings(detector="none"), seed=1)
    text = gzip.decompress(LHE.read_bytes()).decode()
    head, *events = text.split("<event>")
    short = tmp_path / "short.lhe"
    short.write_text("<event>".join([head, *events[:50]]) + "</LesHouchesEvents>\n")
    with pytest.raises(EventFileError, match="200 events, the LHE file has 50"):
        extract_file(tmp_path / "objects.root", read_lhe(short), [], [])
