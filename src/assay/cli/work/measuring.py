"""The measurement of a study's method: events and models put together, for limits, toys and information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assay.cli.work.pool import event_pool
from assay.errors import ModelError
from assay.estimators.ensemble import RatioEnsemble, ScoreEnsemble
from assay.estimators.families import Estimator
from assay.estimators.model_folder import load_estimator
from assay.estimators.normalised import NormalisedRatio
from assay.estimators.score import LocalScore
from assay.events.pool import EventPool, Partition
from assay.inference.expectation import Expectation
from assay.inference.from_study import expectation
from assay.inference.histograms import HistogramModel, columns, event_weights
from assay.inference.measurements import (
    adaptive_measurement,
    histogram_measurement,
    rate_measurement,
    ratio_measurement,
    score_measurement,
    truth_measurement,
)
from assay.inference.models import Measurement
from assay.inference.protocols import RatioEstimator, ScoreEstimator
from assay.study.model import HistogramMethod, Method, RateMethod, ScoreMethod, Study, TruthMethod, Untrained

Learned = ScoreEstimator | RatioEstimator


@dataclass(frozen=True)
class Question:
    """What a method is asked, and the events that it may use."""

    study: Study
    method: str
    section: Method
    pool: EventPool
    training: EventPool
    test: EventPool
    wanted: Expectation
    reference: tuple[float, ...]

    def of_signal(self) -> Question | None:
        """Return the same question of events without background; None if there is none."""
        if not self.pool.background.any():
            return None
        return replace(self, pool=self.pool.signal(), training=self.training.signal(), test=self.test.signal())


@dataclass(frozen=True)
class Posed:
    """A method's measurement, with the events that stand behind its shape and, if it is one, its histogram."""

    measurement: Measurement
    events: EventPool
    histogram: HistogramModel | None = None


def question_of(study: Study, method: str, section: Method, events: Path) -> Question:
    """Return what a method is asked, of an event file."""
    pool = event_pool(study, events)
    return Question(
        study=study,
        method=method,
        section=section,
        pool=pool,
        training=pool.select(Partition.TRAIN),
        test=pool.select(Partition.TEST),
        wanted=expectation(study, pool.space),
        reference=tuple(float(value) for value in pool.space.reference_values),
    )


def pose(question: Question, estimator: Learned | None) -> Posed:
    """Return the measurement of a method; methods without training have no estimator.

    Raises
    ------
    ModelError
        If the estimator is of another kind of method.
    """
    section, wanted, reference = question.section, question.wanted, question.reference
    pool, test, training = question.pool, question.test, question.training
    if isinstance(section, RateMethod):
        return Posed(rate_measurement(pool, wanted), pool)
    if isinstance(section, TruthMethod):
        return Posed(truth_measurement(pool, wanted, reference), pool)
    if isinstance(section, HistogramMethod):
        names, bins = section.observables, section.bins
        measurement, histogram = histogram_measurement(pool, training, names, bins, wanted, reference)
        return Posed(measurement, pool, histogram)
    if isinstance(section, ScoreMethod):
        if estimator is None or isinstance(estimator, RatioEstimator):
            raise ModelError(
                "the model is not of a score", where=question.method, expected=f"a model of {section.kind}"
            )
        if section.kind == "sally" and section.statistic == "score":
            found, histogram = score_measurement(pool, test, training, estimator, section.bins, wanted, reference)
            return Posed(found, test, histogram)
        kind: str = section.kind
        bins_of = (section.bins,) if kind == "sallino" else (section.bins, section.bins)
        return Posed(adaptive_measurement(pool, test, training, estimator, bins_of, wanted, reference), test)
    if not isinstance(estimator, RatioEstimator):
        raise ModelError("the model is not of a ratio", where=question.method, expected=f"a model of {section.kind}")
    return Posed(ratio_measurement(pool, test, estimator, wanted), test)


def normalised(question: Question, estimator: Estimator | RatioEnsemble | ScoreEnsemble) -> Learned:
    """Return a ratio as limits use it: divided by its mean over validation events, if its method says so."""
    if isinstance(estimator, LocalScore | ScoreEnsemble) or not getattr(question.section, "normalise", False):
        return estimator
    events = question.pool.select(Partition.VALIDATION)
    weights = event_weights(events, np.asarray(question.reference))
    return NormalisedRatio(estimator, columns(events, estimator.observables), weights)


def load_members(section: Method, models: Sequence[Path]) -> tuple[Estimator, ...]:
    """Return a method's estimators: of its members, the best of its scan, or none for methods without training.

    Raises
    ------
    ModelError
        If a model is of another kind of method.
    """
    if isinstance(section, Untrained):
        return ()
    members: list[Estimator] = []
    for model in models:
        estimator = load_estimator(model)
        if estimator.description.method != section.kind:
            raise ModelError(
                f"the model is of {estimator.description.method}",
                where=str(model),
                expected=f"a model of {section.kind}",
            )
        members.append(estimator)
    if section.scan is not None:  # losses of one method can be compared
        return (min(members, key=lambda member: member.description.training.validation_loss),)
    return tuple(members)


def together(members: Sequence[Estimator]) -> Estimator | RatioEnsemble | ScoreEnsemble | None:
    """Return the only estimator, the mean of an ensemble's members, or None without any."""
    if len(members) < 2:
        return next(iter(members), None)
    scores = [member for member in members if isinstance(member, LocalScore)]
    if scores:
        return ScoreEnsemble(scores)
    return RatioEnsemble([member for member in members if not isinstance(member, LocalScore)])
