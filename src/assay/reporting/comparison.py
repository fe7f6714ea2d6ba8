"""Two runs side by side: the settings that differ, their intervals and Fisher information, their contours overlaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import AssayError
from assay.files import write_text
from assay.inference.information import FisherResult
from assay.inference.profiles import Interval
from assay.inference.results import LimitResult
from assay.reporting.content import Picture, ReportContent, Section, Table
from assay.reporting.figures.contours import contours
from assay.reporting.figures.style import percent
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import signed, significant, with_error
from assay.reporting.report import render_report
from assay.reporting.run import RunResults
from assay.reporting.sections import parameter_labels
from assay.reporting.tables import interval_text
from assay.study.resolve import resolved

PAGE = "comparison.html"
_ABSENT = "–"


@dataclass(frozen=True)
class Difference:
    """A setting that two studies do not share; `None` where one has none."""

    path: str
    first: Any
    second: Any


@dataclass(frozen=True)
class IntervalPair:
    """The intervals of one method on one parameter, and the ratio of their lengths, second to first."""

    method: str
    include_rate: bool
    parameter: str
    confidence_level: float
    first: str
    second: str
    ratio: float | None


@dataclass(frozen=True)
class InformationPair:
    """A diagonal element of two Fisher matrices with their errors, and how many standard deviations they differ by."""

    method: str
    include_rate: bool
    parameter: str
    first: tuple[float, float]
    second: tuple[float, float]
    deviations: float | None


@dataclass(frozen=True)
class RunComparison:
    """All that two runs differ in.

    Parameters
    ----------
    names
        Of the runs.
    settings
        By their path in the resolved studies.
    intervals, information
        Of what both have.
    notes
        What cannot be compared, and why.
    """

    names: tuple[str, str]
    settings: tuple[Difference, ...]
    intervals: tuple[IntervalPair, ...]
    information: tuple[InformationPair, ...]
    notes: tuple[str, ...]


def compare(names: tuple[str, str], first: RunResults, second: RunResults) -> RunComparison:
    """Compare the results of two runs.

    Raises
    ------
    AssayError
        If they have no parameter in common.
    """
    shared = [name for name in first.study.parameters if name in second.study.parameters]
    if not shared:
        of_both = [", ".join(results.study.parameters) for results in (first, second)]
        raise AssayError(
            "the runs have no parameter in common",
            where=" and ".join(names),
            expected=f"a parameter of both ({of_both[0]}; {of_both[1]})",
            mend="compare runs that measure the same parameters",
        )
    return RunComparison(
        names=names,
        settings=tuple(differences(resolved(first.study), resolved(second.study))),
        intervals=tuple(_interval_pairs(first.limits, second.limits)),
        information=tuple(_information_pairs(first.fisher, second.fisher)),
        notes=tuple(_notes(names, first, second)),
    )


def differences(first: Any, second: Any, path: str = "") -> Iterator[Difference]:
    """Yield what differs in nested settings; a list is one value."""
    if isinstance(first, dict) and isinstance(second, dict):
        for key in dict.fromkeys((*first, *second)):
            yield from differences(first.get(key), second.get(key), f"{path}.{key}" if path else key)
    elif first != second:
        yield Difference(path, first, second)


def _interval_pairs(first: Sequence[LimitResult], second: Sequence[LimitResult]) -> Iterator[IntervalPair]:
    others = {(result.method, result.include_rate): result for result in second}
    for result in first:
        if (other := others.get((result.method, result.include_rate))) is None:
            continue
        known = {(found.parameter, found.confidence_level): found for found in other.intervals}
        for own in result.intervals:
            if (found := known.get((own.parameter, own.confidence_level))) is not None:
                lengths = [_length(interval) for interval in (own, found)]
                ratio = lengths[1] / lengths[0] if lengths[0] and lengths[1] else None
                texts = interval_text(own), interval_text(found)
                yield IntervalPair(
                    result.method, result.include_rate, own.parameter, own.confidence_level, *texts, ratio
                )


def _length(interval: Interval) -> float | None:
    """Return the length of all segments together; None if one ends at the grid's edge."""
    if any(segment.lower_at_edge or segment.upper_at_edge for segment in interval.segments):
        return None
    return sum(segment.upper - segment.lower for segment in interval.segments)


def _information_pairs(first: Sequence[FisherResult], second: Sequence[FisherResult]) -> Iterator[InformationPair]:
    others = {(result.method, result.include_rate): result for result in second}
    for result in first:
        if (other := others.get((result.method, result.include_rate))) is None:
            continue
        for i, name in enumerate(result.parameters):
            if name not in other.parameters:
                continue
            j = other.parameters.index(name)
            one = float(result.corrected[i, i]), float(result.errors[i, i])
            two = float(other.corrected[j, j]), float(other.errors[j, j])
            error = float(np.hypot(one[1], two[1]))
            deviations = (two[0] - one[0]) / error if error > 0 else None
            yield InformationPair(result.method, result.include_rate, name, one, two, deviations)


