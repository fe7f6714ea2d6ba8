"""What `evaluate` does: a method's answer to the questions that all methods are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.pool import event_pool
from assay.errors import ModelError
from assay.estimators.diagnostics import Diagnostics, ratio_diagnostics, score_diagnostics
from assay.estimators.model_folder import load_estimator
from assay.estimators.normalised import NormalisedRatio
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.events.pool import EventPool, Partition
from assay.files import write_json
from assay.inference.curvature import curvature_checks
from assay.inference.expected import (
    Expectation,
    estimated_scores,
    histogram_limits,
    observable_histogram,
    rate_limits,
    ratio_limits,
    score_histogram,
    total_templates,
)
from assay.inference.expected_fisher import (
    FisherSetting,
    calibrated_fisher,
    histogram_fisher,
    truth_fisher,
)
from assay.inference.from_study import expectation
from assay.inference.histograms import columns, event_weights
from assay.inference.information import FisherResult, write_fisher
from assay.inference.protocols import RatioEstimator
from assay.inference.results import LimitResult, write_limits
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import HistogramMethod, Method, RateMethod, RatioMethod, ScoreMethod, Study


@dataclass(frozen=True)
class Results:
    """What one method gives."""

    limits: Sequence[LimitResult]
    fisher: Sequence[FisherResult]
    diagnostics: Diagnostics | None = None


@dataclass(frozen=True)
class Question:
    """What all methods are asked, and the events they may use."""

    study: Study
    method: str
    section: Method
    pool: EventPool
    training: EventPool
    test: EventPool
    wanted: Expectation
    at_reference: FisherSetting
    samples: Path


def question_of(study: Study, method: str, section: Method, events: Path, samples: Path) -> Question:
    """Return what a method is asked, of an event file."""
    pool = event_pool(study, events)
    reference = tuple(float(value) for value in pool.space.reference_values)
    return Question(
        study=study,
        method=method,
        section=section,
        pool=pool,
        training=pool.select(Partition.TRAIN),
        test=pool.select(Partition.TEST),
        wanted=expectation(study, pool.space),
        at_reference=FisherSetting(total_templates(pool), reference, study.luminosity, tuple(pool.space.names)),
        samples=samples,
    )


def answer(question: Question, model: Path) -> Results:
    """Return a method's limits, information and diagnostics.

    Raises
    ------
    ModelError
        If the model is of another kind of method.
    """
    section = question.section
    if isinstance(section, RateMethod):
        return Results([rate_limits(question.pool, question.wanted, question.method)], [question.at_reference.rate()])
    if isinstance(section, HistogramMethod):
        return _histogram(question, section)
    estimator = load_estimator(model)
    if estimator.description.method != section.kind:
        raise ModelError(
            f"the model is of {estimator.description.method}", where=str(model), expected=f"a model of {section.kind}"
        )
    if isinstance(section, RatioMethod) and isinstance(estimator, ParameterisedRatio):
        return _ratio(question, estimator, section.normalise)
    assert isinstance(section, ScoreMethod)  # noqa: S101 - the kinds agree
    assert isinstance(estimator, LocalScore)  # noqa: S101
    return _score(question, section, estimator)


def _histogram(question: Question, section: HistogramMethod) -> Results:
    wanted, reference = question.wanted, question.at_reference.theta
    histogram = observable_histogram(
        question.pool, question.training, section.observables, section.bins, wanted, reference
    )
    limits = histogram_limits(question.pool, histogram, wanted, question.method)
    return Results(limits, histogram_fisher(question.at_reference, histogram.templates, question.method))


def _score(question: Question, section: ScoreMethod, estimator: LocalScore) -> Results:
    test, training = question.test, question.training
    scores = estimated_scores(estimator, test), estimated_scores(estimator, training)
    histogram = score_histogram(test, training, scores, section.bins, question.wanted, question.at_reference.theta)
    limits = histogram_limits(question.pool, histogram, question.wanted, question.method, test)
    fisher = [
        *calibrated_fisher(question.at_reference, test, scores[0], question.method),
        *truth_fisher(question.at_reference, test),
    ]
    return Results(limits, fisher, score_diagnostics(estimator, ScoreSample.load(question.samples / "test")))


def _ratio(question: Question, estimator: ParameterisedRatio, normalise: bool) -> Results:
    reference = np.asarray(question.at_reference.theta)
    ratio: RatioEstimator = estimator
    if normalise:
        events = question.pool.select(Partition.VALIDATION)
        ratio = NormalisedRatio(estimator, columns(events, estimator.observables), event_weights(events, reference))
    limits = ratio_limits(question.pool, question.test, ratio, question.wanted, question.method)
    scores = ratio.score(columns(question.test, estimator.observables), reference)
    fisher = calibrated_fisher(question.at_reference, question.test, scores, question.method)
    curvature = curvature_checks(ratio, question.test, fisher[1], question.at_reference.sigma, estimator.ranges)
    diagnostics = ratio_diagnostics(estimator, RatioSample.load(question.samples / "test"))
    return Results(limits, fisher, replace(diagnostics, checks=(*diagnostics.checks, *curvature)))


def write_results(results: Results, run: StageRun) -> None:
    """Write and tell what a method gave."""
    for limit in results.limits:
        write_limits(run.folder / ("limits_rate" if limit.include_rate else "limits_shape"), limit)
        _tell_limits(limit, run)
    write_fisher(run.folder / "fisher", results.fisher)
    if results.diagnostics is not None:
        results.diagnostics.write(run.folder / "diagnostics.h5")
        write_json(run.folder / "checks.json", [asdict(check) for check in results.diagnostics.checks])
        for quantity, found in zip(results.diagnostics.quantities, results.diagnostics.agreements, strict=True):
            label = quantity.replace(" ", "_")
            run.tracker.metrics({f"{label}.correlation": found.correlation, f"{label}.mse": found.mean_squared_error})
        for check in results.diagnostics.checks:
            click.echo(
                f"  {check.name}: {check.value:.4f} +- {check.error:.4f}, expected {check.expected:g}: {check.verdict}"
            )


def _tell_limits(limit: LimitResult, run: StageRun) -> None:
    kind = "with rate" if limit.include_rate else "shape only"
    for interval in limit.intervals:
        parts = ", ".join(f"[{segment.lower:.4f}, {segment.upper:.4f}]" for segment in interval.segments)
        click.echo(f"  {kind}: {interval.parameter} at {interval.confidence_level:.0%} CL: {parts}")
        width = sum(segment.upper - segment.lower for segment in interval.segments)
        level = f"{interval.confidence_level:g}".replace("0.", "")
        run.tracker.metrics(
            {f"{limit.method}.{'rate' if limit.include_rate else 'shape'}.{interval.parameter}.width_{level}": width}
        )
    for warning in limit.warnings:
        click.echo(f"  warning: {warning}")
