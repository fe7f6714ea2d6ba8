"""MLM matching and CKKW-L merging of W + 0, 1 jets: what Pythia's bindings can do, and what becomes of weights."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pyhepmc
import pytest
import pythia8mc

from assay.errors import SimulationError
from assay.generation.lhe import LHESample, read_lhe
from assay.observables.join import extract_file, join
from assay.simulation.hepmc import weights_of
from assay.simulation.numbering import numbered_blocks
from assay.simulation.pythia import Shower, ShowerSettings, pythia_lines
from assay.simulation.root import read_objects, read_summary
from assay.simulation.shower import shower_blocks
from assay.simulation.simulate import SimulationSettings, simulate

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[1] / "data" / "lhe"
MLM, CKKWL = DATA / "madgraph_w_mlm_500.lhe.gz", DATA / "madgraph_w_ckkwl_500.lhe.gz"
SCHEME = (
    "JetMatching:merge = on",
    "JetMatching:scheme = 1",
    "JetMatching:jetAlgorithm = 2",
    "JetMatching:slowJetPower = 1",
    "JetMatching:coneRadius = 1.",
    "JetMatching:etaJetMax = 10.",
    "JetMatching:nJetMax = 1",
)
EXPLICIT = ("JetMatching:setMad = off", "JetMatching:nQmatch = 4", "JetMatching:clFact = 1.")
MERGING = (
    "Merging:doKTMerging = on",
    "Merging:ktType = 1",
    "Merging:Process = pp>e+ve",
    "Merging:TMS = 20.",
    "Merging:Dparameter = 0.4",
    "Merging:nJetMax = 1",
)


def settings(*lines: str) -> ShowerSettings:
    return ShowerSettings(hadronisation=False, dipole_recoil=False, higgs_decay=None, settings=lines)


def first(path: Path, n_events: int, folder: Path, changes: dict[int, tuple[str, str]] | None = None) -> Path:
    """The first events of a file, with texts replaced in some."""
    head, *events = gzip.decompress(path.read_bytes()).decode().split("<event>")
    events = [event.split("</event>")[0] for event in events[:n_events]]
    for place, (old, new) in (changes or {}).items():
        assert old in events[place]
        events[place] = events[place].replace(old, new, 1)
    copy = folder / "first.lhe"
    copy.write_text(head + "".join(f"<event>{event}</event>\n" for event in events) + "</LesHouchesEvents>\n")
    return copy


def accepted(path: Path, chosen: ShowerSettings, seed: int = 1, block_size: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and shower weights of accepted events."""

    records = [
        record
        for done in shower_blocks(path, chosen, seed, lambda _, found: list(found), block_size=block_size)
        for record in done.result
    ]
    return tuple(np.concatenate([getattr(record, name) for record in records]) for name in ("event_number", "weight"))


def own_statistics(path: Path, chosen: ShowerSettings, folder: Path) -> float:
    """The matched over the generated cross section as Pythia counts it, of the same events with the same seeds."""
    (block,) = numbered_blocks(path, folder, 500)
    run = Shower(chosen, 1)
    list(run.records(block, ""))
    info = run._pythia.infoPython()
    return float(info.sigmaGen() / 2e-9)  # <init> says one pb for each of two processes


@pytest.mark.parametrize("q_cut", [20.0, 30.0])
def test_matching_vetoes_events_as_pythia_counts_them(q_cut: float, tmp_path: Path) -> None:
    chosen = settings(*SCHEME, *EXPLICIT, f"JetMatching:qCut = {q_cut}")
    numbers, weights = accepted(MLM, chosen)
    assert 200 < len(numbers) < 450
    assert np.all(weights == 1.0)
    assert len(numbers) / 500 == pytest.approx(own_statistics(MLM, chosen, tmp_path), rel=1e-9)


