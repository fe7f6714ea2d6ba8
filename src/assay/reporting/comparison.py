"""Two runs beside each other: what their studies set differently, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from textwrap import shorten
from typing import Any

from assay.files import write_json, write_text
from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting.figures.contours import contours
from assay.reporting.figures.profiles import profile_curves
from assay.reporting.figures.style import save
from assay.reporting.run import RunResults
from assay.reporting.run_folder import read_run_folder

_FORMAT = "assay-comparison-1"
_ABSENT = "(not there)"
_WIDEST = 60  # characters of a setting


@dataclass(frozen=True)
class Setting:
    """A setting that differs: its path in the study, and its values as JSON has them."""

    path: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Number:
    """A result of both runs.

    Parameters
    ----------
    method, quantity
        What it is of.
    first, second
        The values; None where a run has none.
    errors
        Statistical standard deviations, None where unknown.
    """

    method: str
    quantity: str
    first: float | None
    second: float | None
    errors: tuple[float | None, float | None] = (None, None)

    @property
    def sigmas(self) -> float | None:
        """The difference, second less first, in standard deviations of independent errors; None without errors."""
        a, b = self.errors
        if self.first is None or self.second is None or a is None or b is None or not math.hypot(a, b) > 0:
            return None
        return (self.second - self.first) / math.hypot(a, b)


@dataclass(frozen=True)
class Comparison:
    """Two runs, by names that tell them apart, with what differs and what cannot be compared (`notes`)."""

    names: tuple[str, str]
    settings: tuple[Setting, ...]
    numbers: tuple[Number, ...]
    notes: tuple[str, ...]
    limits: tuple[tuple[LimitResult, ...], tuple[LimitResult, ...]]


def compare(first: str | Path, second: str | Path) -> Comparison:
    """Compare two runs.

    Parameters
    ----------
    first, second
        Folders of runs that have come to results; methods that are not evaluated yet are told in `notes`.

    Raises
    ------
    AssayError
        If a folder is no run's, or has no results yet.
    """
    runs = read_run_folder(first), read_run_folder(second)
    names = _names(Path(first), Path(second))
    notes = tuple(_notes(runs, names))
    numbers = (*_limit_numbers(runs), *_fisher_numbers(runs))
    settings = tuple(differing(runs[0].study.model_dump(mode="json"), runs[1].study.model_dump(mode="json")))
    return Comparison(names, settings, numbers, notes, (runs[0].limits, runs[1].limits))


def differing(first: Any, second: Any, path: str = "") -> Iterator[Setting]:
    """Yield the settings that differ between two trees of plain data."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in dict.fromkeys([*first, *second]):
            here = f"{path}.{key}" if path else str(key)
            yield from differing(first.get(key, _ABSENT), second.get(key, _ABSENT), here)
    elif first != second:
        yield Setting(path, first, second)


def _names(first: Path, second: Path) -> tuple[str, str]:
    """Return the shortest ends of two paths that differ."""
    a, b = first.resolve().parts, second.resolve().parts
    for n in range(1, max(len(a), len(b)) + 1):
        if a[-n:] != b[-n:]:
            return "/".join(a[-n:]), "/".join(b[-n:])
    return f"{first} (1)", f"{second} (2)"


def _notes(runs: tuple[RunResults, RunResults], names: tuple[str, str]) -> Iterator[str]:
    parameters = [set(run.study.parameters) for run in runs]
    if parameters[0] != parameters[1]:
        for name, mine, others in zip(names, parameters, parameters[::-1], strict=True):
            if mine - others:
                yield f"only {name} has the parameters {', '.join(sorted(mine - others))}"
        yield "limits profile what else a run has, so those of common parameters answer different questions"
    for name, run, other in zip(names, runs, runs[::-1], strict=True):
        evaluated = {limit.method for limit in run.limits}
        missing = [method for method in run.study.methods if method not in evaluated]
        if missing:
            yield f"{name} has no results of {', '.join(missing)}: it is not finished"
        edges = {limit.method for limit in run.limits if _meets_edge(limit)}
        if edges:
            yield f"{name}: intervals of {', '.join(sorted(edges))} end at the edge of the grid: bounds"
        alone = [method for method in run.study.methods if method not in other.study.methods]
        if alone:
            yield f"only {name} has the methods {', '.join(alone)}"


def _meets_edge(limit: LimitResult) -> bool:
    return any(
        segment.lower_at_edge or segment.upper_at_edge for interval in limit.intervals for segment in interval.segments
    )


def _limit_numbers(runs: tuple[RunResults, RunResults]) -> Iterator[Number]:
    found = [{key: value for limit in run.limits for key, value in _of_limit(limit).items()} for run in runs]
    for key in dict.fromkeys([*found[0], *found[1]]):
        values = [one.get(key, (None, None)) for one in found]
        yield Number(*key, values[0][0], values[1][0], (values[0][1], values[1][1]))


