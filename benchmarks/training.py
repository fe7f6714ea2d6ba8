"""How fast networks are trained, beside madminer 0.9.6 on the same samples, in the same run.

    .venv/bin/python benchmarks/training.py [--samples 100000] [--epochs 2] [--best-epochs 10]

100 000 samples of two parameters and ten observables, networks with two hidden layers of 100. For ALICES and ALICE and
batches of 128, 1 024 and 4 096, both programs train for the same number of epochs. The peer runs twice: as it starts,
with as many threads as there are cores, and with one thread, as Assay always has it. Ratios are of samples per second
by the clock (`as it starts`) and by the processor (`one thread`: other work on the machine counts little). Losses on
the same validation samples stand beside them, computed by the same code from the estimates of both. Then the peer, with
one thread, trains with its default settings for more epochs, and the clock tells how long we take to reach its loss.
It needs an environment of its own: make .venv-madminer/.ready.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from assay.estimators.history import EpochRecord
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample, SampleInfo

PEER_PYTHON = Path(__file__).parents[1] / ".venv-madminer" / "bin" / "python"
N_OBSERVABLES = 10
INFO = SampleInfo(tuple(f"x{n}" for n in range(N_OBSERVABLES)), ("p", "q"), ((-1.0, 1.0),) * 2, (0.0, 0.0))
ALPHA = 0.1
PEER = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import numpy as np, torch
from madminer.ml import ParameterizedRatioEstimator
folder, method, batch, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
load = lambda part, name: np.load(f"{folder}/{part}/{name}.npy").astype(np.float64)
files = (("x", "x"), ("theta", "theta0"), ("y", "y"), ("r_xz", "r_xz"), ("t_xz", "t_xz"))
given = {name: load("train", file) for name, file in files}
given |= {f"{name}_val": load("validation", file) for name, file in files}
given |= {name: given[name][:, None] for name in ("y", "r_xz", "y_val", "r_xz_val")}
estimator = ParameterizedRatioEstimator(n_hidden=(100, 100), activation="tanh")
started = time.process_time(), time.perf_counter()
estimator.train(
    method=method, alpha=float(sys.argv[5]), n_epochs=epochs, batch_size=batch, validation_split=None,
    early_stopping=True, n_workers=0, scale_parameters=False, **given,
)
seconds = time.process_time() - started[0], time.perf_counter() - started[1]
log_r, score = estimator.evaluate_log_likelihood_ratio(
    load("validation", "x"), load("validation", "theta0"), test_all_combinations=False, evaluate_score=True
)
np.save(f"{folder}/peer_log_r.npy", log_r.ravel())
np.save(f"{folder}/peer_score.npy", score)
print(json.dumps(seconds))
"""


@dataclass(frozen=True)
class Outcome:
    """A training: seconds of the processor and of the clock, and the loss on the validation samples."""

    processor: float
    clock: float
    loss: float


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


def peer(folder: Path, method: str, batch: int, epochs: int, test: RatioSample, one_thread: bool = True) -> Outcome:
    """Train with madminer."""
    arguments = [str(value) for value in (folder, method, batch, epochs, ALPHA)]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if one_thread:
        environment["OMP_NUM_THREADS"] = "1"
    run = subprocess.run(
        [PEER_PYTHON, "-c", PEER, *arguments], capture_output=True, text=True, check=False, env=environment
    )
    if run.returncode:
        raise SystemExit(f"madminer failed:\n{run.stderr[-2000:]}")
    processor, clock = json.loads(run.stdout.splitlines()[-1])
    found = loss(method, np.load(folder / "peer_log_r.npy"), np.load(folder / "peer_score.npy"), test)
    return Outcome(processor, clock, found)


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


def ours(method: str, batch: int, epochs: int, train: RatioSample, test: RatioSample) -> Outcome:
    """Train with our own code; the validation after every epoch is counted."""
    network = NetworkSettings((100, 100), "silu")
    started = time.process_time(), time.perf_counter()
    history = train_estimator(method, train, test, network, settings(batch, epochs)).history
    seconds = time.process_time() - started[0], time.perf_counter() - started[1]
    return Outcome(*seconds, history.best.validation_loss)


def seconds_to(goal: float, method: str, train: RatioSample, test: RatioSample) -> float:
    """Return after how long by the clock we first have a validation loss as low as the goal."""
    reached: list[float] = []
    started = time.perf_counter()

    def note(record: EpochRecord) -> None:
        if record.validation_loss <= goal:
            reached.append(time.perf_counter() - started)

    train_estimator(method, train, test, NetworkSettings((100, 100), "silu"), settings(1024, 5), callback=note)
    return reached[0] if reached else float("inf")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--best-epochs", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    train, test = sample(options.samples, 1), sample(25_000, 2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        train.save(folder / "train")
        test.save(folder / "validation")
        print("method  batch  ours [samples/s]  peer, as it starts  ratio  peer, one thread  ratio  loss: ours    peer")
        for method in ("alices", "alice"):
            for batch in (128, 1024, 4096):
                n = options.epochs * len(train)
                mine = ours(method, batch, options.epochs, train, test)
                started = peer(folder, method, batch, options.epochs, test, one_thread=False)
                single = peer(folder, method, batch, options.epochs, test)
                print(
                    f"{method:8}{batch:5} {n / mine.processor:17,.0f} {n / started.clock:19,.0f}"
                    f" {started.clock / mine.clock:6.1f} {n / single.processor:17,.0f}"
                    f" {single.processor / mine.processor:6.1f} {mine.loss:11.5f} {single.loss:7.5f}",
                    flush=True,
                )
            best = peer(folder, method, 128, options.best_epochs, test)
            mine_seconds = seconds_to(best.loss, method, train, test)
            print(
                f"{method}: the peer's loss after {options.best_epochs} epochs, {best.loss:.5f} in {best.clock:.0f} s, "
                f"is ours after {mine_seconds:.1f} s: a share of {mine_seconds / best.clock:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
