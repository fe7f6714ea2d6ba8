"""A study with sets of observables, functions of its own, true particles and efficiencies, from end to end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.cli.checks import load_checked
from assay.cli.work.samples import steps_of
from assay.events.compare import steps
from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool
from assay.events.table import EventTable
from assay.study.functions import digest
from assay.study.resolve import from_resolved

pytestmark = pytest.mark.slow

SOURCE = "def asymmetry(first, second):\n    return (first.pt - second.pt) / (first.pt + second.pt)\n"
SECTIONS = {
    "process": {"events_per_benchmark": 200},
    "execution": {"jobs_per_step": 6},
    "functions": {"module": "own.py", "sha256": digest(SOURCE)},
    "observable_sets": {"four_momenta": {"particles": {"p": 2}, "components": ["pt"], "required": True}},
    "observables": {
        "pt_j1": {"expression": "j[0].pt", "required": True},
        "a_j": {"expression": "asymmetry(j[0], j[1])", "required": True},
        "a_p": {"expression": "abs(pt_p1 - pt_p2) / (pt_p1 + pt_p2)", "default": 0.0},
    },
    "methods": {"rate": {"kind": "rate"}},
    "cuts": ["pt_j1 > 40"],
    "systematics": {
        "photon_id": {"kind": "efficiency", "objects": "a", "factor": 0.9, "uncertainty": 0.05},
        "trigger": {"kind": "efficiency", "factor": "float(met.pt < 1000.)"},
    },
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, small_chain: Callable[..., object]) -> Iterator[object]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "own.py").write_text(SOURCE, encoding="utf-8")
    yield small_chain(folder, **SECTIONS)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def table(chain: object) -> EventTable:
    return read_event_file(chain.combined)  # type: ignore[attr-defined]


def test_sets_and_functions_are_ordinary_observables(table: EventTable) -> None:
    assert table.observable_names == ("pt_p1", "pt_p2", "pt_j1", "a_j", "a_p")
    assert table.n_events > 100
    asymmetry = table.x[:, 3]
    # without a detector the generator's first two particles are the jets, in either order
    np.testing.assert_allclose(asymmetry, table.x[:, 4], atol=1e-5)
    np.testing.assert_allclose(np.maximum(table.x[:, 0], table.x[:, 1]), table.x[:, 2], rtol=1e-5)


def test_the_functions_travel_with_the_study(chain: object) -> None:
    study = from_resolved(chain.study)  # type: ignore[attr-defined]
    assert study.functions is not None
    assert study.functions.source == SOURCE


def test_efficiencies_scale_weights_and_vary_by_a_nuisance_parameter(table: EventTable) -> None:
    assert table.nuisance is not None
    assert [parameter.name for parameter in table.nuisance.parameters] == ["photon_id"]
    reference = table.weights[:, table.space.index_of(table.space.reference)]
    np.testing.assert_allclose(table.nuisance.weights[:, 0], 1.05**2 * reference)
    (systematic,) = table.nuisance.systematics
    assert (systematic.name, systematic.kind, systematic.value) == ("photon_id", "efficiency", "0.9 +- 0.05")


def test_the_rate_has_the_efficiency_once(table: EventTable) -> None:
    pool = EventPool.from_table(table)
    plain = EventPool.from_table(
        replace(
            table,
            weights=table.weights / 0.9**2,
            samples=tuple(replace(sample, reweighted=False) for sample in table.samples),
            nuisance=None,
        )
    )
    theta = np.array([[0.0, 0.0], [0.3, -0.2]])
    expected = 0.9**2 * plain.cross_section(theta)[0]
    np.testing.assert_allclose(pool.cross_section(theta)[0], expected, rtol=1e-3)


def test_the_cut_flow_counts_them_at_every_benchmark(chain: object, table: EventTable) -> None:
    study = load_checked(chain.folder / "input.yml")  # type: ignore[attr-defined]
    assert steps(table.cut_flow) == steps_of(study)
    rows = {(row.sample, row.step): row for row in table.cut_flow}
    for sample in table.samples:
        simulated, applied = rows[sample.name, "simulated"], rows[sample.name, "photon_id applied"]
        assert simulated.n_events == applied.n_events == rows[sample.name, "trigger applied"].n_events
        np.testing.assert_allclose(applied.at_benchmarks, 0.9**2 * np.array(simulated.at_benchmarks))
        own = table.sample_index == table.samples.index(sample)
        np.testing.assert_allclose(rows[sample.name, "pt_j1 > 40"].at_benchmarks, table.weights[own].sum(axis=0))


def test_a_changed_module_is_refused(chain: object) -> None:
    path = Path(chain.folder) / "own.py"  # type: ignore[attr-defined]
    path.write_text(SOURCE + "\n", encoding="utf-8")
    try:
        result = chain.run("configure", "again")  # type: ignore[attr-defined]
        assert result.exit_code != 0
        assert "SHA-256" in str(result.exception) + result.output
    finally:
        path.write_text(SOURCE, encoding="utf-8")
