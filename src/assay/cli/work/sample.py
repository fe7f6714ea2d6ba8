"""What `sample` does: samples drawn from the pool of events."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.pool import event_pool
from assay.events.pool import Partition
from assay.sampling.from_study import sample_source
from assay.sampling.requests import SampleRequest
from assay.sampling.samples import Sample
from assay.study.model import Study
from assay.study.seeds import derive_seed


def draw_samples(study: Study, events: Path, requests: Iterable[SampleRequest], run: StageRun) -> None:
    """Draw what is requested, once each, for training, validation and test, each of its own events."""
    pool = event_pool(study, events)
    sizes = {
        Partition.TRAIN: study.sampling.train_samples,
        Partition.VALIDATION: study.sampling.validation_samples,
        Partition.TEST: study.sampling.test_samples,
    }
    for request in dict.fromkeys(requests):
        for partition, n in sizes.items():
            seed = (derive_seed(run.seed, request.name), int(partition))
            sample = sample_source(study, request, pool, partition, n)(np.random.default_rng(seed))
            _keep(sample, request.name, partition.name.lower(), run)


def _keep(sample: Sample, kind: str, name: str, run: StageRun) -> None:
    sample.save(run.folder / kind / name)
    run.tracker.dataset(f"{kind} {name}", sample.digest(), name, len(sample))
    told = f"  {kind} {name}: {len(sample)} samples"
    if (size := sample.info.effective_sample_size) is not None:
        told += f"; worth at least {size.minimum:.0f} events at any hypothesis (median {size.median:.0f})"
        if size.warning is not None:
            click.echo(f"  warning: {size.warning}")
    click.echo(told)
