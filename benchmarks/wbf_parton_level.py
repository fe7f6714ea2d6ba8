"""E_theta[E_x (log r_hat - log r)^2] by method and number of training events, where the exact ratio is known.

    .venv/bin/python benchmarks/parton_level.py input/wbf-4l-parton.yml wbf.h5     # or any combined.h5 of the study
    .venv/bin/python benchmarks/wbf_parton_level.py wbf.h5 results.json --sizes 1000 10000 --seeds 5
    .venv/bin/python benchmarks/wbf_parton_level.py wbf.h5 results.json --sizes 1000000 --methods alice
    .venv/bin/python benchmarks/wbf_parton_level.py wbf.h5 results.json --sizes 10000 --families parameterised
    .venv/bin/python benchmarks/wbf_parton_level.py wbf.h5 results.json --sizes          # the tables alone

Results are added to the file after every training; what is in it is not repeated. Of the training events, a fifth
decides which epoch is kept (as in arXiv:1805.00020); no choice looks at the test events. Problem, methods and settings
are described in docs/wbf-parton-level.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from assay.estimators.description import Family
from assay.estimators.ratio import BlockwiseRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool, Partition
from assay.files import write_json
from assay.inference.binning import equal_count_binning
from assay.inference.truth import TruthRatio, record
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.hypotheses import Hypotheses
from assay.sampling.info import SampleInfo
from assay.sampling.priors import flat_prior
from assay.sampling.resampling import resample
from assay.sampling.samples import ScoreSample
from assay.study.load import load_study
from assay.study.model import Study

Array = NDArray[np.float64]

STUDY = Path(__file__).parents[1] / "input" / "wbf-4l-parton.yml"
N_TEST, N_THETA, WIDTH = 50_000, 100, 0.2
N_HYPOTHESES = 2_000  # in training
FEW = 3_000  # events for which networks are shallow
WEIGHT_OF_SCORE = {"cascal": 1.0, "rascal": 10.0, "alices": 0.1}
NEIGHBOURS = 10  # in the space of scores, whose weights give the density there
PUBLISHED_SIZES = (1_000, 10_000, 100_000, 1_000_000)
PUBLISHED = {  # arXiv:1805.00020, 1808.00973
    "carl": (0.176, 0.174, 0.167, 0.066),
    "rolr": (0.167, 0.134, 0.040, 0.0131),
    "sally": (0.068, 0.026, 0.0146, 0.0132),
    "cascal": (0.178, 0.171, 0.165, 0.0042),
    "rascal": (0.146, 0.045, 0.0100, 0.0018),
    "alice": (0.155, 0.051, 0.0076, 0.0006),
    "alices": (0.116, 0.034, 0.0111, 0.0021),
}
FAMILIES: dict[str, Family] = {"parameterised": "parameterised_ratio", "quadratic": "quadratic_ratio"}
OF_DENSITIES = ("sally", "sally_midway", "score", "score_midway", "histogram")


@dataclass(frozen=True)
class Problem:
    """What is learned, and what it is compared with.

    Parameters
    ----------
    pool
        All events, with the observables that networks see.
    denominator
        theta1, shape (P,).
    theta
        Hypotheses of the prior over which the error is averaged, shape (T, P).
    test
        E unweighted events at the SM.
    exact
        Their exact log r(x | theta, theta1), (T, E).
    """

    pool: EventPool
    denominator: Array
    theta: Array
    test: EventPool
    exact: Array

    @classmethod
    def of_study(cls, study: Study, events: Path, n_test: int = N_TEST) -> Problem:
        """Return the problem of a study with its events."""
        shares = study.sampling.fractions
        fractions = (shares.train, shares.validation, shares.test)
        pool = EventPool.from_table(read_event_file(events), fractions, seed=study.seed)
        seen = [number for number, name in enumerate(pool.observables) if not is_momentum(name)]
        pool = replace(pool, x=pool.x[:, seen], observables=tuple(pool.observables[number] for number in seen))
        assert isinstance(study.sampling.denominator, dict)
        denominator = np.array([study.sampling.denominator[name] for name in pool.space.names])
        rng = np.random.default_rng(study.seed)
        low, high = pool.space.ranges.T
        theta = np.clip(rng.normal((high + low) / 2.0, WIDTH * (high - low) / 2.0, (N_THETA, len(low))), low, high)
        test = drawn(pool.select(Partition.TEST), pool.space.reference_values, n_test, rng)
        exact = TruthRatio.of_pool(pool, pool.space.names, denominator).log_ratio(record(test), theta)
        return cls(pool, denominator, theta, test, exact)

    @property
    def sm(self) -> Array:
        """The point at which test events are drawn, (P,)."""
        return np.asarray(self.pool.space.reference_values)

    def error(self, log_ratio: Callable[[Array], Array]) -> float:
        """Return the mean squared error of an estimate of log r (1, E) at any theta (1, P)."""
        pairs = zip(self.theta, self.exact, strict=True)
        return float(np.mean([np.mean((log_ratio(theta[None]) - exact) ** 2) for theta, exact in pairs]))

    def score(self, events: EventPool, point: Array) -> Array:
        """Return the exact score (E, P) of events at a point (P,)."""
        slope = self.pool.cross_section_gradient(point) / self.pool.cross_section(point)[0]
        return np.asarray(events.event_weight_gradients(point) / events.event_weights(point) - slope)


def is_momentum(name: str) -> bool:
    """Return whether an observable is a component of a single particle's momentum, which networks do not see."""
    return name[-2:] in ("p1", "p2", "p3", "p4", "p5", "p6") and name not in ("pt_p1", "pt_p2")


