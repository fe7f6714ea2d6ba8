"""What `toys` does, and what `evaluate` makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.measuring import (
    Posed,
    Question,
    load_members,
    normalised,
    pose,
    question_of,
    together,
)
from assay.errors import InferenceError
from assay.inference.models import Measurement
from assay.inference.protocols import Likelihood
from assay.inference.results import LimitResult
from assay.inference.toy_batch import ToyBatch, merged
from assay.inference.toy_points import toy_points
from assay.inference.toy_results import read_batches, write_batches
from assay.inference.toy_summary import DataStatistics, ToySummary, summaries, write_toys
from assay.inference.toys import ToySetting, run_all_toys
from assay.study.model import Study, Untrained
from assay.study.toy_jobs import ToyJob

BATCHES = "toys.h5"


def run_toy_job(study: Study, job: ToyJob, events: Path, models: Sequence[Path], run: StageRun) -> None:
    """Draw and analyse a job's toys at every point of the study, and write them."""
    section = study.methods[job.method]
    question = question_of(study, job.method, section, events)
    estimator = None
    if not isinstance(section, Untrained):
        whole = together(load_members(section, models))
        estimator = None if whole is None else normalised(question, whole)
    setting = toy_setting(question, pose(question, estimator))
    batches = run_all_toys(setting, job.n_toys, run.seed)
    for batch in batches:
        kind, failed = "with rate" if batch.include_rate else "shape only", sum(batch.failure_counts.values())
        click.echo(f"  {kind}: {job.n_toys} toys at {batch.theta_true.tolist()}, {failed} of them failed")
    write_batches(run.folder / BATCHES, batches)


def toy_setting(question: Question, posed: Posed) -> ToySetting:
    """Return how the toys of a method are drawn and analysed."""
    section, wanted = question.study.limits.toys, question.wanted
    if section is None:
        raise InferenceError("the study asks for no toys", where="limits.toys", expected="a section")
    return ToySetting(
        method=question.method,
        measurement=posed.measurement,
        events=posed.events,
        grid=wanted.grid,
        points=toy_points(section, wanted, question.pool.space),
        confidence_levels=wanted.confidence_levels,
        include_rate=wanted.include_rate,
    )


def summarise_toys(
    question: Question,
    posed: Posed,
    folders: Sequence[Path],
    found: Sequence[LimitResult],
    likelihood_of: Callable[[bool, Measurement], Likelihood],
    run: StageRun,
) -> tuple[ToySummary, ...]:
    """Merge a method's toys, compare them with its data, and write `toys.json` and `toys.h5`; nothing without toys.

    Parameters
    ----------
    question, posed
        The method's.
    folders
        Of the method's jobs of toys.
    found
        Limits of the data.
    likelihood_of
        Makes the likelihood of the data, for a choice of the rate.
    run
        Where to write.
    """
    batches = merged([batch for folder in folders for batch in read_batches(folder / BATCHES)])
    if not batches:
        return ()
    data = {}
    for limit in found:
        likelihood = likelihood_of(limit.include_rate, posed.measurement)
        data[limit.include_rate] = _statistics(question, posed.measurement, limit, likelihood, batches[0])
    result = summaries(batches, question.reference, data)
    write_batches(run.folder / BATCHES, batches)
    write_toys(run.folder / "toys.json", result)
    for summary in result:
        _tell(summary)
    return result


def _statistics(
    question: Question, measurement: Measurement, limit: LimitResult, likelihood: Likelihood, batch: ToyBatch
) -> DataStatistics:
    of_data = 2.0 * (limit.best_fit.log_likelihood - likelihood.log_likelihood(batch.points))
    without = measurement.expected(question.reference, limit.include_rate)
    at_reference = without.log_likelihood(np.array([question.reference]))
    of_reference = 2.0 * (at_reference - without.log_likelihood(batch.points))
    return DataStatistics(np.maximum(of_data, 0.0), np.maximum(of_reference, 0.0))


def _tell(summary: ToySummary) -> None:
    kind = "with rate" if summary.include_rate else "shape only"
    for theta, one in summary.flagged:
        what = one.parameter or "regions"
        click.echo(
            f"  {kind}: {what} at {one.confidence_level:.0%} CL cover {one.value:.1%} of {one.n_toys} toys at "
            f"{list(theta)}, expected within {one.band[0]:.1%} and {one.band[1]:.1%}: {one.verdict}, {one.tendency}"
        )
    if summary.n_failed:
        click.echo(f"  {kind}: {summary.n_failed} toys failed")
    for note in summary.notes:
        click.echo(f"  note: {note}")
