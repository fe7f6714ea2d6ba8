"""Hundreds of real jobs, in batches, to one event file; and the benchmark of what the engine costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.events.eventfile import read_event_file

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PER_BENCHMARK, BENCHMARKS, EVENTS, PER_STEP = 84, 6, 10, 72


def test_five_hundred_jobs_in_batches(
    small_study: Callable[..., Path], assay: Callable[..., str], tmp_path: Path
) -> None:
    study = small_study(
        process={"events_per_benchmark": PER_BENCHMARK * EVENTS, "jobs_per_benchmark": PER_BENCHMARK},
        detector={"kind": "none", "card": None},
        execution={"jobs_per_step": PER_STEP},
    )
    run, jobs = tmp_path / "run", BENCHMARKS * PER_BENCHMARK
    assay("run", "--study", study, "--part", "physics", "--output", run)
    content = json.loads(assay("status", run, "--json"))
    stages = {stage["name"]: stage for stage in content["stages"]}
    for stage in ("generate", "simulate", "extract"):
        assert len(stages[stage]["steps"]) == jobs // PER_STEP
        assert stages[stage]["jobs"] == {"done": jobs}
    table = read_event_file(run / "combine" / "combined.h5")
    assert len(table.space.benchmarks) == BENCHMARKS
    generated = Counter(dict.fromkeys(table.space.benchmark_names, 0))
    for sample in table.samples:
        generated[sample.benchmark] += sample.n_generated
    assert set(generated.values()) == {PER_BENCHMARK * EVENTS}


def test_the_benchmark_measures_what_it_says(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "benchmarks" / "fan_out.py", "--output", tmp_path / "fan_out.json"]
    done = subprocess.run(
        [*command, "--jobs", "3", "--physics", "4", "2"], capture_output=True, text=True, check=True, timeout=600
    )
    content = json.loads((tmp_path / "fan_out.json").read_text())
    assert content["machine"]["versions"]["yadage"] == "0.20.1"
    runs = content["runs"]
    assert {(run["prepublishing"], run["remembering"]) for run in runs} == {
        (one, two) for one in (True, False) for two in (True, False)
    }
    assert {(run["what"], run["jobs"], run["steps"]) for run in runs} == {
        ("trivial steps", 3, 5),
        ("physics, 2 per step", 4, 9),
    }
    assert all(run["cpu"] > 0 for run in runs)
    assert "physics, 2 per step" in done.stdout
