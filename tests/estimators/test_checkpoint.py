"""A training whose process is killed goes on with the same result to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow

_PROGRAM = """
import sys, time
import numpy as np, torch
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample, SampleInfo
torch.set_num_threads(1)
folder, pause = sys.argv[1], float(sys.argv[2])
info = SampleInfo(("x",), ("p",), ((-1.0, 1.0),), (0.0,))
def sample(n, seed):
    rng = np.random.default_rng(seed)
    theta, y = rng.uniform(-1.0, 1.0, n), (np.arange(n) % 2).astype(float)
    z = rng.normal(theta * (1.0 - y), 1.0)
    r_xz = np.exp(z * theta - theta**2 / 2.0)
    columns = (z[:, None], theta[:, None], np.zeros((n, 1)), y, r_xz, (z - theta)[:, None])
    return RatioSample(info, *(column.astype(np.float32) for column in columns))
def note(record):
    print(record, flush=True)
    time.sleep(pause)
settings = TrainingSettings(epochs=8, batch_size=100, optimiser="amsgrad", schedule="one_cycle", device="cpu")
trained = train_estimator("alices", sample(2000, 1), sample(500, 2), NetworkSettings((10, 10)), settings,
                          callback=note, checkpoint=__import__("pathlib").Path(folder) / "checkpoint.pt")
torch.save(trained.estimator.network.state_dict(), f"{folder}/weights.pt")
"""


def _start(folder: Path, pause: float) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(folder), str(pause)], stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_goes_on_with_the_same_result(tmp_path: Path) -> None:
    whole, _ = _start(tmp_path / "whole", 0.0).communicate(timeout=300)
    process = _start(tmp_path / "killed", 0.5)
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(3)]
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "weights.pt").exists()
    n_done = len(seen) + len(rest.splitlines())
    assert n_done < 8
    resumed, _ = _start(tmp_path / "killed", 0.0).communicate(timeout=300)
    # what was done is not done again, and every record is the same number to the last digit
    lines = whole.splitlines()
    assert [line.strip() for line in seen] + rest.splitlines() == lines[:n_done]
    assert resumed.splitlines() == lines[n_done:]
    weights = [torch.load(tmp_path / name / "weights.pt", weights_only=True) for name in ("whole", "killed")]
    torch.testing.assert_close(weights[0], weights[1], rtol=0.0, atol=0.0)
