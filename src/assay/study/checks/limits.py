"""Checks of the limits: the true point, the grid, confidence levels."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from assay.study.checks.draft import Check, Draft, interval_finding
from assay.study.checks.files import file_faults
from assay.study.checks.theory import theta_findings
from assay.study.model import AxisSection
from assay.study.problems import Finding, Location, listed, suggestion
from assay.study.resolve import MOST_GRID_PARAMETERS, default_grid_points, trained_interval

EVENT_TABLES = (".csv", ".npy", ".h5", ".hdf5")
MOST_GRID_POINTS = 1_000_000
_ROUNDING = 1e-9


def true_point(draft: Draft) -> Iterable[Finding]:
    """Check that the true point is a benchmark, or has a value in range for every parameter."""
    if draft.limits is not None and draft.limits.theta_true is not None:
        yield from theta_findings(draft, ("limits", "theta_true"), draft.limits.theta_true, "theta_true")


def true_point_on_grid(draft: Draft) -> Iterable[Finding]:
    """Check that the true point is on the grid, so that its contours can be."""
    if draft.limits is None:
        return
    true = draft.limits.theta_true
    if true is None:
        true = draft.reference or next(iter(draft.names("benchmarks")), "")
    point = draft.benchmarks.get(true, {}) if isinstance(true, str) else true
    for name, axis in draft.limits.grid.items():
        low, high = axis.range
        if name in point and low < high and not low <= point[name] <= high:
            yield Finding(
                ("limits", "grid", name, "range"),
                f"the grid of {name} from {low:g} to {high:g}, without the true value {point[name]:g}",
                "a grid around limits.theta_true",
                "move the grid, or choose another theta_true",
            )


def grid_axes(draft: Draft) -> Iterable[Finding]:
    """Check that axes are of known parameters, neither reversed nor empty, and where estimators are trained."""
    known = draft.names("parameters")
    for name, axis in draft.limits.grid.items() if draft.limits is not None else ():
        if draft.unknown("parameters", name):
            yield Finding(
                ("limits", "grid", name),
                f"a grid for the unknown parameter {name}",
                f"one of {listed(known)}",
                suggestion(name, known, "declare it under parameters, or remove its grid"),
                on_key=True,
            )
            continue
        location = ("limits", "grid", name, "range")
        reversed_range = interval_finding(location, axis.range)
        if reversed_range is not None:
            yield reversed_range
        else:
            yield from _trained(draft, location, name, axis)


def _trained(draft: Draft, location: Location, name: str, axis: AxisSection) -> Iterable[Finding]:
    """Yield what a grid covers beyond the parameter's range, or beyond its prior."""
    if name not in draft.parameters or draft.sampling is None:
        return
    parameter = draft.parameters[name]
    if parameter.range[0] >= parameter.range[1]:
        return
    trained = trained_interval(parameter, draft.sampling.prior.get(name))
    for interval, what, widen in (
        (parameter.range, f"the range of {name}", f"parameters.{name}.range"),
        (trained, f"the prior of {name}, where nothing is trained", f"sampling.prior.{name}"),
    ):
        if interval[0] >= interval[1]:
            return  # the prior is at fault, and reported
        slack = _ROUNDING * max(map(abs, interval))
        if axis.range[0] < interval[0] - slack or axis.range[1] > interval[1] + slack:
            yield Finding(
                location,
                f"a grid from {axis.range[0]:g} to {axis.range[1]:g}, beyond {what}",
                f"within [{interval[0]:g}, {interval[1]:g}]",
                f"narrow the grid, or widen {widen}",
            )
            return


def grid_size(draft: Draft) -> Iterable[Finding]:
    """Check that the grid is not too large to compute."""
    if draft.limits is None or not draft.all_valid("parameters"):
        return
    strategy = draft.limits.strategy
    if strategy == "profiles" or (strategy is None and len(draft.names("parameters")) > MOST_GRID_PARAMETERS):
        return
    names, grid = draft.names("parameters"), draft.limits.grid
    counts = [grid[name].points if name in grid else default_grid_points(len(names)) for name in names]
    total = prod(counts)
    if total > MOST_GRID_POINTS:
        each = int(MOST_GRID_POINTS ** (1.0 / len(counts)) + 1e-9)
        yield Finding(
            ("limits", "grid"),
            f"{' x '.join(map(str, counts))} = {total} grid points",
            f"at most {MOST_GRID_POINTS}",
            f"take {each} points per parameter or fewer",
        )


def data_file(draft: Draft) -> Iterable[Finding]:
    """Check that observed events are in a file in the study's folder."""
    if draft.limits is not None and draft.limits.data is not None:
        yield from file_faults(draft, ("limits", "data", "events"), draft.limits.data.events, EVENT_TABLES)


def fisher(draft: Draft) -> Iterable[Finding]:
    """Check that information is asked for at a benchmark or a point, and over known observables."""
    if draft.limits is None:
        return
    section, known = draft.limits.fisher, draft.names("observables")
    if section.at is not None:
        yield from theta_findings(draft, ("limits", "fisher", "at"), section.at, "the point")
    for index, name in enumerate(section.distributions):
        if draft.unknown("observables", name):
            yield Finding(
                ("limits", "fisher", "distributions", index),
                f"the unknown observable {name}",
                f"one of {listed(known)}",
                suggestion(name, known, "define it under observables"),
            )


def confidence_levels(draft: Draft) -> Iterable[Finding]:
    """Check that confidence levels ascend."""
    levels = draft.limits.confidence_levels if draft.limits is not None else ()
    if list(levels) != sorted(set(levels)):
        found = "a level twice" if len(set(levels)) < len(levels) else "levels out of order"
        yield Finding(
            ("limits", "confidence_levels"),
            found,
            "ascending levels, each once",
            f"write [{', '.join(f'{level:g}' for level in sorted(set(levels)))}]",
        )


def include_rate(draft: Draft) -> Iterable[Finding]:
    """Check that with and without rate are asked for once each."""
    choices = draft.limits.include_rate if draft.limits is not None else ()
    if len(set(choices)) < len(choices):
        value = str(choices[0]).lower()
        yield Finding(
            ("limits", "include_rate"), f"{value} twice", "true and false, each at most once", f"write [{value}]"
        )


LIMIT_CHECKS: tuple[Check, ...] = (
    true_point,
    data_file,
    fisher,
    true_point_on_grid,
    grid_axes,
    grid_size,
    confidence_levels,
    include_rate,
)
