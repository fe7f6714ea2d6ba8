"""What `evaluate` does: a method's answer to the questions that all methods are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import click
import numpy as np

from assay.cli.stage import StageRun
from assay.cli.work.information import Information, information_of
from assay.cli.work.measuring import Learned, Posed, Question, load_members, normalised, pose, together
from assay.cli.work.posterior import write_posterior
from assay.cli.work.toys import summarise_toys
from assay.errors import InferenceError
from assay.estimators.diagnostics import Diagnostics, diagnose
from assay.estimators.ensemble import RatioEnsemble, ScoreEnsemble
from assay.estimators.families import Estimator
from assay.estimators.verdicts import CheckResult, Verdict
from assay.files import write_json
from assay.inference.contour_results import ContourRecord, write_contours
from assay.inference.curvature import curvature_checks
from assay.inference.ensemble_limits import spread_of
from assay.inference.expected import method_contours, method_limits
from assay.inference.impacts import SystematicsResult, systematics, write_systematics
from assay.inference.information import write_fisher
from assay.inference.information_distribution import write_distributions
from assay.inference.models import Measurement
from assay.inference.nominal import NominalRatio
from assay.inference.observed import count_observed, read_observed
from assay.inference.protocols import Array, Likelihood, RatioEstimator
from assay.inference.results import LimitResult, write_limits
from assay.sampling.samples import load_sample
from assay.study.model import RateMethod, ScoreMethod, TruthMethod, Untrained

VERDICT_VALUES: Mapping[Verdict, float] = {"passed": 1.0, "doubtful": 0.5, "failed": 0.0}


@dataclass(frozen=True)
class Results:
    """What one method gives."""

    posed: Posed
    observed: Array | None
    limits: Sequence[LimitResult]
    contours: Sequence[ContourRecord]
    information: Information
    systematics: Sequence[SystematicsResult] = ()
    diagnostics: Diagnostics | None = None


def evaluate(
    question: Question, models: Sequence[Path], samples: Path, data: Path | None, toys: Sequence[Path], run: StageRun
) -> None:
    """Write and tell a method's answer, and what its toys say of it.

    Parameters
    ----------
    question, models, samples, data
        See `answer`.
    toys
        Folders of the method's jobs of toys.
    run
        Where to write.
    """
    results = answer(question, models, samples, data)
    write_results(results, run)
    likelihood_of = partial(_likelihood, question, results.observed)
    summarise_toys(question, results.posed, toys, results.limits, likelihood_of, run)
    write_posterior(question, results.posed, likelihood_of, run)


def answer(question: Question, models: Sequence[Path], samples: Path, data: Path | None) -> Results:
    """Return a method's limits, information, systematics and diagnostics.

    Parameters
    ----------
    question
        What is asked.
    models
        The model of the method, or the models of its ensemble's members; not read of a method without training.
    samples
        Folder with the test samples of a method that was trained.
    data
        A file of observed events; None for expected data.

    Raises
    ------
    ModelError
        If a model is of another kind of method.
    InferenceError
        If likelihoods are not finite, or data lack an observable.
    """
    raw = load_members(question.section, models)
    members = tuple(normalised(question, member) for member in raw)
    whole = together(raw)
    learned = None if whole is None else normalised(question, whole)
    posed = pose(question, learned)
    observed = _observed(question, posed, data)
    found, contours = _limits(question, posed, observed)
    if len(members) > 1:
        found = _with_spread(question, members, found, observed)
    information = information_of(question, posed, learned)
    effects = _systematics(question, posed, learned, observed)
    diagnostics = None if whole is None else _diagnostics(question, whole, samples)
    if diagnostics is not None and isinstance(learned, RatioEstimator):
        checks = _curvature(question, learned, information)
        diagnostics = replace(diagnostics, checks=(*diagnostics.checks, *checks))
    return Results(posed, observed, found, contours, information, effects, diagnostics)


def _observed(question: Question, posed: Posed, data: Path | None) -> Array | None:
    """Return what the method sees of observed events."""
    if data is None:
        return None
    if isinstance(question.section, TruthMethod):
        raise InferenceError(
            "observed events have no complete event record",
            where=f"methods.{question.method}",
            mend="remove the method `truth`, or limits.data",
        )
    shape = posed.measurement.shape
    if shape is None or isinstance(question.section, RateMethod):
        return np.zeros((count_observed(data), 0))
    return read_observed(data, shape.observables)


def _limits(
    question: Question, posed: Posed, observed: Array | None
) -> tuple[tuple[LimitResult, ...], tuple[ContourRecord, ...]]:
    """Return a method's limits, and how contours were found if few evaluations are asked for."""
    if question.wanted.strategy != "contours":
        return method_limits(posed.measurement, posed.events, question.wanted, question.method, observed), ()
    pairs = method_contours(posed.measurement, question.wanted, question.method, observed)
    return tuple(limit for limit, _ in pairs), tuple(record for _, record in pairs)


def _with_spread(
    question: Question, members: Sequence[Learned], found: Sequence[LimitResult], observed: Array | None
) -> tuple[LimitResult, ...]:
    """Return the ensemble's limits with the spread over the limits of its members."""
    single = [_limits(question, pose(question, member), observed)[0] for member in members]
    return tuple(replace(one, ensemble=spread_of(ones)) for one, *ones in zip(found, *single, strict=True))


