"""How fast networks are trained, beside madminer 0.9.6 on the same samples, in the same run.

    .venv/bin/python benchmarks/training.py [--repeat 3]

100 000 samples of two parameters and ten observables, networks with two hidden layers of 100. For ALICES and ALICE and
batches of 128, 1 024 and 4 096, both programs train two epochs on one thread; losses on the same 25 000 validation
samples, computed by the same code from the estimates of both, stand beside the times. Then madminer trains with its
default settings (batches of 128) for ten epochs, and the time that we take to reach its loss is compared.
It needs an environment of its own: make .venv-madminer/.ready.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from common import Comparison, Measured, in_own_process, of_peer, shown

from assay.estimators.history import EpochRecord
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample, SampleInfo

N_OBSERVABLES = 10
INFO = SampleInfo(tuple(f"x{n}" for n in range(N_OBSERVABLES)), ("p", "q"), ((-1.0, 1.0),) * 2, (0.0, 0.0))
ALPHA = 0.1
SAMPLES, VALIDATION = 100_000, 25_000
EPOCHS, BEST_EPOCHS = 2, 10
BATCHES = {128: 4.0, 1024: 7.0, 4096: 7.0}
"""Batch sizes, and the ratios that ALICES is aimed at."""
NETWORK = NetworkSettings((100, 100), "silu")
COMMAND = "benchmarks/training.py"


class Reached(Exception):  # noqa: N818 - the loss that is looked for
    """A training may end."""


def sample(n: int, seed: int) -> RatioSample:
    """Return samples of z ~ N(theta, 1) in two dimensions, seen with noise among columns of noise."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-1.0, 1.0, (n, 2))
    y = (np.arange(n) % 2).astype(float)
    z = rng.normal(theta * (1.0 - y)[:, None], 1.0)
    columns = {
        "x": np.column_stack([z + rng.normal(0.0, 0.5, z.shape), rng.normal(size=(n, N_OBSERVABLES - 2))]),
        "theta0": theta,
        "theta1": np.zeros_like(theta),
        "y": y,
        "r_xz": np.exp((z * theta - theta**2 / 2.0).sum(axis=1)),
        "t_xz": z - theta,
    }
    return RatioSample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})


def loss(method: str, log_r: np.ndarray, score: np.ndarray, test: RatioSample) -> float:
    """Return ALICE's or ALICES's loss of estimates of log r (N,) and of the score (N, P) on the validation samples."""
    s = 1.0 / (1.0 + test.r_xz.astype(np.float64))
    value = float(np.mean(np.logaddexp(0.0, log_r) - (1.0 - s) * log_r))
    if method == "alices":
        value += ALPHA * float(np.mean((1.0 - test.y) * ((test.t_xz - score) ** 2).sum(axis=1)))
    return value


def settings(batch: int, epochs: int) -> TrainingSettings:
    """Return our settings: larger batches take larger steps."""
    rate = {128: 2e-3, 1024: 5e-3, 4096: 1e-2}.get(batch, 5e-3)
    return TrainingSettings(
        epochs=epochs,
        batch_size=batch,
        learning_rate=rate,
        final_learning_rate=rate / 50.0,
        patience=None,
        alpha=ALPHA,
        device="cpu",
    )


def trained(method: str, batch: int, train: RatioSample, test: RatioSample) -> float:
    """Train, and return the validation loss; the validation after every epoch is counted."""
    history = train_estimator(method, train, test, NETWORK, settings(batch, EPOCHS)).history
    return float(history.best.validation_loss)


def trained_to(goal: float, method: str, train: RatioSample, test: RatioSample) -> float:
    """Train until the validation loss is as low as the goal; return the loss."""
    lowest = [np.inf]

    def note(record: EpochRecord) -> None:
        lowest[0] = min(lowest[0], record.validation_loss)
        if lowest[0] <= goal:
            raise Reached

    try:
        train_estimator(method, train, test, NETWORK, settings(1024, 5), callback=note)
    except Reached:
        return lowest[0]
    raise SystemExit(f"{method} reached {lowest[0]:.5f}, not {goal:.5f}")


def peer(folder: Path, method: str, batch: int, epochs: int, test: RatioSample, repeat: int) -> Measured:
    """Train with madminer; the value is the validation loss."""
    task = {"folder": folder, "method": method, "batch": batch, "epochs": epochs, "alpha": ALPHA}
    found = of_peer("training", repeat, **task)["training"]
    estimates = (np.load(folder / f"peer_{name}.npy") for name in ("log_r", "score"))
    return replace(found, value=loss(method, *estimates, test))


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparison of each method and batch size, then of the time to equal loss."""
    train, test = sample(SAMPLES, 1), sample(VALIDATION, 2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train.save(folder / "train")
        test.save(folder / "validation")
        for method in ("alices", "alice"):
            for batch, target in BATCHES.items():
                ours = in_own_process(partial(trained, method, batch, train, test), repeat, warm=False)
                theirs = peer(folder, method, batch, EPOCHS, test, max(1, repeat - 1))
                losses = f"loss {ours.value:.4f}, madminer {theirs.value:.4f}"
                what = f"{method}, batch {batch}; {losses}"
                aim = target if method == "alices" else None
                yield Comparison("training", what, EPOCHS * SAMPLES, "samples", ours, theirs, aim, COMMAND)
        for method in ("alices", "alice"):
            best = peer(folder, method, 128, BEST_EPOCHS, test, 1)
            assert best.value is not None
            ours = in_own_process(partial(trained_to, best.value, method, train, test), repeat, warm=False)
            what = f"{method}, to madminer's loss after {BEST_EPOCHS} epochs ({best.value:.4f}; ours {ours.value:.4f})"
            yield Comparison("training", what, 1, "trainings", ours, best, 10.0, COMMAND)


if __name__ == "__main__":
    shown(comparisons, __doc__)
