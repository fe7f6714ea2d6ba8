"""Measurements mean what they say: processor time, growth of memory, ratios and their spread."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytestmark = pytest.mark.fast


@pytest.fixture
def common() -> ModuleType:
    return importlib.import_module("common")


def measured(common: ModuleType, *seconds: float) -> object:
    return common.Measured(seconds, tuple(9.0 for _ in seconds), 0.0)


def test_ratios_are_of_medians_and_spreads_of_the_extremes(common: ModuleType) -> None:
    ours, peer = measured(common, 1.0, 2.0, 4.0), measured(common, 20.0, 60.0, 30.0)
    comparison = common.Comparison("limits", "of something", 1, "limits", ours, peer, 20.0, "benchmarks/limits.py")
    assert comparison.ratio == pytest.approx(15.0)
    assert comparison.spread == (5.0, 60.0)
    assert "15 times (5 to 60, aimed at 20)" in str(comparison)


def test_waiting_is_no_processor_time(common: ModuleType) -> None:
    found = common.in_own_process(lambda: time.sleep(0.2), repeat=2, warm=False)
    assert len(found.processor) == len(found.clock) == 2
    assert min(found.clock) >= 0.2
    assert max(found.processor) < 0.1


def test_processes_that_the_work_starts_are_counted(common: ModuleType) -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    found = common.in_own_process(lambda: subprocess.run([sys.executable, "-c", busy], check=True), 1, warm=False)
    assert found.processor[0] > 0.4


def test_memory_is_that_of_the_work_and_not_of_what_was_there(common: ModuleType) -> None:
    ballast = np.ones(1 << 23)
    small = common.in_own_process(lambda: float(np.ones(1000).sum()), repeat=1)
    large = common.in_own_process(lambda: float(np.ones(1 << 24).sum()), repeat=1)
    assert small.memory < 40.0 < 64.0 < 100.0 < large.memory < 200.0
    assert large.value == 1 << 24
    assert ballast.nbytes == 1 << 26


def test_work_that_fails_ends_the_run(common: ModuleType) -> None:
    def fails() -> None:
        raise ValueError("no such thing")

    with pytest.raises(SystemExit, match="no such thing"):
        common.in_own_process(fails)


def test_a_process_that_is_gone_ends_the_run(common: ModuleType) -> None:
    def leaves() -> None:
        import os

        os._exit(9)

    with pytest.raises(SystemExit, match="without an answer"):
        common.in_own_process(leaves)


def test_the_peer_is_asked_in_json_and_answers_in_it(
    common: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "peer.py"
    program.write_text(
        "import json, os, sys\n"
        "request = json.loads(sys.argv[1])\n"
        "print('a word of a library')\n"
        "seconds = [1.0] * request['repeat']\n"
        "answer = {'processor': seconds, 'clock': seconds, 'memory': float(os.environ['OMP_NUM_THREADS'])}\n"
        "print(json.dumps({request['task']: answer}))\n"
    )
    monkeypatch.setattr(common, "PEER_PYTHON", Path(sys.executable))
    monkeypatch.setattr(common, "PEER_PROGRAM", program)
    assert common.of_peer("some", 2, path=tmp_path) == {"some": common.Measured((1.0, 1.0), (1.0, 1.0), 1.0)}
    program.write_text("raise RuntimeError('the peer is broken')")
    with pytest.raises(SystemExit, match="the peer is broken"):
        common.of_peer("some", 1)
    monkeypatch.setattr(common, "PEER_PYTHON", tmp_path / "none")
    with pytest.raises(SystemExit, match="make"):
        common.of_peer("some", 1)


def test_the_machine_is_described_without_names_of_people_or_paths(common: ModuleType) -> None:
    text = json.dumps(common.machine())
    assert str(Path.home()) not in text
    assert "numpy" in text
