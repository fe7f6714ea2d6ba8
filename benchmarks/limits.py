"""How fast expected limits are found, beside madminer 0.9.6 on the same event files, in the same run.

    OMP_NUM_THREADS=2 .venv/bin/python benchmarks/limits.py [--repeat 3]

Limits on two parameters over a grid of 25 x 25 points, with the number of events: from a ratio estimator with hidden
layers of 100 and 100 on about 6 250 test events (3.9 million evaluations), parameterised and, ours, quadratic; from
histograms of one and of two observables on 200 000 events. Activations are those of each program's defaults, SiLU and
tanh. Ours evaluates the network at Chebyshev nodes and checks the polynomial through them
(assay.inference.interpolation); "all points" is without that, every point of the grid by itself. Networks are trained
for one epoch: their values do not change the time.

Ours is the time for everything that `LimitResult` holds, with best fit, profiles and intervals; madminer's that of its
`expected_limits`, which gives p-values on the grid. Reading files is not counted. madminer needs an environment of its
own: make .venv-madminer/.ready. On a machine that does other work, too, the seconds of the processor count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sampling import PEER_PYTHON, table

from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.inference.expectation import Expectation
from assay.inference.expected import method_limits
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.measurements import histogram_measurement, ratio_measurement
from assay.inference.models import Measurement
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import flat_prior

RANGES = ((-0.4, 0.4), (-0.4, 0.4))
POINTS = 25
TRUE = (0.0, 0.0)
LUMINOSITY = 1.0  # fb^-1; cross sections are about 1 pb
HIDDEN = (100, 100)
SMALL, LARGE = 31_255, 200_000  # events in all; a fifth of them for tests
PEER = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from madminer.limits import AsymptoticLimits
from madminer.ml import ParameterizedRatioEstimator
from madminer.sampling import SampleAugmenter, benchmark, random_morphing_points
small, large, folder, repeat, points, low, high, luminosity = sys.argv[1:]
sampler = SampleAugmenter(small, include_nuisance_parameters=False)
prior = [("flat", float(low), float(high))] * 2
x, t0, t1, y, r, t, _ = sampler.sample_train_ratio(
    random_morphing_points(50, prior), benchmark("b0"), 4000, folder=folder, filename="peer"
)
estimator = ParameterizedRatioEstimator(n_hidden=(100, 100), activation="tanh")
estimator.train("alice", x=x, y=y, theta=t0, r_xz=r, n_epochs=1, batch_size=128, n_workers=0)
estimator.save(folder + "/peer")
common = dict(
    theta_true=[0.0, 0.0], grid_ranges=[(float(low), float(high))] * 2, grid_resolutions=[int(points)] * 2,
    include_xsec=True, luminosity=1000.0 * float(luminosity),
)
answer = {}
def timed(name, path, **arguments):
    best = None
    for _ in range(int(repeat)):
        limits = AsymptoticLimits(path, include_nuisance_parameters=False)
        started = time.process_time(), time.perf_counter()
        limits.expected_limits(**arguments, **common)
        seconds = time.process_time() - started[0], time.perf_counter() - started[1]
        best = seconds if best is None else min(best, seconds)
    answer[name] = best
timed("ratio", small, mode="ml", model_file=folder + "/peer")
timed("1D", large, mode="histo", hist_vars=["x0"])
timed("2D", large, mode="histo", hist_vars=["x0", "x1"])
print(json.dumps(answer))
"""

Times = tuple[float, float]
"""Seconds of the processor and of the clock."""


def timed(work: Callable[[], object], repeat: int) -> Times:
    """Return the best of the repetitions."""
    found = []
    for _ in range(repeat):
        started = time.process_time(), time.perf_counter()
        work()
        found.append((time.process_time() - started[0], time.perf_counter() - started[1]))
    return min(found)


def ours(small: Path, large: Path, repeat: int) -> dict[str, Times]:
    """Find limits with our own code."""
    grid = Grid.regular(("p", "q"), RANGES, POINTS)
    wanted = Expectation(grid, TRUE, LUMINOSITY, include_rate=(True,))
    times = {}
    pool = EventPool.from_table(read_event_file(small))
    train, test = pool.select(Partition.TRAIN), pool.select(Partition.TEST)
    print(f"{test.n_events} test events", flush=True)
    for family, name in (("parameterised_ratio", "ratio"), ("quadratic_ratio", "quadratic")):
        samples = [
            draw_ratio_sample(
                part, n, flat_prior(RANGES), TRUE, np.random.default_rng(0), n_hypotheses=50, normalisation=pool
            )
            for part, n in ((train, 4000), (pool.select(Partition.VALIDATION), 2000))
        ]
        settings = TrainingSettings(epochs=1, batch_size=128)
        trained = train_estimator("alice", *samples, NetworkSettings(HIDDEN), settings, family=family)
        estimator = trained.estimator

        measurement = ratio_measurement(pool, test, estimator, wanted)

        def of_ratio(measurement: Measurement = measurement) -> None:
            method_limits(measurement, test, wanted, "ratio")

        def of_all_points(measurement: Measurement = measurement) -> None:
            limits("ratio", True, measurement.expected(TRUE, True), grid, DataSet(LUMINOSITY, 1.0, TRUE))

        times[f"{name}, all points"] = timed(of_all_points, repeat)
        times[name] = timed(of_ratio, repeat)
        print(f"  {name}: {times[name]}", flush=True)
    events = EventPool.from_table(read_event_file(large))
    training = events.select(Partition.TRAIN)
    for name, observables in (("1D", ("x0",)), ("2D", ("x0", "x1"))):

        def of_histogram(observables: tuple[str, ...] = observables) -> None:
            measurement, _ = histogram_measurement(events, training, observables, 12, wanted, TRUE)
            method_limits(measurement, events, wanted, "histogram")

        times[name] = timed(of_histogram, repeat)
        print(f"  {name}: {times[name]}", flush=True)
    return times


def peer(small: Path, large: Path, folder: Path, repeat: int) -> dict[str, Times]:
    """Find limits with madminer, in a process of its own."""
    numbers = [str(value) for value in (repeat, POINTS, *RANGES[0], LUMINOSITY)]
    command = [str(PEER_PYTHON), "-c", PEER, str(small), str(large), str(folder), *numbers]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"madminer ended with status {ended.returncode}:\n{ended.stderr[-3000:]}")
    answer: dict[str, Times] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = []
        for n_events in (SMALL, LARGE):
            paths.append(folder / f"events_{n_events}.h5")
            write_event_file(paths[-1], table(n_events, 10, np.random.default_rng(7)))
        mine = ours(*paths, repeat)
        theirs = peer(*paths, folder, max(1, repeat - 2))
    print("seconds of the processor (of the clock): ours, madminer's, their ratio")
    for what, own in mine.items():
        other = theirs.get(what, theirs["ratio"])
        print(
            f"{what:>21s} {own[0]:8.3f} ({own[1]:7.3f}) {other[0]:8.2f} ({other[1]:7.2f})  "
            f"{other[0] / own[0]:6.0f} ({other[1] / own[1]:5.0f}) times faster",
            flush=True,
        )


if __name__ == "__main__":
    main()
