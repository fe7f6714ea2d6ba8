"""How fast augmented data are drawn, beside madminer 0.9.6 on the same event files, in the same run.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/sampling.py [--samples 100000] [--repeat 3]

Two files, both of ten observables and two parameters: 200 000 events with 200 random hypotheses, and 5 840 events with
1 000. Both programs draw training samples for ratios (x, theta0, theta1, y, joint ratio, joint score) from the 60 % of
events that are for training, hypotheses from the same Gaussian prior, and write them. Reading the file is not counted.
madminer draws as it does by default, from the events of the closest benchmark alone, and as we do, from those of all.
It needs an environment of its own: make .venv-madminer/.ready.

The ratio is that of the times of the processor, so that other work on the machine counts little;
that of the clock stands beside it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import Gaussian, IndependentPrior
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

PEER_PYTHON = Path(__file__).parents[1] / ".venv-madminer" / "bin" / "python"
POINTS = ((0.0, 0.0), (0.8, 0.0), (-0.7, 0.5), (0.0, 0.9), (0.6, -0.7), (-0.4, -0.8))
DEVIATION = 0.5
PEER = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from madminer.sampling import SampleAugmenter, benchmark, random_morphing_points
path, folder, n_samples, n_hypotheses, deviation, repeat = sys.argv[1], sys.argv[2], *map(float, sys.argv[3:])
sampler = SampleAugmenter(path, include_nuisance_parameters=False)
answer = {"closest": [], "all": []}
prior = [("gaussian", 0.0, deviation)] * 2
for closest in (True, False):
    for _ in range(int(repeat)):
        started = time.process_time(), time.perf_counter()
        x, *_ = sampler.sample_train_ratio(
            random_morphing_points(int(n_hypotheses), prior), benchmark("b0"), int(n_samples), folder=folder,
            filename="peer", sample_only_from_closest_benchmark=closest, partition="train",
        )
        seconds = time.process_time() - started[0], time.perf_counter() - started[1]
        answer["closest" if closest else "all"].append([value / len(x) for value in seconds])
print(json.dumps(answer))
"""


@dataclass(frozen=True)
class Rate:
    """Samples per second of the processor and of the clock, each the best of the repetitions."""

    processor: float
    clock: float

    @classmethod
    def of_seconds(cls, seconds: list[tuple[float, float]]) -> Rate:
        """Return the rates from the seconds per sample, of the processor and of the clock, of every repetition."""
        processor, clock = np.min(seconds, axis=0)
        return cls(1.0 / processor, 1.0 / clock)


def table(n_events: int, n_observables: int, rng: np.random.Generator) -> EventTable:
    """Return events drawn at six benchmarks, of squared amplitudes that are linear in the parameters."""
    names = [f"b{number}" for number in range(len(POINTS))]
    space = ParameterSpace(
        tuple(Parameter(name, "dim6", number + 1, (-1.5, 1.5)) for number, name in enumerate("pq")),
        tuple(Benchmark(name, point) for name, point in zip(names, POINTS, strict=True)),
    )
    linear = 0.3 * rng.normal(size=(2, n_events, 2))
    amplitudes = np.array([1.0, 0.3])[:, None, None] + np.einsum("kep,bp->keb", linear, np.asarray(POINTS))
    weights = (amplitudes**2).sum(axis=0)
    index = np.arange(n_events) % len(POINTS)
    counts = np.bincount(index, minlength=len(POINTS))
    weights *= (1.0 / counts[index] / weights[np.arange(n_events), index])[:, None]
    x = np.concatenate([linear[0], rng.normal(size=(n_events, n_observables - 2))], axis=1)
    return EventTable(
        space,
        Morphing.of_space(space, 2),
        tuple(ObservableInfo(f"x{number}", f"x{number}") for number in range(n_observables)),
        tuple(Sample(name, name, int(count), 1.0) for name, count in zip(names, counts, strict=True)),
        x,
        weights,
        index.astype(np.int32),
    )


def ours(path: Path, folder: Path, n_samples: int, n_hypotheses: int, repeat: int) -> Rate:
    """Draw and write samples with our own code."""
    pool = EventPool.from_table(read_event_file(path))
    train = pool.select(Partition.TRAIN)
    prior = IndependentPrior((Gaussian(0.0, DEVIATION, -1.5, 1.5),) * 2)
    seconds = []
    for seed in range(repeat):
        started = time.process_time(), time.perf_counter()
        rng = np.random.default_rng(seed)
        sample = draw_ratio_sample(
            train, n_samples, prior, (0.0, 0.0), rng, n_hypotheses=n_hypotheses, normalisation=pool
        )
        sample.save(folder / "ours")
        ended = time.process_time(), time.perf_counter()
        seconds.append(((ended[0] - started[0]) / len(sample), (ended[1] - started[1]) / len(sample)))
    return Rate.of_seconds(seconds)


def peer(path: Path, folder: Path, n_samples: int, n_hypotheses: int, repeat: int) -> tuple[Rate, Rate]:
    """Draw and write samples with madminer, in a process of its own: from the closest benchmark, and from all."""
    numbers = [str(number) for number in (n_samples, n_hypotheses, DEVIATION, repeat)]
    command = [str(PEER_PYTHON), "-c", PEER, str(path), str(folder), *numbers]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"madminer ended with status {ended.returncode}:\n{ended.stderr}")
    answer = json.loads(ended.stdout.splitlines()[-1])
    return Rate.of_seconds(answer["closest"]), Rate.of_seconds(answer["all"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    print("samples per second of the processor; in brackets by the clock")
    print(f"{'events':>8s} {'hypotheses':>10s} {'ours':>18s} {'madminer':>16s} {'ratio':>12s} {'it, from all':>16s}")
    for n_events, n_hypotheses in ((200_000, 200), (5_840, 1_000)):
        with tempfile.TemporaryDirectory() as name:
            folder, path = Path(name), Path(name) / "events.h5"
            write_event_file(path, table(n_events, 10, np.random.default_rng(7)))
            job = (path, folder, arguments.samples, n_hypotheses, arguments.repeat)
            mine, (closest, everywhere) = ours(*job), peer(*job)
        print(
            f"{n_events:8d} {n_hypotheses:10d} {mine.processor:9.0f} ({mine.clock:7.0f}) {closest.processor:7.0f} "
            f"({closest.clock:6.0f}) {mine.processor / closest.processor:5.0f} ({mine.clock / closest.clock:3.0f}) "
            f"{everywhere.processor:8.0f} ({everywhere.clock:5.0f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
