"""Looking into results: limits, Fisher information, checks, toys, systematic uncertainties, arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from assay.estimators.verdicts import CheckResult
from assay.events import layout
from assay.events.inspection import Cell, Inspection, Table
from assay.files import read_json
from assay.inference.impacts import read_systematics
from assay.inference.information import read_fisher
from assay.inference.profiles import Interval
from assay.inference.results import read_limits
from assay.inference.toy_summary import ToySummary, read_toys


def inspect_limits(path: Path) -> Inspection:
    """Look into limits, given their .json or their .h5.

    Raises
    ------
    AssayError
        If a file is missing or damaged.
    """
    limits = read_limits(path.with_suffix(""))
    facts: tuple[tuple[str, Cell], ...] = (
        ("method", limits.method),
        ("with rate", limits.include_rate),
        ("luminosity [fb^-1]", limits.luminosity),
        ("events", limits.n_events),
        ("grid", " x ".join(str(len(axis)) for axis in limits.axes)),
        ("unphysical grid points", limits.n_unphysical),
        ("q at the true parameters", limits.q_true),
    )
    edges = [
        f"the best fit in {name} is at the edge of the grid"
        for name, at_edge in zip(limits.parameters, limits.best_fit.at_edge, strict=True)
        if at_edge
    ]
    best = tuple(
        (name, float(value), None if limits.theta_true is None else limits.theta_true[i])
        for i, (name, value) in enumerate(zip(limits.parameters, limits.best_fit.theta, strict=True))
    )
    rows = tuple((i.parameter, i.confidence_level, _segments(i), i.closed) for i in limits.intervals)
    tables = (
        Table("best fit", ("parameter", "best fit", "true"), best),
        Table("intervals", ("parameter", "confidence level", "interval", "closed"), rows),
    )
    return Inspection("limits", facts, tables, (), (*limits.warnings, *edges))


def _segments(interval: Interval) -> str:
    return ", ".join(f"[{segment.lower:.4g}, {segment.upper:.4g}]" for segment in interval.segments)


def inspect_fisher(path: Path) -> Inspection:
    """Look into Fisher information, given its .json or its .h5.

    Raises
    ------
    AssayError
        If a file is missing or damaged.
    """
    tables, suspicious = [], []
    for result in read_fisher(path.with_suffix("")):
        name = f"{result.method}, {_kind(result.include_rate)}" + (", parton level" if result.parton_level else "")
        rows = tuple(
            (parameter, *row.tolist(), float(result.errors[i, i]))
            for i, (parameter, row) in enumerate(zip(result.parameters, result.information, strict=True))
        )
        tables.append(Table(name, ("", *result.parameters, "error of the diagonal"), rows))
        if np.linalg.eigvalsh(result.information).min() < 0.0:
            suspicious.append(f"{name}: the information is not positive")
    return Inspection("Fisher information", (), tuple(tables), (), tuple(suspicious))


def inspect_checks(path: Path) -> Inspection:
    """Look into the checks of a model."""
    checks = [CheckResult(**entry) for entry in read_json(path)]
    rows = tuple((check.name, check.value, check.error, check.expected, check.verdict) for check in checks)
    raised = tuple(f"{check.name} is {check.verdict}" for check in checks if check.verdict != "passed")
    table = Table("checks", ("name", "value", "error", "expected", "verdict"), rows)
    return Inspection("checks", (), (table,), (), raised)


def inspect_toys(path: Path) -> Inspection:
    """Look into what a method's toys say.

    Raises
    ------
    AssayError
        If the file is of another kind.
    """
    tables, suspicious = [], []
    for summary in read_toys(path.with_suffix(".json")):
        name = f"{summary.method}, {_kind(summary.include_rate)}"
        head = ("point", "toys", "failed", "of", "confidence level", "coverage", "lowest", "highest", "verdict")
        tables.append(Table(name, head, tuple(_coverage_rows(summary))))
        suspicious += [
            f"{name}: {one.parameter or 'regions'} at {one.confidence_level:g} cover {one.value:.1%} at {list(theta)}"
            for theta, one in summary.flagged
        ]
        suspicious += [f"{name}: {note}" for note in summary.notes]
    return Inspection("toys", (), tuple(tables), (), tuple(suspicious))


def _coverage_rows(summary: ToySummary) -> Iterator[tuple[Cell, ...]]:
    for point in summary.points:
        theta = ", ".join(f"{value:.4g}" for value in point.theta)
        failed = sum(point.failures.values())
        for one in point.coverage:
            what = (one.parameter or "region", one.confidence_level, one.value, *one.band, one.verdict)
            yield (theta, point.n_toys, failed, *what)


def inspect_systematics(path: Path) -> Inspection:
    """Look into the effect of systematic uncertainties.

    Raises
    ------
    AssayError
        If the file is of another kind.
    """
    tables = []
    for result in read_systematics(path):
        name = f"{result.method}, {_kind(result.include_rate)}"
        pulls = tuple((pull.nuisance, pull.value, pull.error) for pull in result.pulls)
        impacts = tuple((one.nuisance, one.parameter, one.up, one.down) for one in result.impacts)
        widths = tuple((one.name, *one.widths) for one in result.widths)
        tables += [
            Table(f"pulls, {name}", ("nuisance parameter", "value", "error"), pulls),
            Table(f"impacts, {name}", ("nuisance parameter", "on", "up", "down"), impacts),
            Table(f"widths at {result.confidence_level:g}, {name}", ("", *result.parameters), widths),
        ]
    return Inspection("systematic uncertainties", (), tuple(tables))


def _kind(include_rate: bool) -> str:
    return "with rate" if include_rate else "shape only"


def inspect_arrays(path: Path) -> Inspection:
    """Look into any other HDF5 file: names, shapes and ranges of its arrays."""
    rows: list[tuple[Cell, ...]] = []

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            values = np.asarray(item[()])
            numbers = values if values.dtype.kind in "fiu" and values.size else None
            finite = None if numbers is None else numbers[np.isfinite(numbers)]
            known = finite is not None and finite.size > 0
            low, high = (float(finite.min()), float(finite.max())) if known and finite is not None else (None, None)
            shape = " x ".join(map(str, values.shape)) or "scalar"
            rows.append((name, shape, low, high))

    with layout.reading(path) as file:
        file.visititems(visit)
    table = Table("arrays", ("name", "shape", "lowest", "highest"), tuple(rows))
    return Inspection("arrays", (), (table,))
