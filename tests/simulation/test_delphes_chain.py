"""The whole stage with Delphes, and with files that Delphes wrote before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import SimulationError
from assay.generation.hepmc import count_events
from assay.generation.lhe import read_lhe, write_lhe
from assay.observables.join import join
from assay.simulation.delphes_chain import with_shower_weight
from assay.simulation.objects import FIELDS, empty_collection, make_objects
from assay.simulation.pythia import ShowerSettings
from assay.simulation.root import SimulationSummary, read_objects, read_summary, write_objects
from assay.simulation.simulate import LOG, SimulationSettings, simulate

pytestmark = pytest.mark.fast

SHOWER = ShowerSettings(hadronisation=False, maximum_rejected=0.2)


@pytest.fixture
def settings(delphes: Path, tmp_path: Path) -> SimulationSettings:
    card = tmp_path / "card.tcl"
    card.write_text("set ExecutionPath {\n  ParticlePropagator\n}\n")
    return SimulationSettings("delphes", SHOWER, card, block_size=8)


@pytest.fixture
def lhe(edited: Callable[..., Path]) -> Path:
    """20 events, of which Pythia rejects the fourth."""
    return edited(20, {3: lambda event: event.replace("  502 ", "  777 ", 1)})


def test_events_of_delphes_keep_their_numbers_and_weights(
    lhe: Path, settings: SimulationSettings, tmp_path: Path
) -> None:
    output = tmp_path / "job" / "detector.root"
    output.parent.mkdir()
    summary = simulate(lhe, output, settings, seed=3, hepmc=tmp_path / "kept.hepmc.gz")
    assert (summary.events_read, summary.events_rejected, summary.events_written) == (20, 1, 19)
    assert summary.detector == "Delphes (DelphesHepMC3)"
    assert sorted(path.name for path in output.parent.iterdir()) == [LOG, "detector.root"]  # nothing is left over
    objects, sample = read_objects(output), read_lhe(lhe)
    np.testing.assert_array_equal(objects.event_number, np.delete(np.arange(20), 3))
    np.testing.assert_array_equal(objects.shower_weight, 1.0)
    np.testing.assert_array_equal(join(objects, sample), np.delete(sample.weights, 3, axis=0))
    assert ak.sum(ak.num(objects.jets)) > 19
    assert count_events(tmp_path / "kept.hepmc.gz") == 19


def test_photons_are_those_of_the_same_event(lhe: Path, settings: SimulationSettings, tmp_path: Path) -> None:
    simulate(lhe, tmp_path / "objects.root", settings, seed=3)
    objects, sample = read_objects(tmp_path / "objects.root"), read_lhe(lhe)
    pairs = np.asarray(ak.num(objects.photons) >= 2)
    mass = (objects.photons[pairs][:, 0] + objects.photons[pairs][:, 1]).mass
    assert pairs.sum() > 5
    assert np.median(np.asarray(mass)) == pytest.approx(125.0, abs=0.5)
    assert len(sample) == 20


def test_events_that_another_program_showered(lhe: Path, settings: SimulationSettings, tmp_path: Path) -> None:
    simulate(lhe, tmp_path / "first.root", settings, seed=3, hepmc=tmp_path / "kept.hepmc.gz")
    simulate(lhe, tmp_path / "second.root", settings, seed=3, showered=tmp_path / "kept.hepmc.gz")
    first, second = (read_objects(tmp_path / f"{name}.root") for name in ("first", "second"))
    np.testing.assert_array_equal(first.event_number, second.event_number)
    np.testing.assert_allclose(ak.flatten(first.jets.pt), ak.flatten(second.jets.pt))


def test_weights_of_showered_events_count_up_to_a_factor(
    lhe: Path, settings: SimulationSettings, tmp_path: Path
) -> None:
    """The generator's are scaled to the cross section; those in the HepMC file are as its program wrote them."""
    simulate(lhe, tmp_path / "first.root", settings, seed=3, hepmc=tmp_path / "kept.hepmc.gz")
    sample = read_lhe(lhe)
    scaled = replace(sample, nominal_weights=3e-9 * sample.nominal_weights, weights=3e-9 * sample.weights)
    write_lhe(tmp_path / "scaled.lhe.gz", scaled)
    simulate(tmp_path / "scaled.lhe.gz", tmp_path / "b.root", settings, seed=3, showered=tmp_path / "kept.hepmc.gz")
    objects = read_objects(tmp_path / "b.root")
    np.testing.assert_allclose(join(objects, scaled), np.delete(scaled.weights, 3, axis=0))
    np.testing.assert_array_equal(objects.shower_weight, 1.0)


