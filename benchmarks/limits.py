"""How fast expected limits are found, beside madminer 0.9.6 on the same event files, in the same run.

    .venv/bin/python benchmarks/limits.py [--repeat 3]

Limits on two parameters over a grid of 25 x 25 points, with the number of events: from a ratio estimator with hidden
layers of 100 and 100 on about 6 250 test events (3.9 million evaluations), parameterised and, ours, quadratic; from
histograms of one and of two observables on 200 000 events. Activations are those of each program's defaults, SiLU and
tanh. Ours evaluates likelihoods of ratios at Chebyshev points and checks the polynomial through them
(assay.inference.interpolation); "every point" is without that. Networks are trained for one epoch: their values do not
change the time. Besides, the ratio alone is evaluated for all pairs of grid points and events.

Ours is the time for everything that `LimitResult` holds, with best fit, profiles and intervals; madminer's that of its
`expected_limits`, which gives p-values on the grid. Reading files is not counted. madminer needs an environment of its
own: make .venv-madminer/.ready.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from common import Comparison, in_own_process, of_peer, shown
from made_events import made_events

from assay.estimators.families import Estimator
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.inference.expectation import Expectation
from assay.inference.expected import method_limits
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.measurements import histogram_measurement, ratio_measurement
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import flat_prior

RANGE, POINTS = (-0.4, 0.4), 25
LUMINOSITY = 1.0  # fb^-1; cross sections are about 1 pb
SMALL, LARGE = 31_255, 200_000  # events in all; a fifth of them for tests
COMMAND = "benchmarks/limits.py"
FAMILIES = {"parameterised": "parameterised_ratio", "quadratic": "quadratic_ratio"}
TARGETS = {"parameterised": 20.0, "quadratic": 200.0, "1D": 50.0, "2D": 50.0}

Work = Callable[[], None]


def wanted(n_parameters: int = 2, points: int = POINTS) -> Expectation:
    """Return what is asked for."""
    grid = Grid.regular([f"p{n}" for n in range(n_parameters)], (RANGE,) * n_parameters, points)
    return Expectation(grid, (0.0,) * n_parameters, LUMINOSITY, include_rate=(True,))


def trained(pool: EventPool, family: str, hidden: tuple[int, ...] = (100, 100)) -> Estimator:
    """Return an estimator of one epoch."""
    n = pool.space.n_parameters
    samples = [
        draw_ratio_sample(
            pool.select(part),
            rows,
            flat_prior((RANGE,) * n),
            (0.0,) * n,
            np.random.default_rng(0),
            n_hypotheses=50,
            normalisation=pool,
        )
        for part, rows in ((Partition.TRAIN, 4000), (Partition.VALIDATION, 2000))
    ]
    training = TrainingSettings(epochs=1, batch_size=128, device="cpu")
    return train_estimator("alice", *samples, NetworkSettings(hidden), training, family=family).estimator


def of_ratio(pool: EventPool, estimator: Estimator, expected: Expectation, interpolated: bool = True) -> Work:
    """Return what finds limits from a ratio, by interpolation where that is accurate, or at every point of the grid."""
    test = pool.select(Partition.TEST)
    measurement = ratio_measurement(pool, test, estimator, expected)
    data = DataSet(LUMINOSITY, 1.0, expected.theta_true)

    def by_interpolation() -> None:
        method_limits(measurement, test, expected, "ratio")

    def at_every_point() -> None:
        limits("ratio", True, measurement.expected(expected.theta_true, True), expected.grid, data)

    return by_interpolation if interpolated else at_every_point


def of_histogram(pool: EventPool, names: tuple[str, ...], expected: Expectation) -> Work:
    """Return what finds limits from a histogram, whose bins are chosen and filled each time."""
    training = pool.select(Partition.TRAIN)

    def work() -> None:
        measurement, _ = histogram_measurement(pool, training, names, 12, expected, expected.theta_true)
        method_limits(measurement, pool, expected, "histogram")

    return work


def of_evaluation(pool: EventPool, estimator: Estimator) -> Work:
    """Return what evaluates log r for all pairs of 625 hypotheses and 6 251 events."""
    x = np.resize(pool.select(Partition.TEST).x, (6251, pool.x.shape[1]))
    points = wanted().grid.points

    def work() -> None:
        estimator.log_ratio(x, points)

    return work


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparison of each kind of limits, and of the evaluation of ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {"small": folder / "small.h5", "large": folder / "large.h5"}
        for path, n_events in zip(paths.values(), (SMALL, LARGE), strict=True):
            write_event_file(path, made_events(n_events))
        pool, events = (EventPool.from_table(read_event_file(path)) for path in paths.values())
        task = {"folder": folder, "points": POINTS, "low": RANGE[0], "high": RANGE[1], "luminosity": LUMINOSITY}
        peer = of_peer("limits", max(2, repeat - 1), **paths, **task)
    estimators = {family: trained(pool, name) for family, name in FAMILIES.items()}
    for family, estimator in estimators.items():
        for how in ("", ", every point"):
            ours = in_own_process(of_ratio(pool, estimator, wanted(), not how), repeat)
            what, target = f"{family} ratio{how}", None if how else TARGETS[family]
            yield Comparison("limits", what, 1, "limits", ours, peer["ratio"], target, COMMAND)
    for name, observables in (("1D", ("x0",)), ("2D", ("x0", "x1"))):
        ours = in_own_process(of_histogram(events, observables, wanted()), repeat)
        yield Comparison(
            "limits", f"{name} histogram of {LARGE} events", 1, "limits", ours, peer[name], TARGETS[name], COMMAND
        )
    for family, estimator in estimators.items():
        ours = in_own_process(of_evaluation(pool, estimator), repeat)
        what = f"{family} ratio, 625 hypotheses x 6251 events"
        yield Comparison("evaluation", what, 625 * 6251, "evaluations", ours, peer["evaluation"], None, COMMAND)


if __name__ == "__main__":
    shown(comparisons, __doc__)
