from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

INTERRUPTED = """
import os, random, signal, sys, threading, time
from pathlib import Path
import numpy as np
from assay.hdf5 import atomic_hdf5

path, rows = Path(sys.argv[1]), np.arange(8000.0).reshape(1000, 8)
outcomes = []
for number in range(40):
    threading.Timer(0.005 + 0.02 * random.random(), os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        with atomic_hdf5(path) as file:
            table = file.create_dataset("x", data=rows, fletcher32=True)
            while True:  # the same place again and again
                table[:] = rows
                file.flush()
    except KeyboardInterrupt:
        outcomes.append(sorted(path.parent.iterdir()))
assert outcomes == [[]] * 40, outcomes
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""


def test_an_interrupt_waits_until_hdf5_has_written(tmp_path: Path) -> None:
    # raised within HDF5, it would be lost, or the process would crash
    folder = tmp_path / "files"
    folder.mkdir()
    command = [sys.executable, "-c", INTERRUPTED, str(folder / "x.h5")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
