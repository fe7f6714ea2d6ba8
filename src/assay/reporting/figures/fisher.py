"""Fisher information: ellipses of expected confidence regions, and bars of the information on each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.errors import InferenceError
from assay.inference.information import FisherResult
from assay.inference.profiles import critical_q
from assay.reporting.figures.style import (
    AxisLabel,
    colour,
    legend_above,
    line_style,
    new_figure,
    percent,
    plain,
    styled,
)
from assay.reporting.numbers import significant

Array = NDArray[np.float64]
_BLIND = 1e-8
_VIEW = 1.6
_SEEN = 3.0


def ellipse_points(information: ArrayLike, centre: ArrayLike, confidence: float, n_points: int = 361) -> Array:
    """Return the closed contour (n_points, 2) of (theta - centre)^T I (theta - centre) = chi-square quantile (2 dof).

    A measurement that is blind to a direction gives a contour so long that it looks like two parallel lines.
    """
    values, vectors = np.linalg.eigh(np.asarray(information, dtype=np.float64))
    clipped = np.maximum(values, _BLIND * max(values[-1], np.finfo(float).tiny))
    angle = np.linspace(0.0, 2.0 * np.pi, n_points)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.sqrt(critical_q(confidence, 2) / clipped)
    contour: Array = np.asarray(centre, dtype=np.float64) + circle @ vectors.T
    return contour


@styled
def fisher_ellipses(
    results: Sequence[FisherResult],
    pair: tuple[str, str],
    labels: Mapping[str, AxisLabel] | None = None,
    confidence: float = 0.68,
    colours: Mapping[str, int] | None = None,
) -> Figure:
    """Draw the expected region of every method for a pair of parameters; all other parameters are profiled."""
    figure = new_figure(6.4, 6.4)
    axes = figure.subplots()
    reaches = []
    for number, result in enumerate(results):
        reduced = _for_pair(result, pair)
        if reduced is None:
            continue
        index = _index(result, number, colours)
        points = ellipse_points(reduced.information, reduced.theta, confidence)
        ink, dashes = ("0.35", ":") if result.parton_level else (colour(index), line_style(index))
        axes.plot(points[:, 0], points[:, 1], label=method_text(result), color=ink, linestyle=dashes)
        reaches.append(np.abs(points - np.asarray(reduced.theta)).max(axis=0))
    centre = [results[0].theta[results[0].parameters.index(name)] for name in pair]
    axes.plot(*centre, marker="*", color="black", ls="", ms=11, label="evaluated here")
    if reaches:
        axes.set_xlim(*_view(centre[0], [reach[0] for reach in reaches]))
        axes.set_ylim(*_view(centre[1], [reach[1] for reach in reaches]))
    names = labels or {}
    axes.set_xlabel(names.get(pair[0], AxisLabel(pair[0])).text)
    axes.set_ylabel(names.get(pair[1], AxisLabel(pair[1])).text)
    rate = "with rate" if results[0].include_rate else "shape only"
    title = f"{percent(confidence)} from Fisher information, {results[0].luminosity:g} fb$^{{-1}}$, {rate}"
    legend_above(figure, axes.get_legend_handles_labels()[0], title)
    return figure


@styled
def fisher_bars(
    results: Sequence[FisherResult],
    labels: Mapping[str, AxisLabel] | None = None,
    colours: Mapping[str, int] | None = None,
) -> Figure:
    """Draw the information on each parameter alone (others known) by method, less its bias, with its error.

    Bias and error are those of finite simulation; what is not seen by three standard deviations is written as 0.
    """
    names = results[0].parameters
    n_parameters = len(names)
    figure = new_figure(min(12.0, 2.2 + 2.3 * n_parameters), 1.1 + 0.42 * len(results))
    panels = figure.subplots(1, n_parameters, squeeze=False, sharey=True)[0]
    rows = np.arange(len(results))[::-1]
    for p, panel in enumerate(panels):
        values = np.array([max(float(result.corrected[p, p]), 0.0) for result in results])
        errors = np.array([result.errors[p, p] for result in results])
        inks = ["0.6" if r.parton_level else colour(_index(r, n, colours)) for n, r in enumerate(results)]
        panel.barh(rows, values, xerr=errors, color=inks, height=0.7, error_kw={"capsize": 2, "elinewidth": 1})
        top = float((values + errors).max()) or 1.0
        for row, value, error in zip(rows, values, errors, strict=True):
            text = significant(value, 3) if value > _SEEN * error else "0"
            panel.text(value + error + 0.02 * top, row, text, va="center", fontsize=10)
        panel.set_xlim(0.0, 1.3 * top)
        symbol = (labels or {}).get(names[p], AxisLabel(names[p])).symbol
        panel.set_xlabel(f"information on {symbol}")
        panel.tick_params(axis="y", which="both", length=0)
    panels[0].set_yticks(rows, [method_text(result) for result in results])
    return figure


def method_text(result: FisherResult) -> str:
    """Return a method's name, with what its information is of."""
    if result.parton_level:
        return f"{plain(result.method)} (upper bound)"
    return plain(result.method)


def _for_pair(result: FisherResult, pair: tuple[str, str]) -> FisherResult | None:
    """Profile all other parameters; None if the measurement cannot tell these apart."""
    try:
        return result.profile(pair)
    except InferenceError:
        return None


def _index(result: FisherResult, number: int, colours: Mapping[str, int] | None) -> int:
    return (colours or {}).get(result.method, number)


def _view(centre: float, reaches: Sequence[float]) -> tuple[float, float]:
    """Show all regions, unless one is so long that the others would vanish."""
    reach = 1.15 * min(max(reaches), _VIEW * float(np.median(reaches)))
    return centre - reach, centre + reach
