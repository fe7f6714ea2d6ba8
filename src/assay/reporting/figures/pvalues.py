"""Maps of p-values over a pair of parameters, a panel for every method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import chi2

from assay.inference.results import LimitResult
from assay.reporting.figures.contours import LEVEL_STYLES, Labels, Pair, data_text
from assay.reporting.figures.style import LIGHT, AxisLabel, new_figure, percent, plain, styled
from assay.reporting.figures.surface import fine_surface

_LEAST = 1e-4
_COLUMNS = 3


def p_values(q: NDArray[np.float64], n_parameters: int = 2) -> NDArray[np.float64]:
    """Return asymptotic p-values: chi-square with so many degrees of freedom; what is excluded for sure has zero."""
    return np.asarray(chi2.sf(np.nan_to_num(q, nan=np.inf), n_parameters))


@styled
def p_value_maps(results: Sequence[LimitResult], pair: Pair, labels: Labels | None = None) -> Figure:
    """Draw the p-value of every point of a plane for every method; all other parameters are profiled.

    Light is allowed, dark is excluded; the lines are the contours of the confidence levels.
    """
    columns = min(_COLUMNS, len(results))
    rows = -(-len(results) // columns)
    figure = new_figure(3.3 * columns + 1.0, 3.0 * rows + 0.6)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    names = labels or {}
    for place, result in enumerate(results):
        panel = panels[place // columns][place % columns]
        x, y, q = fine_surface(result.pair(*pair))
        shown = np.maximum(p_values(q), _LEAST)
        mesh = panel.pcolormesh(
            x, y, shown.T, cmap=LIGHT.reversed(), norm=LogNorm(_LEAST, 1.0), shading="nearest", rasterized=True
        )
        levels = sorted(1.0 - level for level in result.confidence_levels)
        styles = LEVEL_STYLES[: len(levels)][::-1]
        panel.contour(x, y, shown.T, levels=levels, colors="black", linewidths=1.1, linestyles=styles)
        if result.theta_true is not None:
            panel.plot(*[result.theta_true[result.parameters.index(name)] for name in pair], "k*", ms=8, mfc="none")
        panel.set_title(plain(result.method))
    for place in range(len(results), rows * columns):
        panels[place // columns][place % columns].set_axis_off()
    for column in range(columns):
        last = max(place // columns for place in range(len(results)) if place % columns == column)
        panels[last][column].set_xlabel(names.get(pair[0], AxisLabel(pair[0])).text)
        panels[last][column].tick_params(labelbottom=True)
    for row in range(rows):
        panels[row][0].set_ylabel(names.get(pair[1], AxisLabel(pair[1])).text)
    bar = figure.colorbar(mesh, ax=panels, extend="min", fraction=0.05, pad=0.02)
    bar.set_label(f"p-value, {data_text(results)}")
    return figure


def level_words(results: Sequence[LimitResult]) -> str:
    """Return what the lines are: confidence levels, the lowest solid."""
    levels = sorted({level for result in results for level in result.confidence_levels})
    looks = ("solid", "dashed", "dotted", "dash-dotted")
    return " and ".join(f"{percent(level)} ({look})" for level, look in zip(levels, looks, strict=False))
