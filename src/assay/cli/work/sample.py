"""What `sample` does: samples drawn from the pool of events."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.pool import event_pool
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import SizeLimits, draw_ratio_sample, draw_score_sample
from assay.sampling.from_study import hypothesis_prior
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import Study

Draw = Callable[[EventPool, int, np.random.Generator], RatioSample | ScoreSample]


def draw_samples(study: Study, events: Path, kinds: Collection[str], run: StageRun) -> None:
    """Draw samples of some kinds (`ratio`, `score`) for training, validation and test, each of its own events."""
    pool = event_pool(study, events)
    draws = _draws(study, pool)
    sizes = {
        Partition.TRAIN: study.sampling.train_samples,
        Partition.VALIDATION: study.sampling.validation_samples,
        Partition.TEST: study.sampling.test_samples,
    }
    for partition, n in sizes.items():
        part, name = pool.select(partition), partition.name.lower()
        for number, (kind, draw) in enumerate(draws.items()):
            if kind in kinds:
                rng = np.random.default_rng([run.seed, number, partition])
                _keep(draw(part, n - n % 2, rng), kind, name, run)


def _draws(study: Study, pool: EventPool) -> dict[str, Draw]:
    """Return how each kind of sample is drawn; its place is part of its seed."""
    reference = pool.space.reference_values
    limits = SizeLimits(warning=10 * study.sampling.min_effective_events, refusal=study.sampling.min_effective_events)

    def ratio(part: EventPool, n: int, rng: np.random.Generator) -> RatioSample:
        prior, hypotheses = hypothesis_prior(study), study.sampling.hypotheses
        return draw_ratio_sample(
            part, n, prior, reference, rng, n_hypotheses=hypotheses, normalisation=pool, limits=limits
        )

    def score(part: EventPool, n: int, rng: np.random.Generator) -> ScoreSample:
        return draw_score_sample(part, n, reference, rng, normalisation=pool, limits=limits)

    return {"ratio": ratio, "score": score}


def _keep(sample: RatioSample | ScoreSample, kind: str, name: str, run: StageRun) -> None:
    sample.save(run.folder / kind / name)
    run.tracker.dataset(f"{kind} {name}", sample.digest(), name, len(sample))
    told = f"  {kind} {name}: {len(sample)} samples"
    if (size := sample.info.effective_sample_size) is not None:
        told += f"; worth at least {size.minimum:.0f} events at any hypothesis (median {size.median:.0f})"
    click.echo(told)
