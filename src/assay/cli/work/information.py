"""The Fisher information of a study's method, with nuisance parameters profiled, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.cli.work.measuring import Learned, Posed, Question
from assay.events.pool import EventPool
from assay.inference.expected_fisher import (
    FisherSetting,
    calibrated_fisher,
    histogram_fisher,
    joint_scores,
    profiled,
    truth_fisher,
)
from assay.inference.from_study import fisher_point
from assay.inference.histograms import columns, event_weights
from assay.inference.information import FisherResult
from assay.inference.information_distribution import InformationDistribution, information_distribution
from assay.inference.measurements import total_templates
from assay.inference.nuisance_information import BinnedEvents
from assay.inference.protocols import Array, RatioEstimator, UncertainExpectations
from assay.study.model import HistogramMethod, RateMethod, TruthMethod


@dataclass(frozen=True)
class Information:
    """A method's information.

    Parameters
    ----------
    results
        On the parameters of interest, nuisance parameters profiled with their constraints.
    joint
        On all parameters, without constraints; empty without nuisance parameters.
    known
        On the parameters of interest, nuisance parameters known.
    distributions
        Over observables.
    """

    results: tuple[FisherResult, ...]
    joint: tuple[FisherResult, ...]
    known: tuple[FisherResult, ...]
    distributions: tuple[InformationDistribution, ...]


def information_of(question: Question, posed: Posed, learned: Learned | None) -> Information:
    """Return the information of a method at the point that the study asks for.

    A score is known at the reference alone: asked for elsewhere, it gives no information of its own.
    """
    setting = fisher_setting(question, posed.measurement.nuisance)
    scores = _scores(question, setting, learned)
    joint = tuple(_joint(question, setting, posed, learned, scores))
    names, nuisance = question.wanted.grid.parameters, posed.measurement.nuisance
    known = tuple(one.project(names) for one in joint) if nuisance else joint
    return Information(
        profiled(joint, nuisance),
        joint if nuisance else (),
        known,
        tuple(_distributions(question, setting, scores)),
    )


def fisher_setting(question: Question, nuisance: tuple[str, ...]) -> FisherSetting:
    """Return where information is evaluated."""
    pool, names = question.pool, question.wanted.grid.parameters
    point = fisher_point(question.study, pool.space)
    total: UncertainExpectations = BinnedEvents.total(pool) if nuisance else total_templates(pool)
    theta = (*point, *(0.0 for _ in nuisance))
    return FisherSetting(total, theta, question.study.luminosity, (*names, *nuisance), nuisance)


def _joint(
    question: Question, setting: FisherSetting, posed: Posed, learned: Learned | None, scores: Array | None
) -> Sequence[FisherResult]:
    section = question.section
    if isinstance(section, RateMethod):
        return [setting.rate()]
    if isinstance(section, TruthMethod):
        return truth_fisher(setting, _events(question, setting), question.method)
    if isinstance(section, HistogramMethod):
        return histogram_fisher(setting, _binned(question, setting, posed), question.method)
    test = _nominal(question.test, setting)
    found: list[FisherResult] = []
    if scores is not None:
        found += calibrated_fisher(setting, test, scores, question.method)
    if not isinstance(learned, RatioEstimator):
        found += truth_fisher(setting, test)
    return found


def _scores(question: Question, setting: FisherSetting, learned: Learned | None) -> Array | None:
    """Return the scores of the method's events at the setting's point, (E, P or P + K); None where it has none."""
    if isinstance(question.section, TruthMethod):
        return joint_scores(_events(question, setting), setting.of_interest)
    if learned is None:
        return None
    x = columns(question.test, learned.observables)
    if isinstance(learned, RatioEstimator):
        n_nuisance = len(getattr(learned, "nuisance", ()))
        point = np.concatenate([setting.of_interest, np.zeros(n_nuisance)])
        return np.asarray(learned.score(x, point), dtype=np.float64)
    if setting.of_interest != question.reference:
        return None
    return np.asarray(learned.score(x), dtype=np.float64)


def _binned(question: Question, setting: FisherSetting, posed: Posed) -> UncertainExpectations:
    assert posed.histogram is not None  # noqa: S101 - it is the method's
    model = posed.histogram
    values = columns(question.pool, model.binning.names)
    bins = model.groups[model.binning.index(values)]
    return BinnedEvents(_events(question, setting), bins, int(model.groups.max()) + 1)


def _events(question: Question, setting: FisherSetting) -> EventPool:
    return _nominal(question.pool, setting)


def _nominal(pool: EventPool, setting: FisherSetting) -> EventPool:
    """Return the events without nuisance parameters if the setting has none."""
    return pool if setting.nuisance else pool.at_nominal()


def _distributions(
    question: Question, setting: FisherSetting, scores: Array | None
) -> Sequence[InformationDistribution]:
    if scores is None:
        return []
    events = question.pool if isinstance(question.section, TruthMethod) else question.test
    weights = event_weights(events, setting.of_interest)
    section, names = question.study.limits.fisher, question.wanted.grid.parameters
    return [
        information_distribution(
            question.method,
            observable,
            names,
            columns(events, [observable])[:, 0],
            scores[:, : len(names)],
            weights,
            setting.luminosity,
            section.bins,
        )
        for observable in section.distributions
    ]
