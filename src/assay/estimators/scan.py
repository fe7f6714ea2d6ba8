"""Scans of hyper-parameters: many trainings of one method, of which the one of the least validation loss is kept.

The trials of a scan are shared among jobs that know nothing of each other, so that they fan out:

- `grid`: all combinations of the choices; job j of J takes every J-th of them.
- `random`: independent draws; shared in the same way, and the same whatever the number of jobs.
- `optuna`: every job runs a tree-structured Parzen estimator (Optuna's) of its own over its share of the trials, which
  learns from the trials before it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from assay.errors import TrainingError
from assay.estimators.training import TrainedEstimator

Value = float | int | str | bool | tuple[int, ...]


@dataclass(frozen=True)
class Choices:
    """One of several values."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Uniform:
    """A number between two, evenly or in its logarithm."""

    low: float
    high: float
    logarithmic: bool = False


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int


Range = Choices | Uniform | Integer


@dataclass(frozen=True)
class Scan:
    """What is tried.

    Parameters
    ----------
    sampler
        See the module.
    trials
        In all jobs together; a grid has its own number, of which at most so many are tried.
    jobs
        Among which they are shared.
    space
        By the name of the setting.
    seed
        Of random draws.
    """

    sampler: Literal["grid", "random", "optuna"]
    trials: int
    jobs: int
    space: Mapping[str, Range]
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.space or self.trials < 1 or self.jobs < 1:
            raise TrainingError(
                f"a scan of {len(self.space)} settings in {self.trials} trials and {self.jobs} jobs",
                expected="at least one of each",
            )
        open_ranges = [name for name, one in self.space.items() if not isinstance(one, Choices)]
        if self.sampler == "grid" and open_ranges:
            raise TrainingError(
                f"a grid over {', '.join(open_ranges)}",
                expected="lists of values",
                mend="list values, or take the sampler random or optuna",
            )

    @property
    def n_trials(self) -> int:
        """Number of trials in all jobs."""
        if self.sampler != "grid":
            return self.trials
        sizes = [len(one.values) for one in self.space.values() if isinstance(one, Choices)]
        return min(self.trials, math.prod(sizes))


@dataclass(frozen=True)
class Trial:
    """A training of a scan.

    Parameters
    ----------
    number
        Among the trials of all jobs.
    values
        Of the settings tried.
    validation_loss, best_epoch
        Of the best epoch; infinite and 0 for a training that diverged.
    seconds
        It took.
    error
        Why it failed; empty if it did not.
    """

    number: int
    values: Mapping[str, Value]
    validation_loss: float
    best_epoch: int
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class ScanOutcome:
    """The trials of a job, and the best one's training."""

    trials: tuple[Trial, ...]
    best: TrainedEstimator

    @property
    def best_trial(self) -> Trial:
        """The trial of the least validation loss."""
        return min(self.trials, key=lambda trial: trial.validation_loss)


def run_scan(
    scan: Scan,
    job: int,
    train: Callable[[Mapping[str, Value], int], TrainedEstimator],
    report: Callable[[Trial], None] = lambda trial: None,
) -> ScanOutcome:
    """Run one job's share of a scan.

    Parameters
    ----------
    scan
        What is tried.
    job
        Which share, counted from 0.
    train
        From settings and the trial's number to a training.
    report
        Called after every trial.

    Raises
    ------
    TrainingError
        If the job has no trials, or all of them fail.
    """
    if not 0 <= job < min(scan.jobs, scan.n_trials):
        raise TrainingError(
            f"job {job} of {scan.jobs} for {scan.n_trials} trials", expected="at least one trial for each job"
        )
    trials: list[Trial] = []
    best: TrainedEstimator | None = None
    proposals = _of_optuna(scan, job, trials) if scan.sampler == "optuna" else _of_list(scan, job)
    for number, values in proposals:
        start = time.monotonic()
        try:
            trained = train(values, number)
            loss, epoch, error = trained.history.best.validation_loss, trained.history.best_epoch, ""
            if best is None or loss < best.history.best.validation_loss:
                best = trained
        except TrainingError as failure:
            loss, epoch, error = math.inf, 0, failure.what
        trials.append(Trial(number, values, loss, epoch, time.monotonic() - start, error))
        report(trials[-1])
    if best is None:
        raise TrainingError(
            f"all {len(trials)} trials failed, the first one since {trials[0].error}",
            mend="narrow the ranges of the scan",
        )
    return ScanOutcome(tuple(trials), best)


def _of_list(scan: Scan, job: int) -> Iterator[tuple[int, dict[str, Value]]]:
    """Yield the trials of a grid, or of random draws."""
    if scan.sampler == "grid":
        lists = [one.values for one in scan.space.values() if isinstance(one, Choices)]
        points = [dict(zip(scan.space, point, strict=True)) for point in product(*lists)]
        order = (
            np.random.default_rng(scan.seed).permutation(len(points))
            if len(points) > scan.trials
            else range(len(points))
        )
        chosen = sorted(int(index) for index in list(order)[: scan.n_trials])
        yield from ((number, points[number]) for number in chosen[job :: scan.jobs])
        return
    for number in range(job, scan.trials, scan.jobs):
        rng = np.random.default_rng([scan.seed, number])
        yield number, {name: _drawn(one, rng) for name, one in scan.space.items()}


def _drawn(one: Range, rng: np.random.Generator) -> Value:
    if isinstance(one, Choices):
        return one.values[int(rng.integers(len(one.values)))]
    if isinstance(one, Integer):
        return int(rng.integers(one.low, one.high + 1))
    if one.logarithmic:
        return float(np.exp(rng.uniform(np.log(one.low), np.log(one.high))))
    return float(rng.uniform(one.low, one.high))


def _of_optuna(scan: Scan, job: int, done: list[Trial]) -> Iterator[tuple[int, dict[str, Value]]]:
    """Yield what Optuna proposes, and tell it the losses that were found."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=scan.seed + job))
    for number in range(job, scan.trials, scan.jobs):
        asked = study.ask()
        yield number, {name: _suggested(asked, name, one) for name, one in scan.space.items()}
        loss = done[-1].validation_loss
        if math.isfinite(loss):
            study.tell(asked, loss)
        else:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)


def _suggested(trial: Any, name: str, one: Range) -> Value:
    if isinstance(one, Choices):
        index: int = trial.suggest_categorical(name, list(range(len(one.values))))  # values may be lists
        return one.values[index]
    if isinstance(one, Integer):
        whole: int = trial.suggest_int(name, one.low, one.high)
        return whole
    number: float = trial.suggest_float(name, one.low, one.high, log=one.logarithmic)
    return number
