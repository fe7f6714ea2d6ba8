"""A study that showers with a card, keeps the events as HepMC, and has samples that are showered already or matched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyhepmc
import pytest

from assay.events.eventfile import read_event_file
from assay.generation.lhe import read_lhe
from assay.simulation.root import read_objects, read_summary
from assay.simulation.simulate import SimulationSettings, simulate

pytestmark = pytest.mark.slow

Chain = Any
DATA = Path(__file__).parents[1] / "data" / "lhe"
MATCHING = [
    "JetMatching:merge = on",
    "JetMatching:scheme = 1",
    "JetMatching:jetAlgorithm = 2",
    "JetMatching:slowJetPower = 1",
    "JetMatching:coneRadius = 1.",
    "JetMatching:etaJetMax = 10.",
    "JetMatching:nJetMax = 1",
]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, small_chain: Callable[..., Chain]) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("shower")
    (folder / "cards").mkdir()
    (folder / "cards" / "pythia.cmnd").write_text("! parton level\nTimeShower:alphaSvalue = 0.13 ! a bit less\n")
    (folder / "events").mkdir()
    shutil.copy(DATA / "madgraph_wbf_sm_200.lhe.gz", folder / "events" / "source.lhe.gz")
    shutil.copy(DATA / "madgraph_w_mlm_500.lhe.gz", folder / "events" / "matched.lhe.gz")
    simulate(
        folder / "events" / "source.lhe.gz",
        folder / "objects.root",
        SimulationSettings(),
        3,
        hepmc=folder / "events" / "showered.hepmc.gz",
    )
    samples = {
        "showered": {"events": "events/showered.hepmc.gz", "cross_section": 0.5, "k_factor": 2.0},
        "again": {"events": "events/source.lhe.gz", "cross_section": 0.5},
        "matched": {"events": "events/matched.lhe.gz", "shower": MATCHING},
    }
    yield small_chain(
        folder,
        process={"events_per_benchmark": 40},
        detector={"kind": "parametrised"},
        shower={"hadronisation": False, "card": "cards/pythia.cmnd", "hepmc": True},
        cuts=[],
        samples=samples,
        methods={"histogram": {"kind": "histogram", "observables": ["pt_j1"], "bins": 4}},
        execution={"jobs_per_step": 20},
    )
    shutil.rmtree(folder)


def test_the_card_travels_and_is_used(chain: Chain) -> None:
    assert (chain.folder / "configure" / "cards" / "pythia.cmnd").is_file()
    summary = read_summary(chain.folder / "simulate_0" / "again_0" / "detector.root")
    assert summary is not None
    assert "TimeShower:alphaSvalue = 0.13" in summary.settings


def test_showered_events_are_kept_with_all_weights(chain: Chain) -> None:
    for job in chain.all_jobs:
        path = chain.folder / "simulate_0" / job.name / "events.hepmc.gz"
        if job.name == "showered_0":
            assert not path.exists()  # they are beside the generated events
            continue
        sample = read_lhe(chain.events(0) / job.name / "events.lhe.gz")
        with pyhepmc.open(path) as file:
            events = list(file)
        assert events[0].weight_names == ["nominal", *sample.weight_names]
        numbers = [event.event_number for event in events]
        np.testing.assert_allclose([event.weights[1:] for event in events], sample.weights[numbers], rtol=1e-12)


def test_events_showered_by_others_are_simulated_as_they_are(chain: Chain) -> None:
    objects = read_objects(chain.folder / "simulate_0" / "showered_0" / "detector.root")
    np.testing.assert_array_equal(objects.event_number, np.arange(200))
    summary = read_summary(chain.folder / "simulate_0" / "showered_0" / "detector.root")
    assert summary is not None
    assert summary.settings == "showered by another program"
    # with hadrons, which the study's own shower has not
    direct = read_objects(chain.folder / "objects.root")
    assert np.corrcoef(np.asarray(direct.met.pt), np.asarray(objects.met.pt))[0, 1] > 0.3


def test_both_samples_have_their_cross_sections(chain: Chain) -> None:
    table = read_event_file(chain.combined)
    by_name = {sample.name: sample for sample in table.samples}
    assert by_name["showered_0"].cross_section == pytest.approx(1.0)
    assert by_name["again_0"].cross_section == pytest.approx(0.5)
    rows = {(row.sample, row.step): row for row in table.cut_flow}
    generated = [row for (sample, step), row in rows.items() if sample.startswith("showered") and step == "generated"]
    assert [(row.n_events, row.cross_section) for row in generated] == [(200, pytest.approx(1.0))]


def test_nothing_is_done_twice(chain: Chain) -> None:
    before = (chain.folder / "simulate_0" / "showered_0" / "manifest.json").read_text()
    assert chain.simulate("simulate_0", chain.jobs[0], chain.events(0)).exit_code == 0
    assert (chain.folder / "simulate_0" / "showered_0" / "manifest.json").read_text() == before
    (chain.folder / "configure" / "cards" / "pythia.cmnd").write_text("! another\n")
    assert chain.simulate("simulate_0", chain.jobs[0], chain.events(0)).exit_code != 0  # not what configure wrote


def test_a_sample_with_matching_of_its_own(chain: Chain) -> None:
    """Its parameters come from its own file's run card, which our files do not have; the signal is not matched."""
    summary = read_summary(chain.folder / "simulate_0" / "matched_0" / "detector.root")
    assert summary is not None
    assert (summary.vetoing, summary.events_read, summary.events_rejected) == ("matching", 500, 0)
    assert 100 < summary.events_vetoed < 250
    rows = [row for row in read_event_file(chain.combined).cut_flow if row.sample.startswith("matched")]
    found = {row.step: (row.n_events, row.cross_section) for row in rows}
    assert found["generated"] == found["showered"] == (500, pytest.approx(6696.15, rel=1e-6))
    left = 500 - summary.events_vetoed
    assert found["simulated"] == (left, pytest.approx(6696.15 * left / 500, rel=1e-6))
