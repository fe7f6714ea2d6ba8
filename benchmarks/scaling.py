"""How Assay's time and memory grow: with events, observables, parameters, benchmarks, hypotheses, grid points and jobs.

    .venv/bin/python benchmarks/scaling.py [--repeat 3]

Every series varies one number and holds the others at those of its description. Each point is measured in a process of
its own, whose growth of resident memory is the memory of the work. The jobs are steps of the workflow engine that do
nothing.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import combining
import fan_out
import limits as limit_benchmark
import numpy as np
import sampling
import stand_in
import training
from common import Measured, in_own_process, one_thread
from made_events import made_events

from assay.estimators.training import train_estimator
from assay.events.combine import combine
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.events.table import EventTable
from assay.running.launch import launch
from assay.sampling.samples import RatioSample
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components

Work = Callable[[], None]


@dataclass(frozen=True)
class Point:
    """A point of a series: the number that is varied, and what the work takes there."""

    x: float
    measured: Measured


@dataclass(frozen=True)
class Series:
    """How some work grows with a number.

    Attributes
    ----------
    area
        Sampling, limits and so on.
    varied
        The number that is varied.
    what
        The work, with all other numbers.
    points
        What it takes.
    """

    area: str
    varied: str
    what: str
    points: tuple[Point, ...]

    @property
    def exponent(self) -> float:
        """The power of the number with which time grows, over the last two points."""
        one, other = self.points[-2:]
        return float(np.log(other.measured.seconds / one.measured.seconds) / np.log(other.x / one.x))


def series(
    area: str, varied: str, what: str, numbers: tuple[int, ...], make: Callable[[int, Path], Work], repeat: int
) -> Series:
    """Measure a series; `make(number, folder)` prepares the work, which is not measured."""
    points = []
    for number in numbers:
        with tempfile.TemporaryDirectory(prefix="scaling-") as name:
            work = make(number, Path(name))
            points.append(Point(number, in_own_process(work, repeat)))
    found = Series(area, varied, what, tuple(points))
    seconds = ", ".join(f"{point.x:g}: {point.measured.seconds:.3g} s" for point in points)
    print(f"{area} by {varied}: {seconds}", file=sys.stderr, flush=True)
    return found


def pool_of(table: EventTable) -> EventPool:
    """Return events in memory as a pool."""
    return EventPool.from_table(table)


def drawing(table: EventTable, folder: Path, hypotheses: int = 200) -> Work:
    """Return what draws and writes 100 000 samples."""
    pool = pool_of(table)
    train = pool.select(Partition.TRAIN)
    return lambda: sampling.draw(pool, train, folder, hypotheses)


def reading(table: EventTable, folder: Path) -> Work:
    """Return what reads an event file."""
    write_event_file(folder / "events.h5", table)

    def work() -> None:
        read_event_file(folder / "events.h5")

    return work


def learning(n_observables: int) -> Work:
    """Return what trains ALICES for an epoch of 100 000 samples, in batches of 1 024."""
    base = training.sample(training.SAMPLES, 1)
    noise = np.random.default_rng(3).normal(size=(len(base), n_observables)).astype(np.float32)
    x = np.concatenate([base.x, noise], axis=1)[:, :n_observables]
    info = replace(base.info, observables=tuple(f"x{n}" for n in range(n_observables)))
    sample: RatioSample = replace(base, x=x, info=info)
    validation = replace(training.sample(1000, 2), x=x[:1000], info=info)

    def work() -> None:
        train_estimator("alices", sample, validation, training.NETWORK, training.settings(1024, 1))

    return work


def ratio_limits(n_events: int, points: int, family: str) -> Work:
    """Return what finds limits on two parameters from a ratio."""
    pool = pool_of(made_events(n_events))
    estimator = limit_benchmark.trained(pool, family)
    return limit_benchmark.of_ratio(pool, estimator, limit_benchmark.wanted(2, points))


def histogram_limits(table: EventTable, points: int = 25) -> Work:
    """Return what finds limits from a histogram of one observable."""
    return limit_benchmark.of_histogram(pool_of(table), ("x0",), limit_benchmark.wanted(2, points))


def choosing(n_parameters: int, n_parts: int) -> Work:
    """Return what chooses a basis for squared amplitudes."""
    powers = components([(2,) * n_parts] * n_parameters, (2,) * n_parts)
    box, origin = np.array([(-1.0, 1.0)] * n_parameters), np.zeros((1, n_parameters))

    def work() -> None:
        optimise_basis(powers, box, origin)

    return work


def together(n_files: int, folder: Path) -> Work:
    """Return what combines files of 10 000 events."""
    paths = combining.write_runs(folder, n_files, 10_000)

    def work() -> None:
        combine(paths, folder / "combined.h5", seed=1)

    return work


def in_engine(jobs: int, folder: Path) -> Work:
    """Return what runs a fan-out of steps that do nothing; each time in a new folder."""
    engine = stand_in.install(folder / "engine", Path(sys.prefix))
    number = iter(range(100))

    def work() -> None:
        run = fan_out.trivial(folder / str(next(number)), jobs)
        launch(replace(run, processes=os.cpu_count() or 1, engine=engine), io.StringIO())

    return work


def all_series(repeat: int) -> Iterator[Series]:
    """Yield all series."""
    events = (10_000, 100_000, 1_000_000)
    yield series("reading", "events", "an event file of 10 observables and 6 benchmarks", events,
                 lambda n, folder: reading(made_events(n), folder), repeat)  # fmt: skip
    yield series("sampling", "events", "100 000 samples, 200 hypotheses", events,
                 lambda n, folder: drawing(made_events(n), folder), repeat)  # fmt: skip
    yield series("histogram limits", "events", "1D, 25 x 25 points", events,
                 lambda n, _: histogram_limits(made_events(n)), repeat)  # fmt: skip
    yield series("ratio limits", "events", "parameterised, 25 x 25 points; a fifth of the events are for tests",
                 (10_000, 31_255, 100_000), lambda n, _: ratio_limits(n, 25, "parameterised_ratio"), 1)  # fmt: skip
    yield series("sampling", "observables", "100 000 samples of 200 000 events, 200 hypotheses", (5, 20, 80),
                 lambda n, folder: drawing(made_events(200_000, n), folder), repeat)  # fmt: skip
    yield series("training", "observables", "ALICES, an epoch of 100 000 samples in batches of 1 024", (5, 20, 80),
                 lambda n, _: learning(n), repeat)  # fmt: skip
    yield series("basis", "parameters", "squared amplitudes: 3, 6, 15, 28, 45 benchmarks", (1, 2, 4, 6, 8),
                 lambda n, _: choosing(n, 1), repeat)  # fmt: skip
    yield series("sampling", "parameters", "100 000 samples of 100 000 events, 200 hypotheses", (1, 2, 4, 6, 8),
                 lambda n, folder: drawing(made_events(100_000, 10, n), folder), repeat)  # fmt: skip
    yield series("sampling", "benchmarks", "100 000 samples of 50 000 events, 200 hypotheses", (3, 6, 15, 45, 126),
                 lambda n, folder: drawing(with_benchmarks(n), folder), repeat)  # fmt: skip
    yield series("sampling", "hypotheses", "100 000 samples of 200 000 events", (10, 100, 1_000),
                 lambda n, folder: drawing(made_events(200_000), folder, n), repeat)  # fmt: skip
    yield series("ratio limits", "grid points per axis", "parameterised, 6 251 events", (13, 25, 50, 100),
                 lambda n, _: ratio_limits(31_255, n, "parameterised_ratio"), 1)  # fmt: skip
    yield series("quadratic limits", "grid points per axis", "6 251 events", (13, 25, 50, 100),
                 lambda n, _: ratio_limits(31_255, n, "quadratic_ratio"), repeat)  # fmt: skip
    yield series("combining", "files", "of 10 000 events each", (6, 24, 96), together, 1)
    yield series("workflow engine", "jobs", "steps that do nothing", (10, 50, 200), in_engine, 1)


def with_benchmarks(n: int) -> EventTable:
    """Return events with 3 to 126 benchmarks: of 1 to 8 squared amplitudes, or of production and decay."""
    parameters, parts = {3: (1, 1), 6: (2, 1), 15: (4, 1), 45: (8, 1), 126: (5, 2)}[n]
    table = made_events(50_000, 10, parameters, parts)
    assert len(table.space.benchmarks) == n
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    one_thread()
    for one in all_series(repeat):
        memory = ", ".join(f"{point.measured.memory:.0f}" for point in one.points)
        print(f"{one.area} by {one.varied} ({one.what}): time to the power {one.exponent:.2f}; MiB {memory}")


if __name__ == "__main__":
    main()