def test_matching_vetoes_hard_jets_of_the_shower() -> None:
    """Of events without partons, those whose shower makes a jet above the scale are vetoed."""
    chosen = settings(*SCHEME, *EXPLICIT, "JetMatching:qCut = 30.")
    without = read_lhe(MLM).particle_counts == 5
    kept, _ = accepted(MLM, chosen)
    lost = np.setdiff1d(np.flatnonzero(without), kept)
    assert 0.05 < len(lost) / np.count_nonzero(without) < 0.25
    before, after = boson_pt(MLM, settings()), boson_pt(MLM, chosen)
    assert before[without].max() > 65.0
    assert after[without[kept]].max() < 55.0  # recoil against jets below 30 GeV alone
    assert after[~without[kept]].max() > 65.0  # the matrix element's jets stay


def boson_pt(path: Path, chosen: ShowerSettings) -> np.ndarray:
    """Transverse momentum of positron and neutrino (with the positron's photons left out) in accepted events."""
    found = []
    for done in shower_blocks(path, chosen, 1, lambda _, records: list(records)):
        for record in done.result:
            particles = record.particles
            leptons = particles[(particles.status > 0) & ((particles.id == -11) | (particles.id == 12))]
            found.append(np.hypot(*(np.asarray(ak.sum(leptons[name], axis=1)) for name in ("px", "py"))))
    return np.concatenate(found)


def test_parameters_from_madgraphs_run_card() -> None:
    explicit = accepted(MLM, settings(*SCHEME, *EXPLICIT, "JetMatching:qCut = 20."))[0]
    from_card = accepted(MLM, settings(*SCHEME))[0]  # ickkw = 1, xqcut = 20, maxjetflavor = 4, alpsfact = 1
    np.testing.assert_array_equal(from_card, explicit)


def test_matching_without_its_parameters_is_an_error() -> None:
    with pytest.raises(SimulationError, match="run card"):
        accepted(CKKWL, settings(*SCHEME))  # a card with ickkw = 0: Pythia would go on with its own numbers


@pytest.mark.parametrize("lines", [(*SCHEME, *EXPLICIT, "JetMatching:qCut = 30."), MERGING])
def test_blocks_and_workers_change_nothing(lines: tuple[str, ...], tmp_path: Path) -> None:
    path = first(CKKWL if lines == MERGING else MLM, 90, tmp_path)
    contents = []
    for workers in (1, 2):
        output = tmp_path / f"objects_{workers}.root"
        chosen = SimulationSettings(shower=settings(*lines), block_size=30, workers=workers)
        simulate(path, output, chosen, seed=4)
        contents.append(read_objects(output))
    assert ak.to_list(contents[0]) == ak.to_list(contents[1])


def test_merging_gives_weights_as_pythia_counts_them(tmp_path: Path) -> None:
    numbers, weights = accepted(CKKWL, settings(*MERGING))
    assert np.ptp(weights) > 0.1  # couplings and densities
    assert 100 < 500 - len(numbers) < 300  # vetoed by weights of zero
    assert weights.sum() / 500 == pytest.approx(own_statistics(CKKWL, settings(*MERGING), tmp_path), rel=1e-6)


def test_weights_of_merging_reach_all_weights_of_the_right_events(tmp_path: Path) -> None:
    output, hepmc = tmp_path / "objects.root", tmp_path / "events.hepmc.gz"
    chosen = settings(*MERGING)
    summary = simulate(CKKWL, output, SimulationSettings(shower=chosen, block_size=500), seed=1, hepmc=hepmc)
    numbers, factors = accepted(CKKWL, chosen)
    sample = read_lhe(CKKWL)
    assert (summary.vetoing, summary.events_rejected) == ("merging", 0)
    assert summary.events_vetoed == 500 - len(numbers) == 500 - summary.events_written
    objects = read_objects(output)
    np.testing.assert_array_equal(objects.event_number, numbers)
    np.testing.assert_allclose(objects.shower_weight, factors)
    np.testing.assert_allclose(objects.weight, sample.nominal_weights[numbers] * factors, rtol=1e-6)
    distinct = marked(sample)
    np.testing.assert_allclose(join(objects, distinct), distinct.weights[numbers] * factors[:, None])


