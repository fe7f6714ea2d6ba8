"""How fast augmented data are drawn, beside madminer 0.9.6 on the same event files, in the same run.

    .venv/bin/python benchmarks/sampling.py [--repeat 3]

Two files, both of ten observables and two parameters: 200 000 events with 200 random hypotheses, and 5 840 events with
1 000. Both programs draw 100 000 training samples for ratios (x, theta0, theta1, y, joint ratio, joint score) from the
60 % of events that are for training, hypotheses from the same Gaussian prior, and write them. Reading the file is not
counted. madminer draws as it does by default, from the events of the closest benchmark alone, and as we do, from those
of all. It needs an environment of its own: make .venv-madminer/.ready.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import Comparison, in_own_process, of_peer, shown
from made_events import made_events

from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import Gaussian, IndependentPrior

DEVIATION = 0.5
SAMPLES = 100_000
CASES = ((200_000, 200, 50.0), (5_840, 1_000, 100.0))
"""Events, hypotheses, the ratio that is aimed at."""
COMMAND = "benchmarks/sampling.py"


def draw(pool: EventPool, train: EventPool, folder: Path, hypotheses: int, samples: int = SAMPLES) -> None:
    """Draw and write samples."""
    n = train.space.n_parameters
    prior = IndependentPrior((Gaussian(0.0, DEVIATION, -1.5, 1.5),) * n)
    rng = np.random.default_rng(0)
    sample = draw_ratio_sample(train, samples, prior, (0.0,) * n, rng, n_hypotheses=hypotheses, normalisation=pool)
    sample.save(folder / "ours")


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparison of each file."""
    for n_events, hypotheses, target in CASES:
        with tempfile.TemporaryDirectory() as name:
            folder, path = Path(name), Path(name) / "events.h5"
            write_event_file(path, made_events(n_events))
            pool = EventPool.from_table(read_event_file(path))
            train = pool.select(Partition.TRAIN)
            ours = in_own_process(lambda p=pool, t=train, f=folder, h=hypotheses: draw(p, t, f, h), repeat)
            task = {"path": path, "folder": folder, "samples": SAMPLES, "hypotheses": hypotheses}
            peer = of_peer("sampling", repeat, deviation=DEVIATION, **task)
        for of, events in (("closest", "events of the closest benchmark"), ("all", "all events")):
            what = f"{hypotheses} hypotheses on {n_events} events; madminer from {events}"
            yield Comparison(
                "sampling", what, SAMPLES, "samples", ours, peer[of], target if of == "closest" else None, COMMAND
            )


if __name__ == "__main__":
    shown(comparisons, __doc__)
