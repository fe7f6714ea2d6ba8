"""Training from a stored sample and from a stream that is drawn afresh for every epoch, compared.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/streaming.py [--method carl --rows 20000 --epochs 30 --seeds 3]

The process is |1 + (0.3 + theta_0) z0 + 0.4 i theta_1 (z1 + 0.5)|^2 over a square, with z observed, so that the joint
ratio is the ratio. A method is trained on as many rows per epoch, of the same 36 000 weighted training events, from a
stored sample and from a stream. Shown: the mean squared error of log r over the prior, at fresh events of the
reference, with its spread over seeds; what is stored; and the seconds of training (of the processor).
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np

from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.pool import EventPool, Partition
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import flat_prior
from assay.sampling.samples import RatioSample
from assay.sampling.streaming import SampleStream
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

POINTS = ((0.0, 0.0), (0.8, 0.0), (-0.7, 0.5), (0.0, 0.9), (0.6, -0.7), (-0.4, -0.8))
BOX = flat_prior(((-0.8, 0.8), (-0.9, 0.9)))
EVENTS_PER_BENCHMARK = 10_000


def density(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """dsigma/dz at z (E, 2) and theta (2,) or (E, 2)."""
    real = 1.0 + (0.3 + theta[..., 0]) * z[:, 0]
    return np.asarray(real**2 + (0.4 * theta[..., 1] * (z[:, 1] + 0.5)) ** 2)


def cross_section(theta: np.ndarray) -> np.ndarray:
    """The integral of `density` over the square, at theta (..., 2)."""
    return np.asarray(4.0 * (1.0 + (0.3 + theta[..., 0]) ** 2 / 3.0 + 0.16 * theta[..., 1] ** 2 * 7.0 / 12.0))


def draw(n: int, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return n values of z, shape (n, 2)."""
    z = rng.uniform(-1.0, 1.0, (12 * n, 2))
    return z[rng.uniform(0.0, 6.0, len(z)) < density(z, theta)][:n]


def pool(rng: np.random.Generator) -> EventPool:
    """Return weighted events, drawn at six benchmarks."""
    points, n = np.asarray(POINTS), EVENTS_PER_BENCHMARK
    names = [f"b{number}" for number in range(len(POINTS))]
    space = ParameterSpace(
        (Parameter("p", "B", 1, (-0.8, 0.8)), Parameter("q", "B", 2, (-0.9, 0.9))),
        tuple(Benchmark(name, point) for name, point in zip(names, POINTS, strict=True)),
    )
    z = np.concatenate([draw(n, point, rng) for point in points])
    index = np.repeat(np.arange(len(points)), n)
    sigma = cross_section(points)
    weights = np.stack([density(z, point) for point in points], axis=1)
    weights *= (sigma[index] / n / weights[np.arange(len(z)), index])[:, None]
    samples = tuple(Sample(name, name, n, float(s)) for name, s in zip(names, sigma, strict=True))
    observables = (ObservableInfo("z0", "z0"), ObservableInfo("z1", "z1"))
    morphing = Morphing.of_space(space, 2)
    return EventPool.from_table(EventTable(space, morphing, observables, samples, z, weights, index.astype(np.int32)))


def error(estimator: ParameterisedRatio, rng: np.random.Generator) -> float:
    """Return the mean squared error of log r over hypotheses of the prior and events of the reference."""
    z, theta = draw(2000, np.zeros(2), rng), BOX.draw(256, rng)
    exact = np.stack([np.log(density(z, t) / cross_section(t)) for t in theta]) - np.log(density(z, np.zeros(2)) / 4.12)
    return float(np.mean((estimator.log_ratio(z, theta) - exact) ** 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--method", choices=("carl", "rolr", "alice", "alices"), default="carl")
    parser.add_argument("--rows", type=int, default=20_000, help="of an epoch")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    network = NetworkSettings((100, 100))
    print(f"{'':8s} {'MSE of log r':>24s} {'stored':>10s} {'seconds':>8s}")
    for name in ("stored", "stream"):
        errors, seconds, stored = [], [], 0
        for seed in range(arguments.seeds):
            whole = pool(np.random.default_rng([seed, 0]))
            train, validation = (
                partial(draw_ratio_sample, whole.select(part), n, BOX, (0.0, 0.0), normalisation=whole)
                for part, n in ((Partition.TRAIN, arguments.rows), (Partition.VALIDATION, arguments.rows // 4))
            )
            settings = TrainingSettings(epochs=arguments.epochs, batch_size=256, seed=seed, device="cpu")
            started = time.process_time()
            stream: SampleStream[RatioSample] = SampleStream(train, (seed, 1))
            rows = stream if name == "stream" else stream.draw(0)
            stored = 0 if isinstance(rows, SampleStream) else sum(getattr(rows, array).nbytes for array in rows.arrays)
            held_out = validation(np.random.default_rng([seed, 2]))
            trained = train_estimator(arguments.method, rows, held_out, network, settings).estimator
            seconds.append(time.process_time() - started)
            assert isinstance(trained, ParameterisedRatio)
            errors.append(error(trained, np.random.default_rng([seed, 3])))
        spread = np.std(errors, ddof=1) / np.sqrt(len(errors)) if len(errors) > 1 else np.nan
        print(f"{name:8s} {np.mean(errors):12.2e} +- {spread:7.1e} {stored / 2**20:7.1f} MB {np.mean(seconds):8.1f}")


if __name__ == "__main__":
    main()
