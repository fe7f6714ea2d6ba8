"""The further studies of `input/` with few events: generated regions and backgrounds, through the physics stages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool
from assay.generation.cuts import Cuts
from assay.generation.embedded import prepare
from assay.generation.from_study import embedded_settings
from assay.generation.sampling import Effort
from assay.manifest import Manifest
from assay.study.load import load_study
from assay.study.model import EmbeddedProcess

pytestmark = pytest.mark.slow

Chain = Any

ROOT = Path(__file__).parents[2]
N_EVENTS = 250
EDGES = {"wh": ("missing_pt", 120.0), "wgamma": ("photon_pt", 200.0)}
"""What keeps the regions of the studies apart, and where."""


def content_of(name: str) -> dict[str, Any]:
    """Return a study with few events, and observables without cuts or resolutions."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "input" / f"{name}.yml").read_text())
    for process in (content["process"], *(sample["process"] for sample in content["samples"].values())):
        process |= {"events_per_benchmark": N_EVENTS}
    content["process"]["jobs_per_benchmark"] = 2
    content |= {"detector": {"kind": "none"}, "cuts": []}
    content["sampling"] = {"hypotheses": 5, "train_samples": 500, "validation_samples": 100, "test_samples": 100}
    content["sampling"]["min_effective_events"] = 1
    return content


@pytest.fixture(scope="module", params=["wh", "wgamma"])
def chain(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, small_chain: Callable[..., Chain]
) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp(request.param)
    yield small_chain(folder, **content_of(request.param))
    shutil.rmtree(folder)


def test_every_process_is_prepared_and_every_job_has_its_events(chain: Chain) -> None:
    study = load_study(chain.folder / "input.yml")
    listed = json.loads((chain.folder / "prepare" / "processes.json").read_text())
    assert list(listed) == ["signal", *study.samples]
    assert {path.name for path in (chain.folder / "prepare").glob("*.npz")} == {f"{name}.npz" for name in listed}
    n_benchmarks = len(listed["signal"]["cross_sections"])
    n_backgrounds = sum(not sample.signal for sample in study.samples.values())
    assert len(chain.all_jobs) == 2 * n_benchmarks + n_benchmarks + n_backgrounds
    assert {path.name for path in (chain.folder / "generate_0").iterdir() if path.is_dir()} == {chain.all_jobs[0].name}


def test_cross_sections_of_regions_and_backgrounds_add_up(chain: Chain) -> None:
    study = load_study(chain.folder / "input.yml")
    listed = json.loads((chain.folder / "prepare" / "processes.json").read_text())
    table = read_event_file(chain.combined)
    pool = EventPool.from_table(table)
    values, errors = pool.cross_section(table.space.benchmark_values)
    backgrounds = sum(
        sample.process.k_factor * listed[name]["cross_sections"]["background"][0]
        for name, sample in study.samples.items()
        if sample.process is not None and not sample.signal
    )
    k_factor = study.process.k_factor
    for benchmark, value, error in zip(table.space.benchmark_names, values, errors, strict=True):
        regions = sum(listed[name]["cross_sections"][benchmark][0] for name in ("signal", "tail"))
        assert abs(value - k_factor * regions - backgrounds) < 5 * error, benchmark


def test_no_event_is_in_two_regions(chain: Chain) -> None:
    """At parton level without resolutions, the observable shows where an event was generated."""
    table = read_event_file(chain.combined)
    name = load_study(chain.folder / "input.yml").name
    column = {"wh-warsaw": "pt_miss", "wgamma": "pt_a"}[name]
    edge = {"wh-warsaw": 120.0, "wgamma": 200.0}[name]
    x = table.x[:, [info.name for info in table.observables].index(column)]
    regions = np.array([sample.region if sample.benchmark else "background" for sample in table.samples])
    region = regions[table.sample_index]
    assert np.all(x[region == ""] <= edge + 1e-6)
    assert np.all(x[region == "tail"] >= edge - 1e-6)
    assert np.sum(region == "tail") > 0.9 * N_EVENTS


def test_a_change_of_one_process_leaves_jobs_of_others_valid(chain: Chain) -> None:
    """Keys are of a job's own prepared process, not of all of them."""
    first = Manifest.read(chain.folder / "generate_0" / chain.all_jobs[0].name)
    assert {Path(record.path).name for record in first.inputs} == {"signal.npz"}
    last = Manifest.read(chain.folder / f"generate_{len(chain.jobs) - 1}" / chain.all_jobs[-1].name)
    assert {Path(record.path).name for record in last.inputs} == {
        f"{list(load_study(chain.folder / 'input.yml').samples)[-1]}.npz"
    }


@pytest.mark.parametrize("name", ["wh", "wgamma"])
def test_regions_are_all_of_the_phase_space(name: str) -> None:
    """Their cross sections add up to that without the limits that divide them, at an operator too."""
    study = load_study(ROOT / "input" / f"{name}.yml")
    tail = study.samples["tail"].process
    assert isinstance(study.process, EmbeddedProcess)
    assert isinstance(tail, EmbeddedProcess)
    quantity, edge = EDGES[name]
    regions = [embedded_settings(process) for process in (study.process, tail)]
    assert getattr(regions[0].cuts, f"max_{quantity}") == getattr(regions[1].cuts, f"min_{quantity}") == edge
    whole = replace(
        regions[0], cuts=replace(regions[0].cuts, **{f"max_{quantity}": getattr(Cuts(), f"max_{quantity}")})
    )
    operator = "cHW" if study.process.model == "warsaw" else "CWWWL2"
    points = {"sm": {}, "far": {operator: 1.0}}
    found = [prepare(settings, points, 1, Effort(40_000)).cross_sections for settings in (*regions, whole)]
    for point in points:
        (bulk, e_bulk), (beyond, e_beyond), (total, e_total) = (cross_sections[point] for cross_sections in found)
        assert beyond > 0.0
        assert abs(bulk + beyond - total) < 5.0 * np.sqrt(e_bulk**2 + e_beyond**2 + e_total**2) + 0.01 * total
