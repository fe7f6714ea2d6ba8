"""The report's sections on training and on whether its estimators can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.estimators.history import TrainingHistory
from assay.estimators.verdicts import CheckResult
from assay.reporting.content import Link, Outcome, Section, Table, Verdict
from assay.reporting.figures.joint import joint_versus_estimated
from assay.reporting.figures.training import TrainingCurve, training_curves
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import joined, signed, significant, with_error
from assay.reporting.run import CHECKS, DIAGNOSTICS, RunResults, data_links
from assay.reporting.tables import scan_tables, training_table


def training_section(results: RunResults, gallery: Gallery) -> Section:
    """Show how the trainings went, and joint against estimated quantities."""
    if not results.trainings:
        return Section("Training", "training", "No method of this study is trained.")
    curves = {name: _curve(history) for name, history in results.trainings.items()}
    pictures = [
        gallery.add(
            "training",
            training_curves(curves),
            "Training curves",
            "Loss per epoch, on training samples and on those of validation events, which stop the training; the star "
            "marks the epoch whose weights were kept. Losses of different methods cannot be compared.",
            wide=len(curves) > 1,
        )
    ]
    for comparison in results.comparisons:
        for number, quantity in enumerate(comparison.quantities):
            name = f"joint_{comparison.method}" + (f"_{number + 1}" if len(comparison.quantities) > 1 else "")
            figure = joint_versus_estimated(
                comparison.joint[:, number], comparison.estimated[:, number], comparison.method, quantity
            )
            title = f"{comparison.method}: joint against estimated {quantity}"
            score = quantity.startswith("score")
            caption = f"{_SCORE if score else _RATIO} {_JOINT_CAPTION}"
            data = data_links(results, comparison.method, DIAGNOSTICS)
            pictures.append(gallery.add(name, figure, title, caption, data=data))
    warnings = [
        f"{name}: the last epoch was the best, so more epochs might improve it"
        for name, history in results.trainings.items()
        if len(history.records) == history.best_epoch
    ]
    return Section(
        "Training",
        "training",
        warnings=tuple(warnings),
        tables=(training_table(results), *scan_tables(results)),
        pictures=tuple(pictures),
    )


_RATIO = "Log likelihood ratio of test samples, each at its own hypothesis against the reference."
_SCORE = "Score (gradient of the log likelihood) at the reference, of test samples."
_JOINT_CAPTION = (
    "The joint quantity knows the whole event record and scatters around the true one, so the cloud has a width "
    "whatever the estimator; the mean of the difference (lower panel) is zero for a calibrated estimate."
)


def _curve(history: TrainingHistory) -> TrainingCurve:
    records = history.records
    return TrainingCurve(
        np.array([record.epoch for record in records]),
        np.array([record.train_loss for record in records]),
        np.array([record.validation_loss for record in records]),
        history.best_epoch,
    )


def checks_section(results: RunResults) -> Section:
    """Give the verdicts on every estimator in plain words: one on the whole, and a table of the checks."""
    if not results.trainings:
        return Section("Checks", "checks", "No method of this study is trained.")
    text = (
        "Each check compares a number with the value that it has for a perfect estimator, on test events. It is passed "
        "within its tolerance or three standard deviations, whichever is larger, failed beyond twice the tolerance and "
        "five standard deviations, and doubtful between. A mean ratio other than one shows a wrong normalisation; a "
        "calibration slope below one an estimate that is too steep (limits too narrow), above one too flat (limits too "
        "wide); a mean score other than zero a biased best fit. The joint ratio against labels tests the simulation "
        "alone, no estimator."
    )
    checked = {name: results.checks[name] for name in results.learned if results.checks.get(name)}
    tables = [_checks_table(checked, data_links(results, next(iter(checked)), CHECKS))] if checked else []
    return Section("Checks", "checks", text, verdicts=trust_verdicts(results), tables=tuple(tables))


def trust_verdicts(results: RunResults, topic: str = "") -> tuple[Verdict, ...]:
    """Say of every trained method whether its checks allow to trust it."""
    return tuple(method_verdict(name, results.checks.get(name, ()), topic) for name in results.learned)


def _checks_table(checked: Mapping[str, tuple[CheckResult, ...]], links: tuple[Link, ...]) -> Table:
    rows = [
        (
            method,
            check.name,
            with_error(check.value, check.error),
            f"{check.expected:g}",
            f"± {check.tolerance:g}",
            signed(check.pull, 1),
            check.verdict,
            check.detail or "–",
        )
        for method, checks in checked.items()
        for check in checks
    ]
    columns = ("method", "check", "found", "expected", "tolerance", "deviation / error", "verdict", "where")
    return Table("All checks", columns, tuple(rows), links)


@dataclass(frozen=True)
class _Trust:
    word: str
    outcome: Outcome


def method_verdict(method: str, checks: tuple[CheckResult, ...], topic: str = "") -> Verdict:
    """Return what the checks say of one method."""
    if not checks:
        return Verdict(f"{method}: no checks were made.", "doubtful", topic)
    trust = _trust(checks)
    worst = [check for check in checks if check.verdict != "passed"]
    if worst:
        found = [f"{c.name} ({with_error(c.value, c.error)}, expected {c.expected:g}: {c.verdict})" for c in worst]
        reason = f"{len(checks) - len(worst)} of {len(checks)} checks passed, but not {joined(found)}"
    else:
        largest = max(abs(check.value - check.expected) for check in checks)
        reason = f"all {len(checks)} checks passed; the largest deviation is {significant(100 * largest, 2)} %"
    return Verdict(f"{method}: {trust.word}; {reason}.", trust.outcome, topic)


def _trust(checks: tuple[CheckResult, ...]) -> _Trust:
    found = {check.verdict for check in checks}
    if "failed" in found:
        return _Trust("not to be trusted", "bad")
    if "doubtful" in found:
        return _Trust("to be used with care", "doubtful")
    return _Trust("trusted", "good")
