"""Checks of ensembles and scans of hyper-parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from assay.study.checks.draft import Check, Draft, interval_finding
from assay.study.describe import field_expectation
from assay.study.model import Trained, TrainingSection
from assay.study.model_scan import LogUniformRange, ScanRange, ScanSection
from assay.study.problems import Finding, Location, listed, suggestion

NOT_SCANNED = frozenset({"source", "device", "preprocessing", "trim"})
"""Settings of a training that say where it runs, on what, or, as the weight alpha of a score term, what its loss is:
the least of different losses says nothing."""


def one_kind_of_fan_out(draft: Draft) -> Iterable[Finding]:
    """Check that a method is not both an ensemble and a scan: a scan keeps its best training alone."""
    for name, method in draft.methods.items():
        if isinstance(method, Trained) and method.scan is not None and method.ensemble > 1:
            yield Finding(
                ("methods", name, "ensemble"),
                f"an ensemble of {method.ensemble} trainings and a scan, which keeps the best of its trainings",
                "one of the two",
                "scan first, then write the best settings under training and remove the scan",
            )


def scans(draft: Draft) -> Iterable[Finding]:
    """Check that scans are over settings that there are, with values that these can have."""
    for name, method in draft.methods.items():
        if isinstance(method, Trained) and method.scan is not None:
            yield from _scan(("methods", name, "scan"), method, method.scan)


def _scan(location: Location, method: Trained, scan: ScanSection) -> Iterable[Finding]:
    known = [setting for setting in TrainingSection.model_fields if setting not in NOT_SCANNED]
    for setting, one in scan.parameters.items():
        where = (*location, "parameters", setting)
        if setting not in known:
            yield Finding(
                where,
                f"a scan over {setting}, which is no setting of the training of {method.kind}",
                f"one of {listed(known)}",
                suggestion(setting, known, "remove it"),
                on_key=True,
            )
        elif scan.sampler == "grid" and not isinstance(one, tuple):
            yield Finding(
                where,
                f"a range of {setting} although the sampler is grid",
                "a list of values",
                "list values, or write sampler: random",
            )
        else:
            yield from _range(where, setting, one)


def _range(where: Location, setting: str, one: ScanRange) -> Iterable[Finding]:
    if isinstance(one, tuple):
        candidates: tuple[Any, ...] = one
    else:
        kind, candidates = next(iter(one))
        where = (*where, kind)
        reversed_range = interval_finding(where, (float(candidates[0]), float(candidates[1])))
        if reversed_range is not None:
            yield reversed_range
            return
        if isinstance(one, LogUniformRange) and candidates[0] <= 0.0:
            yield Finding(
                where,
                f"a logarithmic range from {candidates[0]:g}",
                "a lowest value above zero",
                "begin above zero, or write uniform",
            )
            return
    for number, value in enumerate(candidates):
        expected = _refusal(setting, value)
        if expected is not None:
            yield Finding(
                (*where, number), f"{value} for {setting}", expected, f"give {setting} values that it can have"
            )


def _refusal(setting: str, value: Any) -> str | None:
    """Return what a setting expects, if a value is nothing for it."""
    try:
        TrainingSection.model_validate({setting: value})
    except ValidationError:
        return field_expectation(TrainingSection.model_fields[setting]).words()
    return None


SCAN_CHECKS: tuple[Check, ...] = (one_kind_of_fan_out, scans)
