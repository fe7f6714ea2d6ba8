"""The report's sections on training and on whether its estimators can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.estimators.history import TrainingHistory
from assay.estimators.verdicts import CheckResult
from assay.reporting.content import Link, Outcome, Picture, Section, Table, Verdict
from assay.reporting.figures.calibration import calibration_curves
from assay.reporting.figures.joint import joint_versus_estimated
from assay.reporting.figures.training import TrainingCurve, training_curves
from assay.reporting.gallery import Columns, Gallery
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
            numbers=_losses(results),
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


def _losses(results: RunResults) -> Columns:
    rows = [
        (name, record.epoch, record.train_loss, record.validation_loss, record.epoch == history.best_epoch)
        for name, history in results.trainings.items()
        for record in history.records
    ]
    names = ("training", "epoch", "training_loss", "validation_loss", "kept")
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def _curve(history: TrainingHistory) -> TrainingCurve:
    records = history.records
    return TrainingCurve(
        np.array([record.epoch for record in records]),
        np.array([record.train_loss for record in records]),
        np.array([record.validation_loss for record in records]),
        history.best_epoch,
    )


def checks_section(results: RunResults, gallery: Gallery) -> Section:
    """Give the verdicts on every estimator in plain words: one on the whole, and a table of the checks."""
    if not results.trainings:
        return Section("Checks", "checks", "No method of this study is trained.")
    text = (
        "Each check compares a number with the value that it has for a perfect estimator, on test events. It is passed "
        "within its tolerance or three standard deviations, whichever is larger, failed beyond twice the tolerance and "
        "five standard deviations, and doubtful between. A mean ratio other than one shows a wrong normalisation; a "
        "calibration slope below one an estimate that is too steep (limits too narrow), above one too flat (limits too "
        "wide); a mean score other than zero a biased best fit. The joint ratio against labels tests the simulation "
        "alone, no estimator. The column “has to be” tells the rule: equal to a number, at most a bound, or clearly "
        "above one (by five standard deviations)."
    )
    checked = {name: results.checks[name] for name in results.learned if results.checks.get(name)}
    tables = [_checks_table(checked, data_links(results, next(iter(checked)), CHECKS))] if checked else []
    return Section(
        "Checks",
        "checks",
        text,
        verdicts=trust_verdicts(results),
        tables=tuple(tables),
        lead=_calibration(results, gallery),
    )


def _calibration(results: RunResults, gallery: Gallery) -> tuple[Picture, ...]:
    if not results.curves:
        return ()
    caption = (
        "Test samples in bins of the estimate: the share of those from the denominator that the joint ratios give, "
        "against the share that the estimated ratio says. Lower panel: the difference with its statistical error."
    )
    figure = calibration_curves(results.curves, results.colours)
    data = tuple(
        Link(f"{name} (HDF5)", link.href) for name in results.curves for link in data_links(results, name, DIAGNOSTICS)
    )
    numbers: Columns = {
        "method": [name for name, curve in results.curves.items() for _ in curve.estimated],
        **{
            part: np.concatenate([getattr(curve, part) for curve in results.curves.values()])
            for part in ("estimated", "found", "errors")
        },
    }
    return (gallery.add("calibration", figure, "Calibration curves", caption, data=data, numbers=numbers),)


def trust_verdicts(results: RunResults, topic: str = "") -> tuple[Verdict, ...]:
    """Say of every trained method whether its checks allow to trust it."""
    return tuple(method_verdict(name, results.checks.get(name, ()), topic) for name in results.learned)


_RULES = {"equal": "=", "at most": "≤", "above": ">"}


def _checks_table(checked: Mapping[str, tuple[CheckResult, ...]], links: tuple[Link, ...]) -> Table:
    rows = [
        (
            method,
            check.name,
            with_error(check.value, check.error),
            f"{_RULES[check.rule]} {check.expected:.4g}",
            f"± {check.tolerance:g}" if check.rule == "equal" else f"+ {check.tolerance:g}",
            signed(check.pull, 1) if check.error > 0 else "–",
            check.verdict,
            check.detail or "–",
        )
        for method, checks in checked.items()
        for check in checks
    ]
    columns = ("method", "check", "found", "has to be", "tolerance", "deviation / error", "verdict", "where")
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
        reason = f"all {len(checks)} checks passed{_within(checks)}"
    return Verdict(f"{method}: {trust.word}; {reason}.", trust.outcome, topic)


def _within(checks: tuple[CheckResult, ...]) -> str:
    """Say by how much the calibration is off: the largest deviation of the checks of normalisation and slope."""
    equal = [check for check in checks if check.rule == "equal"]
    named = [check for check in equal if check.name.startswith(("calibration", "mean"))] or equal
    if not named:
        return ""
    worst = max(named, key=lambda check: abs(check.value - check.expected))
    off = significant(100.0 * abs(worst.value - worst.expected), 2)
    what = "calibration" if named is not equal else "deviations"
    return f"; {what} within {off} % ({worst.name})"


def _trust(checks: tuple[CheckResult, ...]) -> _Trust:
    found = {check.verdict for check in checks}
    if "failed" in found:
        return _Trust("not to be trusted", "bad")
    if "doubtful" in found:
        return _Trust("to be used with care", "doubtful")
    return _Trust("trusted", "good")
