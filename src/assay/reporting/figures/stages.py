"""The time that each stage took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from assay.reporting.figures.style import colour, new_figure, plain, styled
from assay.reporting.numbers import duration


@styled
def stage_times(stages: Sequence[str], seconds: ArrayLike, jobs: Sequence[int]) -> Figure:
    """Draw the wall time of every stage, summed over its jobs.

    Parameters
    ----------
    stages
        Names, in the order in which data flows.
    seconds
        Summed over jobs, one per stage.
    jobs
        Number of jobs of each stage.
    """
    times = np.asarray(seconds, dtype=np.float64)
    figure = new_figure(6.4, 1.2 + 0.36 * len(stages))
    axes = figure.subplots()
    rows = np.arange(len(stages))[::-1]
    axes.barh(rows, times, color=colour(0), height=0.7)
    top = float(times.max()) or 1.0
    for row, time, count in zip(rows, times, jobs, strict=True):
        text = duration(time) + (f" in {count} jobs" if count > 1 else "")
        axes.text(time + 0.015 * top, row, text, va="center", fontsize=10)
    axes.set_yticks(rows, [plain(stage) for stage in stages])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlim(0.0, 1.45 * top)
    axes.set_xlabel("wall time, summed over jobs [s]")
    return figure
