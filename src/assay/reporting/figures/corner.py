"""Corner plots: all pairs of parameters at once, profiles on the diagonal; any number of parameters from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assay.inference.results import LimitResult
from assay.reporting.figures.contours import Labels, draw_contours, legend_handles
from assay.reporting.figures.profiles import draw_profiles
from assay.reporting.figures.style import AxisLabel, new_figure, styled


@styled
def corner(
    results: Sequence[LimitResult], labels: Labels | None = None, colours: Mapping[str, int] | None = None
) -> Figure:
    """Draw the contours of every pair of parameters and the profile of each, for several methods.

    The panel in row i and column j < i has parameter j along x and parameter i along y.
    """
    names = results[0].parameters
    n = len(names)
    side = 2.8 if n > 1 else 4.4
    figure = new_figure(side * n + 2.2, side * n)
    grid = figure.subplots(n, n, squeeze=False)
    for row in range(n):
        for column in range(n):
            panel = grid[row][column]
            if column > row:
                panel.set_axis_off()
            elif column == row:
                draw_profiles(panel, results, names[row], colours)
                panel.set_ylabel("profile $q$")
            else:
                draw_contours(panel, results, (names[column], names[row]), colours)
            if column <= row:
                _label(panel, names, row, column, labels or {})
    figure.legend(handles=legend_handles(results, colours), loc="outside right upper")
    return figure


def _label(panel: Axes, names: Sequence[str], row: int, column: int, labels: Labels) -> None:
    if row == len(names) - 1:
        panel.set_xlabel(labels.get(names[column], AxisLabel(names[column])).text)
    if column == 0 and row > 0:
        panel.set_ylabel(labels.get(names[row], AxisLabel(names[row])).text)
    panel.tick_params(labelsize=8)
