"""`assay sample`: stage 7, augmented data for training, validation and test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import yaml

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.errors import EventFileError
from assay.events.eventfile import read_event_file
from assay.events.pool import EventPool, Partition
from assay.events.table import EventTable
from assay.files import write_text
from assay.sampling.augment import SizeLimits, draw_ratio_sample, draw_score_sample
from assay.sampling.from_study import hypothesis_prior
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import HistogramMethod, RatioMethod, Study

Draw = Callable[[EventPool, int, np.random.Generator], RatioSample | ScoreSample]


@click.command("sample", short_help="Stage 7: augmented data for training.")
@study_option
@file_option("--events", help="combined.h5, or an event file of MadMiner.")
@output_option
def command(study_path: Path, events: Path, output: Path) -> None:
    """Draw training, validation and test samples from disjoint events: writes ratio/ and score/."""
    study = read_study(study_path)
    run_stage("sample", study, output, {"events": [events]}, lambda run: _sample(study, events, run))


def _sample(study: Study, events: Path, run: StageRun) -> None:
    pool = event_pool(study, events)
    reference = pool.space.reference_values
    limits = SizeLimits(warning=10 * study.sampling.min_effective_events, refusal=study.sampling.min_effective_events)

    def ratio(part: EventPool, n: int, rng: np.random.Generator) -> RatioSample:
        prior, hypotheses = hypothesis_prior(study), study.sampling.hypotheses
        return draw_ratio_sample(
            part, n, prior, reference, rng, n_hypotheses=hypotheses, normalisation=pool, limits=limits
        )

    def score(part: EventPool, n: int, rng: np.random.Generator) -> ScoreSample:
        return draw_score_sample(part, n, reference, rng, normalisation=pool, limits=limits)

    kinds: dict[str, Draw] = {"score": score}
    if any(isinstance(method, RatioMethod) for method in study.methods.values()):
        kinds["ratio"] = ratio
    for number, (kind, draw) in enumerate(sorted(kinds.items())):
        _draw_partitions(study, pool, run, kind, draw, number)
    folders = [
        run.folder / ("ratio" if isinstance(method, RatioMethod) else "score") for method in study.methods.values()
    ]
    listing = {"methods": list(study.methods), "samples": [str(folder) for folder in folders]}
    write_text(run.folder / "published.yml", yaml.safe_dump(listing))


def _draw_partitions(study: Study, pool: EventPool, run: StageRun, kind: str, draw: Draw, number: int) -> None:
    sizes = {
        Partition.TRAIN: study.sampling.train_samples,
        Partition.VALIDATION: study.sampling.validation_samples,
        Partition.TEST: study.sampling.test_samples,
    }
    for partition, n in sizes.items():
        rng = np.random.default_rng([run.seed, number, partition])
        sample = draw(pool.select(partition), n - n % 2, rng)
        name = partition.name.lower()
        sample.save(run.folder / kind / name)
        run.tracker.dataset(f"{kind} {name}", sample.digest(), name, len(sample))
        size = sample.info.effective_sample_size
        worth = (
            ""
            if size is None
            else f"; worth at least {size.minimum:.0f} events at any hypothesis (median {size.median:.0f})"
        )
        click.echo(f"  {kind} {name}: {len(sample)} samples{worth}")


def event_pool(study: Study, events: Path) -> EventPool:
    """Read an event file as the pool that the stages 7 to 10 share: the same partitions everywhere.

    Raises
    ------
    EventFileError
        If the file, which may be anybody's, is not of this study's parameters and observables.
    """
    fractions, table = study.sampling.fractions, read_event_file(events)
    _check_fits(study, table, events)
    return EventPool.from_table(table, (fractions.train, fractions.validation, fractions.test), seed=study.seed)


def _check_fits(study: Study, table: EventTable, events: Path) -> None:
    wanted, found = tuple(study.parameters), tuple(table.space.names)
    if wanted != found:
        raise EventFileError(
            f"the events are of the parameters {', '.join(found)}",
            where=str(events),
            expected=f"{', '.join(wanted)}, in this order, as in the study",
            mend="give the study the parameters of its event file",
        )
    methods = [method for method in study.methods.values() if isinstance(method, HistogramMethod)]
    missing = sorted({name for method in methods for name in method.observables} - set(table.observable_names))
    if missing:
        raise EventFileError(
            f"the events have no observable {', '.join(missing)}, of which a histogram is asked for",
            where=str(events),
            expected=f"some of {', '.join(table.observable_names)}",
        )
