"""Where the time of every hot path goes, which limit of the machine it is nearest to, and how far away it is.

    .venv/bin/python benchmarks/hot_paths.py

The machine's limits are measured in the same run, on one thread: a matrix product of single precision (BLAS), one of
double precision with few columns, logarithms, copies (memory bandwidth), written files (disk), and numbers read from
text. The distance is the time that a path takes over the time that the named limit alone would take for the same
arithmetic or bytes. Shares come from Python's profiler (`cProfile`), by function, without the functions that it calls.
"""

from __future__ import annotations

import cProfile
import io
import os
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import combining
import limits
import morphing_basis
import numpy as np
import observables
import sampling
import torch
import training
from common import one_thread
from made_events import made_events

from assay.estimators.training import train_estimator
from assay.events.combine import combine
from assay.events.pool import EventPool, Partition
from assay.generation.lhe import read_lhe
from assay.simulation.parton_level import parton_level
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components

Work = Callable[[], object]


@dataclass(frozen=True)
class HotPath:
    """A hot path.

    Attributes
    ----------
    name
        Which.
    seconds
        Of the processor.
    limit
        What it is nearest to.
    seconds_at_limit
        What that limit alone would take.
    top
        The functions with the largest shares of the time, and the shares.
    note
        What the rest is.
    """

    name: str
    seconds: float
    limit: str
    seconds_at_limit: float
    top: tuple[tuple[str, float], ...]
    note: str

    @property
    def distance(self) -> float:
        """How many times the limit."""
        return self.seconds / self.seconds_at_limit


@dataclass(frozen=True)
class Machine:
    """Rates on one thread.

    Attributes
    ----------
    single, few_columns
        Multiplications and additions per second of a product of matrices: of single precision with 100 columns, of
        double precision with 6.
    logarithms
        Of double precision, per second.
    copied, written, text
        Bytes per second: copied in memory, written to disk, read as numbers.
    """

    single: float
    few_columns: float
    logarithms: float
    copied: float
    written: float
    text: float


def seconds_of(work: Work, repeat: int = 5) -> float:
    """Return the shortest of several times of the processor, after one that is not counted."""
    work()
    found = []
    for _ in range(repeat):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def machine_rates() -> Machine:
    """Measure the machine."""
    rows, square = torch.rand(4096, 100), torch.rand(100, 100)
    few, block = 1.0 + np.random.default_rng(0).random((8, 6)), np.random.default_rng(1).random((6, 8192))
    space, big = np.empty((8, 8192)), np.ones(1 << 24)
    logs, target, text = np.empty_like(space), np.empty_like(big), " ".join(["+1.23456789e+02"] * 100_000)

    def hundred(work: Work) -> Callable[[], None]:
        return lambda: [work() for _ in range(100)] and None

    with torch.inference_mode():
        product = torch.empty_like(rows)
        single = 100 * 2 * 4096 * 100**2 / seconds_of(hundred(lambda: torch.mm(rows, square, out=product)))
    double = 100 * 2 * 8 * 8192 * 6 / seconds_of(hundred(lambda: np.matmul(few, block, out=space)))
    logarithms = 100 * space.size / seconds_of(hundred(lambda: np.log(space, out=logs)))
    with tempfile.TemporaryDirectory() as folder:
        written = big.nbytes / seconds_of(lambda: (Path(folder) / "file").write_bytes(big.data), 3)
    return Machine(
        single,
        double,
        logarithms,
        2 * big.nbytes / seconds_of(lambda: np.copyto(target, big)),
        written,
        len(text) / seconds_of(lambda: np.array(text.split(), dtype=float)),
    )


def path(name: str, work: Work, limit: str, at_limit: float, note: str) -> HotPath:
    """Measure and profile a path."""
    seconds = seconds_of(work, 3)
    profile = cProfile.Profile()
    profile.runcall(work)
    stats = pstats.Stats(profile, stream=io.StringIO())
    entries = stats.stats.items()  # type: ignore[attr-defined]
    total = sum(entry[2] for _, entry in entries)
    ordered = sorted(entries, key=lambda item: -item[1][2])[:3]
    return HotPath(name, seconds, limit, at_limit, tuple((_named(*key), e[2] / total) for key, e in ordered), note)


def _named(file: str, line: int, function: str) -> str:
    """Return a function's name: without addresses of objects and paths of this machine."""
    plain = (
        function.strip("<>{}").replace("built-in method ", "").replace("method ", "").partition(" of ")[0].strip("'")
    )
    if file.startswith("~") or not file.endswith(".py"):
        return plain
    return f"{Path(file).stem}.{plain}"


