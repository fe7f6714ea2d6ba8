"""Profile likelihoods of single parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assay.inference.profiles import critical_q
from assay.inference.results import LimitResult
from assay.reporting.figures.contours import data_text
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
from assay.reporting.figures.surface import Range, fine_curve, view

_ABOVE = 1.6


@styled
def profile_curves(
    results: Sequence[LimitResult],
    parameter: str,
    label: AxisLabel | None = None,
    colours: Mapping[str, int] | None = None,
) -> Figure:
    """Draw q of one parameter for several methods, all other parameters profiled, with the levels of the intervals."""
    figure = new_figure(6.4, 5.4)
    axes = figure.subplots()
    draw_profiles(axes, results, parameter, colours)
    axes.set_xlabel((label or AxisLabel(parameter)).text)
    axes.set_ylabel(r"profile $q = -2\,\log\,[L(\theta)\,/\,L(\hat\theta)]$")
    legend_above(figure, axes.get_legend_handles_labels()[0], data_text(results))
    return figure


def draw_profiles(
    axes: Axes, results: Sequence[LimitResult], parameter: str, colours: Mapping[str, int] | None = None
) -> None:
    """Draw the curves on given axes."""
    indices = colours or {result.method: index for index, result in enumerate(results)}
    levels = sorted({confidence for result in results for confidence in result.confidence_levels})
    top = _ABOVE * critical_q(levels[-1], 1)
    shown: list[Range] = []
    grids: list[Range] = []
    for result in results:
        profile = next(found for found in result.profiles if found.parameters == (parameter,))
        x, q = fine_curve(profile)
        index = indices[result.method]
        axes.plot(x, q, color=colour(index), linestyle=line_style(index), label=plain(result.method))
        below = x[np.nan_to_num(q, nan=np.inf) <= top]
        shown.append((float(below[0]), float(below[-1])) if len(below) else (float(x[0]), float(x[-1])))
        grids.append((float(x[0]), float(x[-1])))
    axes.set_xlim(*view(shown, (min(low for low, _ in grids), max(high for _, high in grids)), margin=0.0))
    axes.set_ylim(0.0, top)
    for confidence in levels:
        level = critical_q(confidence, 1)
        axes.axhline(level, color="0.5", linewidth=0.8, linestyle=":")
        axes.annotate(
            percent(confidence), (1.01, level), xycoords=("axes fraction", "data"), fontsize=9, va="center", color="0.3"
        )
    for true in sorted({r.theta_true[r.parameters.index(parameter)] for r in results if r.theta_true is not None}):
        axes.axvline(true, color="black", linewidth=0.8, label="true value")
