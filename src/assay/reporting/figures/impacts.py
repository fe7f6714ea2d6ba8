"""Bars of the widths of intervals with and without systematic uncertainties."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from assay.inference.impacts import SystematicsResult
from assay.reporting.figures.style import colour, new_figure, plain, styled


@styled
def width_bars(result: SystematicsResult) -> Figure:
    """Draw the width of each parameter's interval relative to that with all uncertainties, a group of bars per case."""
    n = len(result.parameters)
    whole = result.widths[0].widths
    figure = new_figure(6.4, 1.4 + 0.3 * len(result.widths) * n)
    axes = figure.subplots()
    places = np.arange(len(result.widths), dtype=np.float64)[::-1]
    height = 0.8 / n
    for number, parameter in enumerate(result.parameters):
        shares = [_share(one.widths[number], whole[number]) for one in result.widths]
        rows = places + height * ((n - 1) / 2.0 - number)
        axes.barh(rows, shares, 0.9 * height, color=colour(number), label=plain(parameter))
    axes.axvline(1.0, color="black", linewidth=0.8, linestyle=":")
    axes.set_yticks(places, [plain(one.name) for one in result.widths])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlabel("width, relative to that with all uncertainties")
    axes.legend(loc="lower left", fontsize=10, frameon=True)
    return figure


def _share(width: float | None, whole: float | None) -> float:
    return float("nan") if width is None or not whole else width / whole