def drawn(pool: EventPool, point: Array, n: int, rng: np.random.Generator) -> EventPool:
    """Return n events drawn at a point (P,) with the probabilities of their weights, in random order."""
    events = rng.permutation(resample(pool, Hypotheses.of_pool(pool, point), np.array([n]), rng).events)
    names = ("x", "weights", "sample_index", "partition")
    return replace(pool, **{name: getattr(pool, name)[events] for name in names})


def parts(problem: Problem, n: int, seed: int) -> list[tuple[EventPool, int, np.random.Generator]]:
    """Return the events for training and validation, how many of the n samples each has, and their randomness."""
    n_validation = 2 * round(n / 10)
    sizes = {Partition.TRAIN: n - n_validation, Partition.VALIDATION: n_validation}
    return [(problem.pool.select(p), size, np.random.default_rng([seed, int(p), n])) for p, size in sizes.items()]


def settings_for(method: str, n: int, seed: int) -> tuple[NetworkSettings, TrainingSettings]:
    """Return network and training for so many events, the same for all methods but for the weight of the score.

    Gradients are clipped at a small norm: else scores and ratios near the zeros of |M|^2 would decide the steps, few as
    they are.
    """
    size = int(np.clip(round(np.log10(n)), 3, 6)) - 3
    layers = 3 if n < FEW else 5
    return NetworkSettings((100,) * layers, residual=n >= FEW, preprocessing="auto"), TrainingSettings(
        epochs=(50, 50, 20, 40)[size],
        batch_size=(64, 64, 128, 512)[size],
        learning_rate=(2e-3, 3e-3, 3e-3, 3e-3)[size],
        final_learning_rate=1e-5,
        weight_decay=(0.3, 0.1, 0.03, 0.01)[size],
        gradient_clip=0.1,
        patience=None,
        alpha=WEIGHT_OF_SCORE.get(method, 0.0),
        seed=seed,
    )


