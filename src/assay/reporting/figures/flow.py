"""The picture of the stages: in which order data flow, in how many jobs, how long each took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from assay.reporting.figures.style import colour, new_figure, plain, styled
from assay.reporting.numbers import duration

_WIDTH, _HEIGHT, _GAP, _ROW = 1.6, 1.0, 0.45, 1.75
_MOST_SHADOWS = 3


@styled
def stage_flow(stages: Sequence[str], seconds: ArrayLike, jobs: Sequence[int], per_row: int = 6) -> Figure:
    """Draw every stage as a box: several jobs as a stack, the darker the more of the time it took.

    Parameters
    ----------
    stages
        Names, in the order in which data flow.
    seconds
        Wall times summed over jobs, one per stage.
    jobs
        Number of jobs of each stage.
    per_row
        Boxes side by side.
    """
    times = np.asarray(seconds, dtype=np.float64)
    rows = -(-len(stages) // per_row)
    across = min(per_row, len(stages))
    figure = new_figure(1.3 * across + 0.2, 1.25 * rows)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    share = times / (times.sum() or 1.0)
    for place, name in enumerate(stages):
        column, row = place % per_row, place // per_row
        x, y = column * (_WIDTH + _GAP), -row * _ROW
        _box(axes, x, y, jobs[place], float(share[place]))
        many = f"{jobs[place]} jobs" if jobs[place] > 1 else "1 job"
        axes.text(x + _WIDTH / 2, y + 0.72, plain(name), ha="center", va="center", fontsize=11, weight="bold")
        axes.text(x + _WIDTH / 2, y + 0.3, f"{many}\n{duration(times[place])}", ha="center", va="center", fontsize=9)
        if place + 1 < len(stages):
            _arrow(axes, x, y, last=column == per_row - 1)
    axes.set_xlim(-0.15, across * (_WIDTH + _GAP) - _GAP + 0.35)
    axes.set_ylim(-(rows - 1) * _ROW - 0.15, _HEIGHT + 0.35)
    return figure


def _box(axes: Axes, x: float, y: float, jobs: int, share: float) -> None:
    face = (*to_rgba(colour(5))[:3], 0.12 + 0.6 * share)
    for shadow in range(min(jobs, _MOST_SHADOWS) - 1, -1, -1):
        away = 0.09 * shadow
        for fill in ("white", face):
            axes.add_patch(
                FancyBboxPatch(
                    (x + away, y + away), _WIDTH, _HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", fc=fill, ec="0.25"
                )
            )


def _arrow(axes: Axes, x: float, y: float, *, last: bool) -> None:
    look = {"arrowstyle": "-|>", "color": "0.25", "lw": 1.2}
    if not last:
        middle = y + _HEIGHT / 2
        axes.annotate("", (x + _WIDTH + _GAP, middle), (x + _WIDTH + 0.2, middle), arrowprops=look)
        return
    # from the end of a row round to the start of the next
    low = y - (_ROW - _HEIGHT) / 2
    axes.plot([x + _WIDTH / 2, x + _WIDTH / 2, _WIDTH / 2], [y, low, low], color="0.25", lw=1.2)
    axes.annotate("", (_WIDTH / 2, y - _ROW + _HEIGHT), (_WIDTH / 2, low + 0.02), arrowprops=look)
