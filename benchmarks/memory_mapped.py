"""How much memory a training holds whose samples are larger than memory.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/memory_mapped.py [--gigabytes 50] [--folder /somewhere]

A sample set of the given size is written to disk, nearly all of it observables in a sparse file (zeros, which are
read as any other numbers are), and ALICE is trained on all of it for one epoch, with the default limit on what is kept
in memory. The largest resident memory of the process is printed, and the time of each part.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from common import resident

from assay.estimators.history import EpochRecord
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.files import write_json
from assay.sampling.samples import RatioSample, SampleInfo

N_OBSERVABLES = 250
INFO = SampleInfo(tuple(f"x{n}" for n in range(N_OBSERVABLES)), ("theta",), ((-1.0, 1.0),), (0.0,))


def write_sample(folder: Path, n: int) -> None:
    """Write a sample of n rows, whose first observable follows theta and whose others are zero."""
    folder.mkdir(parents=True)
    shapes = {"x": (n, N_OBSERVABLES), "theta0": (n, 1), "theta1": (n, 1), "y": (n,), "r_xz": (n,), "t_xz": (n, 1)}
    arrays = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        for name, shape in shapes.items()
    }
    rng = np.random.default_rng(1)
    for start in range(0, n, 1 << 18):
        part = slice(start, min(n, start + (1 << 18)))
        size = part.stop - part.start
        theta, y = rng.uniform(-1.0, 1.0, size), (np.arange(part.start, part.stop) % 2).astype(float)
        z = rng.normal(theta * (1.0 - y), 1.0)
        if start == 0:  # the rest stays a hole in the file
            arrays["x"][part, 0] = z
        arrays["theta0"][part, 0], arrays["y"][part] = theta, y
        arrays["r_xz"][part] = np.exp(z * theta - theta**2 / 2.0)
        arrays["t_xz"][part, 0] = z - theta
    for array in arrays.values():
        array.flush()
    write_json(folder / "sample.json", {"kind": "ratio", **asdict(INFO)})


def main() -> None:
    """Write, train, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, default=50.0)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    n = 2 * int(options.gigabytes * 1e9 / (4 * (N_OBSERVABLES + 5)) / 2)
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        started = time.perf_counter()
        write_sample(Path(temporary) / "train", n)
        write_sample(Path(temporary) / "validation", 20_000)
        print(f"{n:,} rows of {N_OBSERVABLES} observables written in {time.perf_counter() - started:.0f} s", flush=True)
        train, validation = (RatioSample.load(Path(temporary) / name) for name in ("train", "validation"))
        size = sum(getattr(train, name).nbytes for name in train.arrays)
        started = time.perf_counter()

        def note(record: EpochRecord) -> None:
            print(
                f"an epoch after {time.perf_counter() - started:.0f} s, loss {record.validation_loss:.4f}", flush=True
            )

        settings = TrainingSettings(epochs=1, batch_size=16_384, device="cpu")
        train_estimator("alice", train, validation, NetworkSettings((20,)), settings, callback=note)
    peak = resident("VmHWM") / 1024
    print(f"{size / 1e9:.1f} GB of samples; largest resident memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