def _notes(names: tuple[str, str], first: RunResults, second: RunResults) -> Iterator[str]:
    for (name, results), (_, other) in (
        ((names[0], first), (names[1], second)),
        ((names[1], second), (names[0], first)),
    ):
        parameters = [key for key in results.study.parameters if key not in other.study.parameters]
        methods = {limit.method for limit in results.limits} - {limit.method for limit in other.limits}
        if parameters:
            yield f"parameters of {name} alone: {', '.join(parameters)}; its limits profile them"
        if methods:
            listed = [method for method in results.study.methods if method in methods]
            yield f"methods of {name} alone: {', '.join(listed)}"
        waiting = [method for method in results.study.methods if method not in {r.method for r in results.limits}]
        if waiting:
            yield f"{name} is not complete: no limits of {', '.join(waiting)}"
    if first.study.luminosity != second.study.luminosity:
        yield f"luminosities differ: {first.study.luminosity:g} and {second.study.luminosity:g} fb⁻¹"


def tables(comparison: RunComparison) -> tuple[Table, ...]:
    """Return settings, intervals and information as tables."""
    one, two = comparison.names
    settings = tuple((found.path, _shown(found.first), _shown(found.second)) for found in comparison.settings)
    intervals = tuple(
        (
            _name(pair),
            pair.parameter,
            percent(pair.confidence_level),
            pair.first,
            pair.second,
            _ABSENT if pair.ratio is None else significant(pair.ratio, 3),
        )
        for pair in comparison.intervals
    )
    information = tuple(
        (
            _name(pair),
            pair.parameter,
            with_error(*pair.first),
            with_error(*pair.second),
            _ABSENT if pair.deviations is None else signed(pair.deviations, 1),
        )
        for pair in comparison.information
    )
    found = (
        Table("Settings that differ", ("setting", one, two), settings),
        Table("Intervals", ("method", "parameter", "CL", one, two, "ratio of lengths"), intervals),
        Table("Fisher information", ("method", "parameter", one, two, "difference [standard deviations]"), information),
    )
    return tuple(table for table in found if table.rows)


def write_comparison(comparison: RunComparison, runs: Mapping[str, RunResults], folder: str | Path) -> Path:
    """Write `comparison.html` with the tables and the contours of every method that both runs have, and figures.

    Parameters
    ----------
    comparison
        Of the runs.
    runs
        Their results, by the names of the comparison.
    folder
        Is given the page and `figures/`.
    """
    folder = Path(folder)
    first, second = (runs[name] for name in comparison.names)
    sections = [
        Section(table.caption, table.caption.split()[0].lower(), tables=(table,)) for table in tables(comparison)
    ]
    pictures = tuple(_overlaid(comparison.names, first, second, Gallery(folder)))
    content = ReportContent(
        title=" and ".join(comparison.names),
        subtitle="Two runs side by side",
        facts=tuple(("note", note) for note in comparison.notes),
        sections=(*sections, *([Section("Limits", "limits", pictures=pictures)] if pictures else [])),
    )
    write_text(folder / PAGE, render_report(content))
    return folder / PAGE


def _overlaid(names: tuple[str, str], first: RunResults, second: RunResults, gallery: Gallery) -> Iterator[Picture]:
    """Draw the contours of both runs for every method and pair of parameters that they share."""
    others = {(result.method, result.include_rate): result for result in second.limits}
    labels = parameter_labels(first)
    for result in first.limits:
        other = others.get((result.method, result.include_rate))
        pairs = list(combinations(result.parameters, 2))
        for pair in pairs if other is not None else []:
            assert other is not None  # noqa: S101 - for the type checker
            if not set(pair) <= set(other.parameters):
                continue
            both = [replace(one, method=name) for name, one in zip(names, (result, other), strict=True)]
            rate = "with" if result.include_rate else "without"
            yield gallery.add(
                "_".join(("contours", result.method, rate, *pair)),
                contours(both, pair, labels),
                f"{result.method}, {rate} rate",
                "Contours of both runs; parameters that are not shown are profiled.",
                group=f"{result.method}",
            )


def _name(pair: IntervalPair | InformationPair) -> str:
    return f"{pair.method}, {'with' if pair.include_rate else 'without'} rate"


def _shown(value: Any) -> str:
    text = _ABSENT if value is None else str(value)
    return text if len(text) <= 100 else text[:97] + "..."
