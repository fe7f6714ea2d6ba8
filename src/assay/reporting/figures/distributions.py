"""Distributions of an observable at several parameter points, with the uncertainty of the simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import AxisLabel, colour, legend_above, line_style, new_figure, plain, styled

Array = NDArray[np.float64]
_PB_TO_FB = 1000.0
_TAILS = (0.002, 0.5, 0.99)
_CORE = (0.16, 0.84)
_CORES = 5.0
_STEEP = 4.0


@dataclass(frozen=True)
class Histograms:
    """Weighted histograms of one observable at H hypotheses.

    Parameters
    ----------
    edges
        (n + 1,).
    values, errors
        Cross section per bin width and its simulation uncertainty, (H, n), fb per unit of the observable.
    ratios, ratio_errors
        To the hypothesis of reference, (H, n); NaN where that has no event. All hypotheses weight the same events,
        whose fluctuations cancel in a ratio as far as they are common: the errors take that into account.
    outside
        Share of the cross section outside the edges, (H,).
    """

    edges: Array
    values: Array
    errors: Array
    ratios: Array
    ratio_errors: Array
    outside: Array


def common_edges(x: ArrayLike, weights: ArrayLike, n_bins: int = 40) -> Array:
    """Return equal bins (n_bins + 1,) that hold all but the tails of x (E,) under the mean of |weights| (E, H).

    A tail is what lies beyond the quantiles 0.002 and 0.99, or further from the median than five times the central
    68 % interval reaches: a narrow peak would otherwise fill two bins.
    """
    values, mass = np.asarray(x, dtype=np.float64), np.abs(np.asarray(weights, dtype=np.float64)).mean(axis=1)
    order = np.argsort(values)
    cumulated = np.cumsum(mass[order]) / mass.sum()
    low, median, high = np.interp(_TAILS, cumulated, values[order])
    core_low, core_high = np.interp(_CORE, cumulated, values[order])
    if core_low < median < core_high:
        low, high = max(low, median - _CORES * (median - core_low)), min(high, median + _CORES * (core_high - median))
    # a tail that does not exist is not cut off: distributions with sharp ends keep them
    span = high - low
    low = values.min() if values.min() > low - 0.1 * span else low
    high = values.max() if values.max() < high + 0.1 * span else high
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, n_bins + 1)


def histograms(x: ArrayLike, weights: ArrayLike, edges: ArrayLike, reference: int = 0) -> Histograms:
    """Histogram x (E,) with weights (E, H) in pb, and divide by the hypothesis at `reference`."""
    values, w, bounds = np.asarray(x), np.asarray(weights, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    n_bins, n_hypotheses = len(bounds) - 1, w.shape[1]
    index = np.searchsorted(bounds, values, side="right") - 1
    index[values == bounds[-1]] = n_bins - 1
    inside = (index >= 0) & (index < n_bins)
    sums, squares, crossed = (np.zeros((n_hypotheses, n_bins)) for _ in range(3))
    for h in range(n_hypotheses):
        sums[h] = np.bincount(index[inside], w[inside, h], n_bins)
        squares[h] = np.bincount(index[inside], w[inside, h] ** 2, n_bins)
        crossed[h] = np.bincount(index[inside], w[inside, h] * w[inside, reference], n_bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = sums / sums[reference]
        variances = squares - 2.0 * ratios * crossed + ratios**2 * squares[reference]
        ratio_errors = np.sqrt(np.maximum(variances, 0.0)) / np.abs(sums[reference])
        outside = 1.0 - sums.sum(axis=1) / w.sum(axis=0)
    scale = _PB_TO_FB / np.diff(bounds)
    return Histograms(bounds, sums * scale, np.sqrt(squares) * scale, ratios, ratio_errors, outside)


@styled
def distribution(
    x: ArrayLike,
    weights: ArrayLike,
    hypotheses: Sequence[str],
    axis: AxisLabel,
    reference: int = 0,
    edges: ArrayLike | None = None,
) -> Figure:
    """Draw an observable at several hypotheses, and their ratios to the reference.

    Parameters
    ----------
    x
        The observable, (E,).
    weights
        Of the events at each hypothesis in pb, (E, H).
    hypotheses
        Names, H of them.
    axis
        Label of the observable.
    reference
        Index of the hypothesis in the ratios' denominator.
    edges
        Bin edges; by default equal bins that hold all but the tails.
    """
    drawn = histograms(x, weights, common_edges(x, weights) if edges is None else edges, reference)
    figure = new_figure(6.4, 6.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    for h, name in enumerate(hypotheses):
        style: dict[str, Any] = {"color": colour(h), "linestyle": line_style(h)}
        _steps(upper, drawn.edges, drawn.values[h], drawn.errors[h], style, plain(name))
        _steps(lower, drawn.edges, drawn.ratios[h], drawn.ratio_errors[h], style, None)
    per_unit = f"fb / {axis.unit}" if axis.unit else "fb"
    upper.set_ylabel(rf"d$\sigma$ / d{axis.symbol} [{plain(per_unit)}]")
    upper.set_ylim(bottom=0.0, top=1.08 * float((drawn.values + drawn.errors).max()) or 1.0)
    upper.set_xlim(drawn.edges[0], drawn.edges[-1])
    legend_above(figure, upper.get_legend_handles_labels()[0], "parameter point (band: simulation uncertainty)")
    lower.set_ylabel(f"ratio to {plain(hypotheses[reference])}")
    lower.set_xlabel(axis.text)
    low, high = _ratio_range(drawn.ratios)
    if high > _STEEP:
        lower.set_yscale("log")
        lower.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        lower.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        lower.yaxis.set_minor_formatter(NullFormatter())
        low = max(low, 0.8 * min(1.0, float(np.nanmin(np.where(drawn.ratios > 0, drawn.ratios, np.nan)))))
    lower.set_ylim(low, high)
    return figure


def _steps(axes: Axes, edges: Array, values: Array, errors: Array, style: dict[str, Any], label: str | None) -> None:
    axes.stairs(values, edges, label=label, linewidth=1.5, **style)
    low, high = values - errors, values + errors
    axes.fill_between(
        edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post", alpha=0.25, color=style["color"], lw=0
    )


def _ratio_range(ratios: Array) -> tuple[float, float]:
    finite = ratios[np.isfinite(ratios)]
    if finite.size == 0:
        return 0.0, 2.0
    low, high = np.quantile(finite, (0.02, 0.98))
    margin = max(0.1, 0.15 * (high - low))
    return float(max(0.0, min(low, 1.0) - margin)), float(max(high, 1.0) + margin)
