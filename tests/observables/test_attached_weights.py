"""Weights stay with their events through rejected events, cuts, efficiencies and chunks of files.

Every weight says which event and column it belongs to: 1000 * column + event + 1. So does the event's hardest jet,
whose transverse momentum is 100 + event: where momentum and weights disagree, an event has got another one's weights.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.generation.lhe import LHESample, read_lhe
from assay.observables.extract import ObservableDefinition
from assay.observables.join import extract_file
from assay.simulation.objects import FIELDS, collection, make_objects
from assay.simulation.root import SimulationSummary, write_objects
from assay.simulation.simulate import SimulationSettings, simulate
from assay.study.model import EfficiencySystematic
from assay.theory.systematics import Effect

pytestmark = pytest.mark.fast

LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
OBSERVABLES = [
    ObservableDefinition("pt_j1", "j[0].pt", required=True),
    ObservableDefinition("m", "(p[2] + p[3]).m", required=True),
]


@pytest.fixture(scope="module")
def recognisable() -> LHESample:
    """200 generated events with recognisable weights: 3 benchmarks and a systematic."""
    sample = read_lhe(LHE)
    weights = np.arange(1.0, len(sample) + 1)[:, None] + 1000.0 * np.arange(4)
    return replace(sample, weights=weights, weight_names=("sm", "w", "x", "id_up"), nominal_weights=weights[:, 0])


def objects_of(numbers: np.ndarray, nominal: np.ndarray, seed: int) -> ak.Array:
    """Return events with a jet of 100 + number GeV, a softer one, and other objects at random."""
    random = np.random.default_rng(seed)
    lists = {}
    for name, fields in FIELDS.items():
        counts = np.full(len(numbers), 2) if name == "jets" else random.integers(0, 3, len(numbers))
        columns = {field: random.uniform(0.1, 1.0, int(counts.sum())) for field in fields}
        if name == "jets":
            columns["pt"] = np.stack([np.full(len(numbers), 20.0), 100.0 + numbers], axis=1).ravel()
        lists[name] = collection(name, counts, columns)
    return make_objects(
        **lists, met_pt=random.uniform(0, 9, len(numbers)), met_phi=np.zeros(len(numbers)),
        event_number=numbers, weight=nominal[numbers],
    )  # fmt: skip


@pytest.mark.parametrize("chunks", [(200,), (1, 50, 80), (37, 38, 39)])
def test_in_a_tree_of_delphes(recognisable: LHESample, tmp_path: Path, chunks: tuple[int, ...]) -> None:
    kept = np.random.default_rng(4).permutation(200)[:150]  # 50 events rejected, the others in any order
    parts = np.split(kept, np.cumsum(chunks))
    path = tmp_path / "delphes.root"
    objects = [objects_of(part, recognisable.nominal_weights, 9) for part in parts if len(part)]

    def summary(n_written: int) -> SimulationSummary:
        return SimulationSummary("parametrised", 200, 50, n_written, 1, "")

    write_objects(path, objects, summary)
    result, weights = extract_file(path, recognisable, OBSERVABLES, ["pt_j1 > 150", "met.pt < 8"])
    check(result.x[:, 0], weights)
    assert 30 < len(weights) < 100
    lines = {step.name: step for step in result.cut_flow}
    generated, simulated, last = lines["generated"], lines["simulated"], result.cut_flow.steps[-1]
    assert (generated.n_events, simulated.n_events) == (200, 150)
    np.testing.assert_allclose(generated.cross_sections, recognisable.weights.sum(axis=0))
    np.testing.assert_allclose(simulated.cross_sections, recognisable.weights[kept].sum(axis=0))
    np.testing.assert_allclose(last.cross_sections, weights.sum(axis=0))


def check(pt: np.ndarray, weights: np.ndarray) -> None:
    event = pt - 100.0
    for column in range(weights.shape[1]):
        np.testing.assert_allclose(weights[:, column], 1000.0 * column + event + 1.0, rtol=1e-6)


def test_with_an_efficiency(recognisable: LHESample, tmp_path: Path) -> None:
    path = tmp_path / "delphes.root"
    numbers = np.arange(200)[::-2]
    write_objects(
        path,
        [objects_of(numbers, recognisable.nominal_weights, 3)],
        lambda n: SimulationSummary("parametrised", 200, 100, n, 1, ""),
    )
    section = EfficiencySystematic(kind="efficiency", objects="j", leading=1, factor="pt / 1000.0", uncertainty=0.1)
    result, weights = extract_file(path, recognisable, OBSERVABLES, [], effects=(Effect("id", section),))
    factor = result.x[:, 0] / 1000.0
    # the nominal factor on all columns; the last one is the systematic's own, one deviation up
    check(result.x[:, 0], weights / factor[:, None] / np.array([1.0, 1.0, 1.0, 1.1]))
    (line,) = (step for step in result.cut_flow if step.name == "id applied")
    assert line.n_events == 100
    np.testing.assert_allclose(line.cross_sections, weights.sum(axis=0))


def test_from_an_lhe_file(recognisable: LHESample, tmp_path: Path) -> None:
    simulate(LHE, tmp_path / "objects.root", SimulationSettings(detector="none"), seed=1)
    sample = replace(read_lhe(LHE), weights=recognisable.weights, weight_names=recognisable.weight_names)
    observables = [ObservableDefinition("e_p0", "p[0].e", required=True), OBSERVABLES[0]]
    result, weights = extract_file(tmp_path / "objects.root", sample, observables, ["pt_j1 > 60"])
    energy = {}
    for event in range(len(sample)):
        rows = np.arange(sample.offsets[event], sample.offsets[event + 1])
        energy[round(float(sample.four_momenta[rows[sample.status[rows] == 1][0], 0]), 4)] = event
    found = np.array([energy[round(float(e), 4)] for e in result.x[:, 0]])
    assert 20 < len(found) < 200
    np.testing.assert_array_equal(weights, recognisable.weights[found])