def _of_limit(limit: LimitResult) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    """Return the widths of intervals, and of which share of the grid regions are, with errors of ensembles."""
    kind = _kind(limit.include_rate)
    numbers: dict[tuple[str, str], tuple[float | None, float | None]] = {}
    for i, interval in enumerate(limit.intervals):
        width = sum(segment.upper - segment.lower for segment in interval.segments)
        quantity = f"width of {interval.parameter} at {interval.confidence_level:.0%} CL, {kind}"
        numbers[limit.method, quantity] = width, _spread(limit, i)
    for level, points in zip(limit.confidence_levels, limit.points_inside, strict=False):
        cell = math.prod((axis[-1] - axis[0]) / (len(axis) - 1) for axis in limit.axes)
        numbers[limit.method, f"region at {level:.0%} CL, {kind}"] = points * cell, None
    return numbers


def _spread(limit: LimitResult, number: int) -> float | None:
    """Return by how much the width of an interval changes with the training, as the members of an ensemble tell.

    Both ends move with a member, in opposite directions at worst.
    """
    if limit.ensemble is None:
        return None
    lower, upper = limit.ensemble.lower[number], limit.ensemble.upper[number]
    return None if lower is None or upper is None else (lower + upper) / math.sqrt(limit.ensemble.n_members)


def _fisher_numbers(runs: tuple[RunResults, RunResults]) -> Iterator[Number]:
    found = [{key: value for one in run.fisher for key, value in _of_fisher(one).items()} for run in runs]
    for key in dict.fromkeys([*found[0], *found[1]]):
        values = [one.get(key, (None, None)) for one in found]
        yield Number(*key, values[0][0], values[1][0], (values[0][1], values[1][1]))


def _of_fisher(result: FisherResult) -> dict[tuple[str, str], tuple[float, float]]:
    kind, errors = _kind(result.include_rate), result.errors
    pairs = [(i, j) for i in range(len(result.parameters)) for j in range(i, len(result.parameters))]
    return {
        (result.method, f"information {result.parameters[i]}, {result.parameters[j]}, {kind}"): (
            float(result.information[i, j]),
            float(errors[i, j]),
        )
        for i, j in pairs
    }


def _kind(include_rate: bool) -> str:
    return "with rate" if include_rate else "shape only"


def draw(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Draw the limits of both runs, method by method, as PNG and PDF; of methods that both have."""
    paths: list[Path] = []
    second = {(one.method, one.include_rate): one for one in comparison.limits[1]}
    for one in comparison.limits[0]:
        other = second.get((one.method, one.include_rate))
        if other is None:
            continue
        common = [name for name in one.parameters if name in other.parameters]
        both = [replace(result, method=name) for name, result in zip(comparison.names, (one, other), strict=True)]
        stem = f"{one.method}_{'rate' if one.include_rate else 'shape'}"
        for pair in combinations(common, 2):
            paths += save(contours(both, pair), folder, f"{stem}_{'_'.join(pair)}")
        if len(common) == 1:
            paths += save(profile_curves(both, common[0]), folder, f"{stem}_{common[0]}")
    return tuple(paths)


def write_comparison(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write `comparison.md`, `comparison.json` and the figures; return the page first."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = draw(comparison, folder)
    page, data = folder / "comparison.md", folder / "comparison.json"
    write_text(page, as_markdown(comparison, [path.name for path in figures if path.suffix == ".png"]))
    write_json(data, as_json(comparison))
    return page, data, *figures


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain data."""
    return {
        "format": _FORMAT,
        "runs": list(comparison.names),
        "notes": list(comparison.notes),
        "settings": [asdict(setting) for setting in comparison.settings],
        "numbers": [{**asdict(number), "sigmas": number.sigmas} for number in comparison.numbers],
    }


def as_markdown(comparison: Comparison, figures: Sequence[str] = ()) -> str:
    """Return the comparison as a page."""
    first, second = comparison.names
    lines = [f"# {first} and {second}", "", *(f"- {note}" for note in comparison.notes), ""]
    lines += ["## Settings that differ", "", *_table(("setting", first, second), setting_rows(comparison)), ""]
    lines += ["## Results", "", *_table(("method", "quantity", first, second, "sigma"), number_rows(comparison)), ""]
    lines += [f"![{name}]({name})" for name in figures]
    return "\n".join(lines) + "\n"


def setting_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return settings as text, long ones shortened."""
    return [(one.path, _short(one.first), _short(one.second)) for one in comparison.settings]


def _short(setting: object) -> str:
    return shorten(str(setting), _WIDEST, placeholder=" ...")


def number_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return results as text, with errors, and the difference in standard deviations."""
    rows: list[tuple[str, ...]] = []
    for one in comparison.numbers:
        sigmas = "" if one.sigmas is None else f"{one.sigmas:+.1f}"
        values = (_text(one.first, one.errors[0]), _text(one.second, one.errors[1]))
        rows.append((one.method, one.quantity, *values, sigmas))
    return rows


def _text(value: float | None, error: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if error is None else f"{value:.4g} ± {error:.2g}"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["None."]
    return [f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *rows)]