def marked(sample: LHESample) -> LHESample:
    """The events with recognisable weights: the place of each, and twice that."""
    places = np.arange(len(sample), dtype=np.float64)
    return replace(sample, weights=np.stack([places, 2.0 * places], axis=1), weight_names=("place", "double"))


@pytest.mark.parametrize(("path", "lines"), [(MLM, (*SCHEME, *EXPLICIT, "JetMatching:qCut = 30.")), (CKKWL, MERGING)])
def test_the_cut_flow_says_what_is_left_of_the_cross_section(
    path: Path, lines: tuple[str, ...], tmp_path: Path
) -> None:
    output, hepmc = tmp_path / "objects.root", tmp_path / "events.hepmc.gz"
    simulate(path, output, SimulationSettings(shower=settings(*lines)), seed=1, hepmc=hepmc)
    sample = read_lhe(path)
    numbers, factors = accepted(path, settings(*lines))
    matched = float(np.sum(sample.nominal_weights[numbers] * factors))
    weighted = replace(sample, weights=sample.nominal_weights[:, None], weight_names=("sm",))
    extraction, weights = extract_file(output, weighted, [], [])
    steps = {step.name: (step.n_events, step.cross_sections[0]) for step in extraction.cut_flow}
    assert steps["generated"] == (500, pytest.approx(sample.nominal_weights.sum()))
    assert steps["showered"] == (500, pytest.approx(sample.nominal_weights.sum()))
    assert steps["simulated"] == (len(numbers), pytest.approx(matched))
    assert weights.sum() == pytest.approx(matched)
    with pyhepmc.open(hepmc) as file:
        events = list(file)
    assert [event.cross_section.xsec() for event in events] == pytest.approx([matched] * len(numbers), rel=1e-6)
    assert sum(event.weights[0] for event in events) == pytest.approx(matched, rel=1e-9)


def test_events_that_are_given_up_are_not_taken_for_vetoed_ones(tmp_path: Path) -> None:
    path = first(MLM, 150, tmp_path, {7: ("  501 ", "  777 "), 40: ("  501 ", "  777 ")})
    chosen = settings(*SCHEME, *EXPLICIT, "JetMatching:qCut = 30.")
    chosen = replace(chosen, maximum_rejected=0.02)
    summary = simulate(path, tmp_path / "objects.root", SimulationSettings(shower=chosen), seed=1)
    assert (summary.events_rejected, summary.rejected, summary.vetoing) == (2, (7, 40), "matching")
    assert 10 < summary.events_vetoed == 150 - 2 - summary.events_written
    assert read_summary(tmp_path / "objects.root") == summary


def test_a_scale_that_leaves_nothing_is_an_error(tmp_path: Path) -> None:
    head, *events = gzip.decompress(MLM.read_bytes()).decode().split("<event>")
    with_jets = [event.split("</event>")[0] for event in events if event.split()[0] == "6"][:20]
    path = tmp_path / "jets.lhe"
    path.write_text(head + "".join(f"<event>{event}</event>\n" for event in with_jets) + "</LesHouchesEvents>\n")
    chosen = settings(*SCHEME, *EXPLICIT, "JetMatching:qCut = 5000.", "JetMatching:exclusive = 1")
    with pytest.raises(SimulationError, match="leaves none"):
        simulate(path, tmp_path / "objects.root", SimulationSettings(shower=chosen), seed=1)


def test_the_bindings_have_what_is_used() -> None:
    for name in ("CombineMatchingInput", "JetMatchingMadgraph", "JetMatchingAlpgen", "Merging", "MergingHooks"):
        assert hasattr(pythia8mc, name)
    assert "JetMatching:merge = on" in pythia_lines(settings("JetMatching:merge = on"), 1)
    assert weights_of(read_lhe(MLM)).names == ("nominal",)