def hot_paths(rates: Machine) -> Iterator[HotPath]:
    """Yield all of them."""
    yield from of_limits(rates)
    yield from of_learning(rates)
    with tempfile.TemporaryDirectory() as name:
        yield from of_files(rates, Path(name))
    powers = components([2] * 4, 2)
    box, origin = np.array([(-1.0, 1.0)] * 4), np.zeros((1, 4))
    one = seconds_of(lambda: morphing_basis.random_sets(powers, box, 100, 1))
    work = partial(optimise_basis, powers, box, origin)
    yield path(
        "choice of a basis, 15 terms", work, "LAPACK, 100 inversions", one, "L-BFGS steps, each with an inversion"
    )


def of_limits(rates: Machine) -> Iterator[HotPath]:
    """Yield the evaluation of ratios and limits."""
    pool = EventPool.from_table(made_events(limits.SMALL))
    pairs = 625 * 6251
    for family, flops, limit in (
        ("parameterised", 2 * (100 * 100 + 100), "BLAS, single precision"),
        ("quadratic", 2 * 6, "logarithms and BLAS, double precision"),
    ):
        estimator = limits.trained(pool, limits.FAMILIES[family])
        at_limit = pairs * flops / rates.single
        if family == "quadratic":
            at_limit = pairs * (flops / rates.few_columns + 1.0 / rates.logarithms)
            work = limits.of_ratio(pool, estimator, limits.wanted(), interpolated=False)
            name, note = "limits from a quadratic ratio, every point", "the network once per event, profiles, Python"
        else:
            work = limits.of_evaluation(pool, estimator)
            name, note = "parameterised ratio, 625 x 6 251", "the activations"
        yield path(name, work, limit, at_limit, note)
    events = EventPool.from_table(made_events(limits.LARGE))
    read = 2 * events.weights.nbytes + events.x[:, :1].nbytes
    work = limits.of_histogram(events, ("x0",), limits.wanted())
    note = "bins are chosen by information, events sorted into them, counts and covariances of six benchmarks summed"
    yield path("histogram limits, 200 000 events", work, "memory bandwidth", read / rates.copied, note)


def of_learning(rates: Machine) -> Iterator[HotPath]:
    """Yield drawing samples and training."""
    pool = EventPool.from_table(made_events(200_000))
    train = pool.select(Partition.TRAIN)
    with tempfile.TemporaryDirectory() as name:
        flops = 2.0 * len(train.weights) * train.weights.shape[1] * 200
        written = 4.0 * sampling.SAMPLES * (10 + 2 + 2 + 1 + 1 + 2)
        at_limit = flops / rates.few_columns + written / rates.written
        work = partial(sampling.draw, pool, train, Path(name), 200)
        note = "cumulated weights, searches, rows gathered at random"
        yield path("100 000 samples, 200 hypotheses", work, "BLAS and disk", at_limit, note)
    sample, test = training.sample(training.SAMPLES, 1), training.sample(1000, 2)
    layers = 12 * 100 + 100 * 100 + 100
    for method, passes in (("alice", 1), ("alices", 2)):  # the value, and of half of the samples two slopes
        work = partial(train_estimator, method, sample, test, training.NETWORK, training.settings(1024, 1))
        at_limit = 3 * 2 * layers * passes * training.SAMPLES / rates.single  # forwards, and twice that backwards
        note = "activations and their slopes, sums of gradients, a step of Adam per batch"
        yield path(f"{method}, an epoch in batches of 1 024", work, "BLAS, single precision", at_limit, note)


def of_files(rates: Machine, folder: Path) -> Iterator[HotPath]:
    """Yield reading LHE files and combining event files."""
    lhe = observables.written(folder / "events.lhe", 20_000)

    def extract() -> None:
        sample = read_lhe(lhe)
        observables.vectorised(parton_level(sample), sample)

    at_limit = lhe.stat().st_size / rates.text
    note = "particles as arrays of unequal lengths, sorting, the observables"
    yield path("observables of LHE, 20 000 events", extract, "numbers from text", at_limit, note)
    paths = combining.write_runs(folder)
    moved = sum(one.stat().st_size for one in paths)
    at_limit = moved * (1.0 / rates.written + 2.0 / rates.copied)
    note = "checks of every block, hashes against repeated runs, HDF5, the shuffle"
    work = partial(combine, paths, folder / "combined.h5", seed=1)
    yield path("combining 600 000 events", work, "disk", at_limit, note)


def main() -> None:
    one_thread()
    torch.set_num_threads(1)
    rates = machine_rates()
    print(rates, f"load {os.getloadavg()[0]:.1f}")
    for one in hot_paths(rates):
        top = ", ".join(f"{name} {share:.0%}" for name, share in one.top)
        print(f"{one.name}: {one.seconds:.3g} s, {one.distance:.1f} times {one.limit}; {top}", flush=True)


if __name__ == "__main__":
    main()
