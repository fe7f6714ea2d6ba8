"""Limits on a pair of parameters: contours at confidence levels, for all methods or for one with its test statistic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from assay.inference.profiles import critical_q
from assay.inference.results import LimitResult
from assay.reporting.figures.style import (
    LIGHT,
    AxisLabel,
    colour,
    legend_above,
    marker,
    new_figure,
    percent,
    plain,
    styled,
)
from assay.reporting.figures.surface import Range, extent, fine_surface, view

LEVEL_STYLES = ("-", "--", ":", "-.")
# hollow, so that a best fit at the true point is seen as well
_STAR: dict[str, Any] = {"marker": "*", "color": "black", "mfc": "none", "ms": 15, "mew": 1.3}
Labels = Mapping[str, AxisLabel]
Pair = tuple[str, str]


@styled
def contours(
    results: Sequence[LimitResult],
    pair: Pair,
    labels: Labels | None = None,
    colours: Mapping[str, int] | None = None,
) -> Figure:
    """Draw the contours of several methods on one pair of parameters; all other parameters are profiled.

    Parameters
    ----------
    results
        One per method.
    pair
        Names of the parameters on the horizontal and the vertical axis.
    labels
        Of the parameters.
    colours
        Index of every method's colour, so that it keeps it from figure to figure.
    """
    figure = new_figure(6.4, 6.4)
    axes = figure.subplots()
    draw_contours(axes, results, pair, colours)
    _name_axes(axes, pair, labels or {})
    legend_above(figure, legend_handles(results, colours), data_text(results))
    return figure


@styled
def limit_map(
    result: LimitResult, pair: Pair, labels: Labels | None = None, colours: Mapping[str, int] | None = None
) -> Figure:
    """Draw the test statistic q of one method over a pair of parameters, with its contours."""
    figure = new_figure(6.4, 5.6)
    axes = figure.subplots()
    x, y, q = fine_surface(result.pair(*pair))
    top = 1.6 * critical_q(max(result.confidence_levels), 2)
    mesh = axes.pcolormesh(
        x, y, np.ma.masked_invalid(q).T, vmin=0.0, vmax=top, cmap=LIGHT, shading="nearest", rasterized=True
    )
    figure.colorbar(mesh, ax=axes, label=r"$q = -2\,\log\,[L(\theta)\,/\,L(\hat\theta)]$", extend="max")
    draw_contours(axes, [result], pair, colours)
    _name_axes(axes, pair, labels or {})
    index = _indices([result], colours)[result.method]
    best = Line2D([], [], color=colour(index), marker=marker(index), ls="", mec="white", ms=8, label="best fit")
    handles = [*_level_handles(result.confidence_levels, colour(index)), best, *_true_handle([result])]
    legend_above(figure, handles, f"{plain(result.method)}: {data_text([result])}", columns=4)
    return figure


def draw_contours(
    axes: Axes,
    results: Sequence[LimitResult],
    pair: Pair,
    colours: Mapping[str, int] | None = None,
) -> None:
    """Draw contours, best fits and the true point, the first parameter of `pair` along x."""
    indices = _indices(results, colours)
    boxes, grids = [], []
    for result in results:
        profile = result.pair(*pair)
        x, y, q = fine_surface(profile)
        ink = colour(indices[result.method])
        for number, confidence in enumerate(sorted(result.confidence_levels)):
            # Matplotlib wants rows along y: q[i, j] belongs to (x[i], y[j])
            lines = axes.contour(
                x,
                y,
                np.ma.masked_invalid(q).T,
                levels=[profile.level(confidence)],
                colors=[ink],
                linestyles=[_level_style(number)],
            )
            lines.set_label(f"{result.method} {percent(confidence)}")
        best = [result.best_fit.theta[result.parameters.index(name)] for name in pair]
        axes.plot(
            *best,
            marker=marker(indices[result.method]),
            color=ink,
            ls="",
            mec="white",
            ms=7,
            label=f"{result.method} best fit",
        )
        boxes.append(extent(profile, profile.level(max(result.confidence_levels))))
        grids.append(((float(x[0]), float(x[-1])), (float(y[0]), float(y[-1]))))
    _mark_true(axes, results, pair)
    _frame(axes, boxes, (_hull([grid[0] for grid in grids]), _hull([grid[1] for grid in grids])))


def legend_handles(results: Sequence[LimitResult], colours: Mapping[str, int] | None = None) -> list[Line2D]:
    """Return the entries of a legend: methods by colour and marker, confidence levels by line style, the true point."""
    indices = _indices(results, colours)
    methods = [
        Line2D([], [], color=colour(i), marker=marker(i), ms=7, label=plain(name))
        for name, i in ((result.method, indices[result.method]) for result in results)
    ]
    levels = sorted({confidence for result in results for confidence in result.confidence_levels})
    best = Line2D([], [], color="0.4", marker="o", ls="", ms=6, label="best fit")
    return [*methods, *_level_handles(levels, "0.4"), best, *_true_handle(results)]


def _level_handles(levels: Sequence[float], ink: str) -> list[Line2D]:
    return [
        Line2D([], [], color=ink, ls=_level_style(n), label=percent(level)) for n, level in enumerate(sorted(levels))
    ]


def _true_handle(results: Sequence[LimitResult]) -> list[Line2D]:
    known = any(result.theta_true is not None for result in results)
    return [Line2D([], [], ls="", label="true point", **_STAR)] if known else []


def _level_style(number: int) -> str:
    return LEVEL_STYLES[number % len(LEVEL_STYLES)]


def _indices(results: Sequence[LimitResult], colours: Mapping[str, int] | None) -> Mapping[str, int]:
    return colours or {result.method: index for index, result in enumerate(results)}


def _mark_true(axes: Axes, results: Sequence[LimitResult], pair: Pair) -> None:
    points = {
        tuple(r.theta_true[r.parameters.index(name)] for name in pair) for r in results if r.theta_true is not None
    }
    for point in sorted(points):
        axes.plot(*point, ls="", zorder=5, label="true point", **_STAR)


def _frame(axes: Axes, boxes: Sequence[tuple[Range, Range]], grid: tuple[Range, Range]) -> None:
    """Show the regions with a margin, along each axis those that end inside the grid, if any does."""
    for which, set_limits in enumerate((axes.set_xlim, axes.set_ylim)):  # type: ignore[arg-type]
        set_limits(*view([box[which] for box in boxes], grid[which]))


def _hull(ranges: Sequence[Range]) -> Range:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _name_axes(axes: Axes, pair: Pair, labels: Labels) -> None:
    axes.set_xlabel(labels.get(pair[0], AxisLabel(pair[0])).text)
    axes.set_ylabel(labels.get(pair[1], AxisLabel(pair[1])).text)


def _rate_text(result: LimitResult) -> str:
    return "with rate" if result.include_rate else "shape only"


def data_text(results: Sequence[LimitResult]) -> str:
    """Return what the limits are of: expected or observed, luminosity, with rate or shape only."""
    first = results[0]
    kind = "expected" if first.theta_true is not None else "observed"
    return f"{kind} limits, {first.luminosity:g} fb$^{{-1}}$, {_rate_text(first)}"