def ratio_error(problem: Problem, method: str, family: str, n: int, seed: int) -> float:
    """Train a ratio estimator on n events in all, and return its error."""
    prior = flat_prior(tuple((float(low), float(high)) for low, high in problem.pool.space.ranges))
    train, validation = (
        draw_ratio_sample(
            pool,
            size,
            prior,
            problem.denominator,
            rng,
            n_hypotheses=min(size // 2, N_HYPOTHESES),
            normalisation=problem.pool,
        )
        for pool, size, rng in parts(problem, n, seed)
    )
    settings = settings_for(method, n, seed)
    estimator = train_estimator(method, train, validation, *settings, family=FAMILIES[family]).estimator
    assert isinstance(estimator, BlockwiseRatio)
    return problem.error(lambda theta: estimator.log_ratio(problem.test.x, theta))


def sally_error(problem: Problem, point: Array, n: int, seed: int) -> float:
    """Train SALLY at a point on n events in all, estimate its density with the same events, and return the error."""
    space = problem.pool.space
    ranges = tuple((float(low), float(high)) for low, high in space.ranges)
    info = SampleInfo(tuple(problem.pool.observables), space.names, ranges, tuple(point.tolist()))
    train, validation = (drawn(pool, point, size, rng) for pool, size, rng in parts(problem, n, seed))
    samples = [
        ScoreSample(
            info,
            x=events.x.astype(np.float32),
            theta=np.tile(point, (events.n_events, 1)).astype(np.float32),
            t_xz=problem.score(events, point).astype(np.float32),
        )
        for events in (train, validation)
    ]
    estimator = train_estimator("sally", samples[0], samples[1], *settings_for("sally", n, seed)).estimator
    assert isinstance(estimator, LocalScore)
    return score_error(problem, train, point, estimator.score(train.x), estimator.score(problem.test.x))


def score_error(problem: Problem, events: EventPool, point: Array, score: Array, test: Array) -> float:
    """Return the error of a ratio of densities of scores: of the sums of weights of each test event's neighbours.

    Parameters
    ----------
    problem
        The problem.
    events, point
        Events drawn at a point (P,).
    score, test
        The scores there, of these events (n, P) and of the test events (E, P).
    """
    spread = score.std(axis=0)
    _, nearest = cKDTree(score / spread).query(test / spread, NEIGHBOURS)
    weights = events.weights / events.event_weights(point)
    return ratio_of_sums_error(
        problem, np.stack([column[nearest].sum(axis=1) for column in weights.T], axis=1), weights
    )


def ratio_of_sums_error(problem: Problem, near: Array, weights: Array) -> float:
    """Return the error of log [sum of weights near x / sum of all weights] at theta, minus the same at theta1.

    Parameters
    ----------
    problem
        The problem.
    near
        Sums of the weights at all benchmarks (E, B) near every test event.
    weights
        All weights (n, B).
    """
    total = weights.sum(axis=0)

    def log_share(theta: Array) -> Array:
        morphing = problem.pool.morphing.weights(theta)
        return np.asarray(np.log(morphing @ near.T) - np.log(morphing @ total)[:, None])

    below = log_share(problem.denominator[None])
    return problem.error(lambda theta: log_share(theta) - below)


def histogram_error(problem: Problem, n: int, seed: int) -> float:
    """Bin the transverse momentum of the harder jet and the jets' azimuthal distance."""
    names = list(problem.pool.observables)
    pt, phi = [names.index("pt_p1"), names.index("pt_p2")], names.index("delta_phi_jj")
    rng = np.random.default_rng([seed, n])
    events = drawn(problem.pool.select(Partition.TRAIN), problem.sm, n, rng)
    values, test = (np.stack([x[:, pt].max(axis=1), x[:, phi]], axis=1) for x in (events.x, problem.test.x))
    bins = round(0.5 * n**0.35)
    binning = equal_count_binning(("pt", "phi"), values, np.ones(n), (bins, bins))
    weights, bin_of = events.weights / events.event_weights(problem.sm), binning.index(values)
    sums = np.zeros((binning.n_bins, weights.shape[1]))
    np.add.at(sums, bin_of, weights)
    return ratio_of_sums_error(problem, sums[binning.index(test)], weights)


def run(problem: Problem, method: str, family: str, n: int, seed: int) -> float:
    """Return the error of a method: of the registry, or of `OF_DENSITIES`."""
    if method == "histogram":
        return histogram_error(problem, n, seed)
    if method not in OF_DENSITIES:
        return ratio_error(problem, method, family, n, seed)
    point = (problem.sm + problem.denominator) / 2.0 if method.endswith("midway") else problem.sm
    if method.startswith("sally"):
        return sally_error(problem, point, n, seed)
    events = drawn(problem.pool.select(Partition.TRAIN), point, n, np.random.default_rng([seed, n]))
    return score_error(problem, events, point, problem.score(events, point), problem.score(problem.test, point))


@dataclass(frozen=True)
class Result:
    """The error of one training, and how long it took."""

    method: str
    family: str
    n: int
    seed: int
    error: float
    seconds: float

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What was trained."""
        return self.method, self.family, self.n, self.seed


def tables(results: Sequence[Result]) -> str:
    """Return means over seeds with their errors, and in brackets the published figures, as Markdown."""
    lines = []
    for family in dict.fromkeys(result.family for result in results):
        chosen = [result for result in results if result.family == family]
        sizes = sorted({result.n for result in chosen})
        lines += ["", f"| {family} | " + " | ".join(f"{n:,}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
        for method in dict.fromkeys(result.method for result in chosen):
            cells = [_cell(method, n, [r.error for r in chosen if (r.method, r.n) == (method, n)]) for n in sizes]
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(method: str, n: int, errors: Sequence[float]) -> str:
    if not errors:
        return ""
    text = f"{np.mean(errors):.5f}"
    if len(errors) > 1:
        text += f" ± {np.std(errors, ddof=1) / np.sqrt(len(errors)):.5f}"
    published = dict(zip(PUBLISHED_SIZES, PUBLISHED.get(method.removesuffix("_midway"), ()), strict=False)).get(n)
    return text if published is None else f"{text} ({published:g})"


def main() -> None:
    """Train what is asked for and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--methods", nargs="*", default=[*PUBLISHED, *OF_DENSITIES[1:]])
    parser.add_argument("--families", nargs="*", default=["quadratic"], choices=FAMILIES)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    saved: list[Any] = json.loads(arguments.results.read_text()) if arguments.results.exists() else []
    results = [Result(**entry) for entry in saved]
    problem = Problem.of_study(load_study(STUDY), arguments.events)
    print(f"r = 1: {problem.error(lambda theta: np.zeros((1, 1))):.4f}", flush=True)
    asked = [
        (method, family, n, seed)
        for n in arguments.sizes
        for method in arguments.methods
        for family in (("",) if method in OF_DENSITIES else arguments.families)
        for seed in range(arguments.seeds)
    ]
    for key in asked:
        if key not in {result.key for result in results}:
            start = time.perf_counter()
            results.append(Result(*key, run(problem, *key), round(time.perf_counter() - start, 1)))
            write_json(arguments.results, [asdict(result) for result in results])
            print(*key, f"{results[-1].error:.5f}  {results[-1].seconds:.0f} s", flush=True)
    print(tables(results))


if __name__ == "__main__":
    main()
