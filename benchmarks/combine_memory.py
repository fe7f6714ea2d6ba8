"""How much memory `combine` holds: writes event files chunk by chunk, combines them in a process of its own.

    .venv/bin/python benchmarks/combine_memory.py                      # 10 million events of 20 observables
    .venv/bin/python benchmarks/combine_memory.py --events 1000000 --without-samples

The events are of six benchmarks of two parameters, two files each; they need about 700 bytes of disk per event in all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import resident

from assay.events import layout
from assay.events.combine import combine
from assay.events.header import EventHeader, write_summary
from assay.events.rows import EventWriter, n_events_of
from assay.events.table import ObservableInfo, Sample
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

POINTS = {"sm": (0.0, 0.0), "a": (1.0, 0.0), "b": (0.0, 1.0), "c": (-1.0, 0.5), "d": (0.5, -1.0), "e": (0.8, 0.9)}
CHUNK = 50_000


def parameter_space() -> ParameterSpace:
    parameters = tuple(Parameter(name, "dim6", i, (-1.0, 1.0), 2) for i, name in enumerate(("t0", "t1")))
    return ParameterSpace(parameters, tuple(Benchmark(name, point) for name, point in POINTS.items()), "sm")


def write_run(path: Path, benchmark: str, n_events: int, n_observables: int, seed: int, named: bool) -> None:
    """Write a run at one benchmark; without names of samples it is as MadMiner would leave it."""
    space = parameter_space()
    sample = Sample(path.stem, benchmark, n_events, 1.0, 0.001)
    observables = tuple(ObservableInfo(f"x{i}", f"j[{i}].pt") for i in range(n_observables))
    header = EventHeader(space, Morphing.of_space(space, 2), observables, (sample,))
    rng, own = np.random.default_rng(seed), space.index_of(benchmark)
    with layout.creating(path) as file:
        writer = EventWriter(file, header, n_events)
        for start in range(0, n_events, CHUNK):
            n = min(CHUNK, n_events - start)
            slopes = 0.3 * rng.normal(size=(n, 2))
            weights = (1.0 + slopes @ space.benchmark_values.T) ** 2 + 0.1
            weights *= (1.0 / n_events / weights[:, own])[:, None]
            x = rng.normal(size=(n, n_observables))
            writer.add(x, weights, np.full(n, own), np.zeros(n, dtype=np.int32))
        write_summary(file, np.eye(len(POINTS), dtype=np.int64)[own] * n_events, 0)
        if not named:
            del file["assay"]


def combine_here(folder: Path, chunk: int, memory: int) -> None:
    before, clock = resident("VmHWM"), time.monotonic()
    result = combine(sorted(folder.glob("run_*.h5")), folder / "combined.h5", seed=1, chunk=chunk, memory=memory)
    elapsed = time.monotonic() - clock
    peak = resident("VmHWM")
    print(f"{result.n_events} {before:.1f} {peak:.1f} {elapsed:.1f}")


def measure(n_events: int, n_observables: int, named: bool, chunk: int, memory: int) -> tuple[float, float, float]:
    """Combine `n_events` events; return memory in MiB before combining and at its peak, and seconds."""
    with tempfile.TemporaryDirectory(prefix="combine-memory-") as name:
        folder = Path(name)
        n_files = 2 * len(POINTS) if named else len(POINTS)
        for number in range(n_files):
            share = n_events // n_files + (number < n_events % n_files)
            benchmark = list(POINTS)[number % len(POINTS)]
            write_run(folder / f"run_{number:02d}.h5", benchmark, share, n_observables, number, named)
        arguments = ["--combine", name, "--chunk", str(chunk), "--memory", str(memory)]
        done = subprocess.run([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True)
        found, before, peak, seconds = map(float, done.stdout.split())
        with layout.reading(folder / "combined.h5") as file:
            assert found == n_events == n_events_of(file)
        return before, peak, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--observables", type=int, default=20)
    parser.add_argument("--without-samples", action="store_true", help="files as MadMiner leaves them")
    parser.add_argument("--chunk", type=int, default=CHUNK, help="events read at a time")
    parser.add_argument("--memory", type=int, default=128 * 1024 * 1024, help="bytes held for the shuffle")
    parser.add_argument("--combine", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.combine:
        combine_here(arguments.combine, arguments.chunk, arguments.memory)
        return
    named = not arguments.without_samples
    before, peak, seconds = measure(arguments.events, arguments.observables, named, arguments.chunk, arguments.memory)
    print(f"{arguments.events} events of {arguments.observables} observables and {len(POINTS)} benchmarks combined")
    print(f"peak memory {peak:.0f} MiB ({before:.0f} MiB before), {seconds:.0f} s")


if __name__ == "__main__":
    main()