def _systematics(
    question: Question, posed: Posed, learned: Learned | None, observed: Array | None
) -> tuple[SystematicsResult, ...]:
    """Return the effect of nuisance parameters and of backgrounds, where there are any."""
    bare = _signal_alone(question, learned) if observed is None else None
    measurement = posed.measurement.interpolating(question.wanted.grid)
    if not question.study.limits.impacts or (not measurement.nuisance and bare is None):
        return ()
    results = []
    for include_rate in question.wanted.include_rate if measurement.shape is not None else (True,):
        likelihood_of = partial(_likelihood, question, observed, include_rate)
        others = {} if bare is None else {"without background": likelihood_of(bare)}
        level, bounds = question.wanted.confidence_levels[0], question.wanted.grid.bounds
        results.append(systematics(question.method, include_rate, measurement, likelihood_of, bounds, level, others))
    return tuple(results)


def _likelihood(question: Question, observed: Array | None, include_rate: bool, measurement: Measurement) -> Likelihood:
    if observed is not None:
        return measurement.observed(observed, include_rate)
    return measurement.expected(question.wanted.theta_true, include_rate)


def _signal_alone(question: Question, learned: Learned | None) -> Measurement | None:
    """Return the measurement without background, of the methods whose likelihood is known then.

    Histograms of a score have templates of the signal alone; the score itself stays that of the mixture. A ratio that
    was trained on the mixture is no ratio of densities of the signal.
    """
    if not isinstance(question.section, Untrained | ScoreMethod):
        return None
    alone = question.of_signal()
    return None if alone is None else pose(alone, learned).measurement


def _diagnostics(
    question: Question, estimator: Estimator | RatioEnsemble | ScoreEnsemble, samples: Path
) -> Diagnostics:
    """Check an estimator, at the corners of the grid too; a training on a stream has no sample to compare with."""
    test = load_sample(samples / "test")
    training = load_sample(samples / "train") if (samples / "train").exists() else None
    corners = question.wanted.grid.bounds.T
    nominal = np.zeros((len(corners), len(estimator.parameters) - corners.shape[1]))
    return diagnose(estimator, test, training, np.concatenate([corners, nominal], axis=1))


def _curvature(question: Question, ratio: RatioEstimator, information: Information) -> tuple[CheckResult, ...]:
    shape = next(one for one in information.known if not one.include_rate)
    n_nuisance = len(getattr(ratio, "nuisance", ()))
    ranges = np.asarray(question.wanted.ranges)
    sigma = float(question.pool.cross_section(np.asarray(shape.theta))[0][0])
    return curvature_checks(NominalRatio(ratio, n_nuisance), question.test, shape, sigma, ranges)


def write_results(results: Results, run: StageRun) -> None:
    """Write and tell what a method gave."""
    for limit in results.limits:
        write_limits(run.folder / ("limits_rate" if limit.include_rate else "limits_shape"), limit)
        _tell_limits(limit, run)
    if results.contours:
        write_contours(run.folder / "contours", results.contours)
    information = results.information
    write_fisher(run.folder / "fisher", information.results)
    if information.joint:
        write_fisher(run.folder / "fisher_with_nuisance", information.joint)
    if information.distributions:
        write_distributions(run.folder / "information_distributions.h5", information.distributions)
    if results.systematics:
        write_systematics(run.folder / "systematics.json", results.systematics)
        for effect in results.systematics:
            _tell_systematics(effect, run)
    if results.diagnostics is not None:
        _write_diagnostics(results.diagnostics, results.limits[0].method, run)


def _write_diagnostics(diagnostics: Diagnostics, method: str, run: StageRun) -> None:
    diagnostics.write(run.folder / "diagnostics.h5")
    write_json(run.folder / "checks.json", [asdict(check) for check in diagnostics.checks])
    for quantity, found in zip(diagnostics.quantities, diagnostics.agreements, strict=True):
        label = quantity.replace(" ", "_")
        errors = {"correlation": found.correlation, "mse": found.mean_squared_error}
        run.tracker.metrics({f"{method}.{label}.{name}": value for name, value in errors.items()})
    run.tracker.metrics(verdict_metrics(method, diagnostics.checks))
    for check in diagnostics.checks:
        click.echo(
            f"  {check.name}: {check.value:.4f} +- {check.error:.4f}, expected {check.expected:g}: {check.verdict}"
        )


def verdict_metrics(method: str, checks: Sequence[CheckResult]) -> dict[str, float]:
    """Return the checks of a method's model as metrics.

    Each check's value, and its verdict as the number passed 1, doubtful 0.5, failed 0; and how many there are of each.
    """
    counts = Counter(check.verdict for check in checks)
    metrics = {f"{method}.checks.{verdict}": float(counts[verdict]) for verdict in VERDICT_VALUES}
    for check in checks:
        label = f"{method}.check.{check.name.replace(' ', '_')}"
        metrics |= {f"{label}.value": check.value, f"{label}.verdict": VERDICT_VALUES[check.verdict]}
    return metrics


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
    if limit.exclusion is not None and limit.exclusion.theta != limit.theta_true:
        click.echo(f"  {kind}: the reference is excluded at {limit.exclusion.significance:.2f} standard deviations")
    for warning in limit.warnings:
        click.echo(f"  warning: {warning}")


def _tell_systematics(effect: SystematicsResult, run: StageRun) -> None:
    kind = "with rate" if effect.include_rate else "shape only"
    whole = effect.widths[0].widths
    for one in effect.widths[1:]:
        for name, width, less in zip(effect.parameters, whole, one.widths, strict=True):
            if width is not None and less is not None:
                share = 100.0 * (width / less - 1.0)
                click.echo(f"  {kind}: {name} {share:+.1f} % wider than {one.name}")
                key = f"{effect.method}.{'rate' if effect.include_rate else 'shape'}.{name}"
                run.tracker.metrics({f"{key}.width_over_{one.name.replace(' ', '_')}": width / less})
