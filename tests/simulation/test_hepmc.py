"""Showered events as HepMC3, read with the library itself."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyhepmc
import pytest

from assay.generation.lhe import read_lhe
from assay.simulation.hepmc import HepMCWriter, hepmc_events, set_cross_section, weights_of
from assay.simulation.numbering import numbered_blocks
from assay.simulation.pythia import Shower, ShowerSettings
from assay.simulation.record import Record

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def records(madgraph: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """40 events with hadrons, in two blocks."""
    folder, run = tmp_path_factory.mktemp("blocks"), Shower(ShowerSettings(), 5)
    blocks = list(numbered_blocks(madgraph, folder, 20))[:2]
    return [record for block in blocks for record in run.records(block, "here")]


@pytest.fixture(scope="module")
def path(madgraph: Path, records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same events in a file; those of the second block weigh double."""
    path = tmp_path_factory.mktemp("hepmc") / "events.hepmc.gz"
    weights = weights_of(read_lhe(madgraph))
    with HepMCWriter(path) as writer:
        for record, factor in zip(records, (1.0, 2.0), strict=True):
            writer.write(*hepmc_events([replace(record, weight=factor * record.weight)], weights))
    return path


def events_of(path: Path) -> list[Any]:
    with pyhepmc.open(path) as file:
        return list(file)


def test_every_event_has_its_number_and_all_its_weights(madgraph: Path, path: Path) -> None:
    sample, events = read_lhe(madgraph), events_of(path)
    assert [event.event_number for event in events] == list(range(40))
    for event in events:
        assert event.weight_names == ["nominal", *sample.weight_names]
        factor = 1.0 if event.event_number < 20 else 2.0
        expected = [sample.nominal_weights[event.event_number], *sample.weights[event.event_number]]
        np.testing.assert_allclose(event.weights, factor * np.array(expected), rtol=1e-12)
        assert event.cross_section.xsec() == pytest.approx(sample.cross_section, rel=1e-7)
        assert (event.momentum_unit, event.length_unit) == (pyhepmc.Units.GEV, pyhepmc.Units.MM)


def test_particles_are_pythias(path: Path, records: list[Record]) -> None:
    events = events_of(path)
    particles = ak.concatenate([record.particles for record in records])[:, 1:]  # without the event as a whole
    for event, expected in zip(events, particles, strict=True):
        found = sorted((p.pid, p.momentum.px, p.momentum.pz, p.momentum.e, p.generated_mass) for p in event.particles)
        wanted = sorted(zip(*(ak.to_list(expected[name]) for name in ("id", "px", "pz", "e", "m")), strict=True))
        np.testing.assert_allclose(np.array(found), np.array(wanted), rtol=1e-8, atol=1e-8)


def test_status_codes_are_those_of_hepmc(path: Path, records: list[Record]) -> None:
    for event, pythia in zip(events_of(path), ak.concatenate([record.particles for record in records]), strict=True):
        final = [particle for particle in event.particles if particle.status == 1]
        assert len(final) == ak.sum(pythia.status > 0)
        assert all(not particle.children for particle in final)
        beams = [particle for particle in event.particles if particle.status == 4]
        assert [beam.pid for beam in beams] == [2212, 2212]
        assert [beam.momentum.e for beam in event.beams] == pytest.approx([6500.0, 6500.0])
        total = np.sum([[p.momentum.px, p.momentum.py, p.momentum.pz, p.momentum.e] for p in final], axis=0)
        np.testing.assert_allclose(total, [0.0, 0.0, 0.0, 13_000.0], atol=0.05)


def test_history_is_pythias(path: Path, records: list[Record]) -> None:
    """Decays keep their momentum, all particles come from the beams, and mothers are those of the record."""
    event, pythia = events_of(path)[0], records[0].particles[0]
    decays = [v for v in event.vertices if len(v.particles_in) == 1 and v.particles_in[0].status in (83, 84, 91, 22)]
    assert len(decays) > 20
    for vertex in decays:
        sums = [
            np.sum([[p.momentum.px, p.momentum.py, p.momentum.pz, p.momentum.e] for p in side], axis=0)
            for side in (vertex.particles_in, vertex.particles_out)
        ]
        np.testing.assert_allclose(sums[0], sums[1], atol=1e-3)
    assert len(event.beams) == 2
    code = {round(e, 6): int(identity) for e, identity in zip(pythia.e, pythia.id, strict=True)}
    mother_of = {round(float(e), 6): int(m) for e, m in zip(pythia.e, pythia.mother1, strict=True)}
    checked = 0
    for particle in event.particles:
        if particle.status == 1 and (place := mother_of.get(round(particle.momentum.e, 6))):
            assert int(pythia.id[place]) in [parent.pid for parent in particle.parents]
            checked += 1
    assert checked > 50
    assert len(code) > 100


def test_the_same_events_are_the_same_bytes(madgraph: Path, records: list[Record]) -> None:
    weights = weights_of(read_lhe(madgraph))
    assert hepmc_events(records, weights) == hepmc_events(records, weights)


def test_no_events_are_no_text(madgraph: Path) -> None:
    _, events = hepmc_events([], weights_of(read_lhe(madgraph)))
    assert gzip.decompress(events) == b""


def test_a_weight_that_is_called_nominal_keeps_its_name(madgraph: Path) -> None:
    sample = read_lhe(madgraph)
    renamed = replace(sample, weight_names=("nominal", *sample.weight_names[1:]))
    assert weights_of(renamed).names == ("_nominal", "nominal", *sample.weight_names[1:])
    spaced = replace(sample, weight_names=("mu r = 2", *sample.weight_names[1:]))
    assert weights_of(spaced).names[1] == "mu_r_=_2"


def test_another_cross_section(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.hepmc.gz"
    copy.write_bytes(path.read_bytes())
    set_cross_section(copy, 0.25, 0.01)
    before, after = events_of(path), events_of(copy)
    assert {event.cross_section.xsec() for event in after} == {0.25}
    assert {event.cross_section.xsec_err() for event in after} == {0.01}
    assert [event.weights for event in after] == [event.weights for event in before]
    assert [len(event.particles) for event in after] == [len(event.particles) for event in before]


def test_a_file_that_is_not_finished_does_not_get_its_name(tmp_path: Path) -> None:
    path = tmp_path / "events.hepmc.gz"
    with pytest.raises(RuntimeError), HepMCWriter(path):
        raise RuntimeError("in the middle")
    assert not list(tmp_path.iterdir())