def test_a_failure_leaves_the_log_alone(lhe: Path, settings: SimulationSettings, tmp_path: Path) -> None:
    assert settings.card is not None
    with settings.card.open("a") as card:
        card.write("# stand-in: card\n")
    output = tmp_path / "job" / "detector.root"
    output.parent.mkdir()
    with pytest.raises(SimulationError, match="can't access input list"):
        simulate(lhe, output, settings, seed=3)
    assert [path.name for path in output.parent.iterdir()] == [LOG]


def test_what_delphes_needs_is_checked_before_the_shower(
    lhe: Path, settings: SimulationSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SimulationError, match="no card of Delphes"):
        simulate(lhe, tmp_path / "objects.root", replace(settings, card=None), seed=3)
    monkeypatch.setattr("assay.simulation.delphes_chain.simulated_blocks", lambda *arguments: pytest.fail("showered"))
    with pytest.raises(SimulationError, match="no program 'NoDelphes'"):
        simulate(lhe, tmp_path / "objects.root", replace(settings, program="NoDelphes"), seed=3)


def test_objects_in_place_of_a_simulation(lhe: Path, tmp_path: Path) -> None:
    sample = read_lhe(lhe)
    numbers = np.delete(np.arange(20), [3, 11])[::-1]
    lists = {name: empty_collection(name, 18) for name in FIELDS}
    weights = sample.nominal_weights[numbers]
    given = make_objects(**lists, met_pt=numbers + 0.5, met_phi=np.zeros(18), event_number=numbers + 1, weight=weights)
    write_objects(tmp_path / "given.root", [given], lambda n: SimulationSummary("test", n, 0, n, 1, ""))
    summary = simulate(lhe, tmp_path / "objects.root", SimulationSettings(), 3, objects=tmp_path / "given.root")
    assert (summary.detector, summary.events_read, summary.events_rejected) == ("Delphes", 20, 2)
    objects = read_objects(tmp_path / "objects.root")
    np.testing.assert_array_equal(objects.event_number, numbers)
    np.testing.assert_allclose(objects.met.pt, numbers + 0.5)
    np.testing.assert_array_equal(join(objects, sample), sample.weights[numbers])
    written = read_summary(tmp_path / "objects.root")
    assert written == summary


def events(numbers: list[int], weights: list[float]) -> ak.Array:
    lists = {name: empty_collection(name, len(numbers)) for name in FIELDS}
    zero = np.zeros(len(numbers))
    return make_objects(**lists, met_pt=zero, met_phi=zero, event_number=numbers, weight=weights)


def test_weights_are_those_of_the_generator_in_double_precision() -> None:
    nominal = np.array([0.1, -0.2, 0.0, 0.4])
    single = np.float32([0.4, -0.2, 0.0]).astype(np.float64)
    found = with_shower_weight(events([3, 1, 2], single.tolist()), nominal, False, "log")
    np.testing.assert_array_equal(found.weight, [0.4, -0.2, 0.0])
    np.testing.assert_array_equal(found.shower_weight, 1.0)
    merged = with_shower_weight(events([3, 1], [0.2, -0.2]), nominal, True, "log")
    np.testing.assert_allclose(merged.shower_weight, [0.5, 1.0])
    np.testing.assert_allclose(merged.weight, [0.2, -0.2])
    with pytest.raises(SimulationError, match=r"event 3 the weight 0\.2 pb in place of 0\.4 pb"):
        with_shower_weight(events([1, 3], [-0.2, 0.2]), nominal, False, "log")
    with pytest.raises(SimulationError, match="event numbers from 1 to 4"):
        with_shower_weight(events([1, 4], [-0.2, 0.2]), nominal, False, "log")
