"""The report's sections on training and on whether its estimators can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.estimators.checks import CheckResult
from assay.estimators.history import TrainingHistory
from assay.reporting.content import Outcome, Section, Verdict
from assay.reporting.figures.joint import joint_versus_estimated
from assay.reporting.figures.training import TrainingCurve, training_curves
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import joined, significant, with_error
from assay.reporting.run import RunResults
from assay.reporting.tables import training_table

_OUTCOMES: dict[str, Outcome] = {"passed": "good", "doubtful": "doubtful", "failed": "bad"}


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
            "Loss per epoch; the star marks the epoch whose weights were kept.",
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
            pictures.append(gallery.add(name, figure, title, _JOINT_CAPTION))
    return Section("Training", "training", tables=(training_table(results.trainings),), pictures=tuple(pictures))


_JOINT_CAPTION = (
    "Test events. The joint quantity knows the whole event record and scatters around the true one, so the cloud has a "
    "width whatever the estimator; its mean (lower panel) is zero for a calibrated estimate."
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
    """Give the verdicts on every estimator in plain words: one on the whole, then one for each check."""
    verdicts = [
        verdict for name in results.trainings for verdict in method_verdicts(name, results.checks.get(name, ()))
    ]
    text = (
        "Each check compares a number with its exactly known value on test events. It is passed within its tolerance "
        "or two standard deviations, doubtful up to twice as much, and failed beyond."
    )
    return Section("Checks", "checks", text, verdicts=tuple(verdicts))


@dataclass(frozen=True)
class _Trust:
    word: str
    outcome: Outcome


def method_verdicts(method: str, checks: tuple[CheckResult, ...]) -> list[Verdict]:
    """Return what the checks say of one method, the summary first."""
    if not checks:
        return [Verdict(f"{method}: no checks were made.", "doubtful")]
    trust = _trust(checks)
    worst = [check.name for check in checks if check.verdict != "passed"]
    if worst:
        reason = f"{len(checks) - len(worst)} of {len(checks)} checks passed; look at {joined(worst)}"
    else:
        largest = max(abs(check.value - check.expected) for check in checks)
        reason = f"all {len(checks)} checks passed; the largest deviation is {significant(largest, 2)}"
    return [
        Verdict(f"{method}: {trust.word}; {reason}.", trust.outcome),
        *(_of_check(method, check) for check in checks),
    ]


def _trust(checks: tuple[CheckResult, ...]) -> _Trust:
    found = {check.verdict for check in checks}
    if "failed" in found:
        return _Trust("not to be trusted", "bad")
    if "doubtful" in found:
        return _Trust("to be used with care", "doubtful")
    return _Trust("trusted", "good")


def _of_check(method: str, check: CheckResult) -> Verdict:
    value = with_error(check.value, check.error)
    exact = f"expected {check.expected:g} (tolerance {check.tolerance:g})"
    text = f"{method}, {check.name}: {value}, {exact}: {check.verdict}."
    return Verdict(text, _OUTCOMES[check.verdict])
