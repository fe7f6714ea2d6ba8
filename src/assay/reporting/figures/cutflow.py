"""The cut flow as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from assay.reporting.figures.style import colour, new_figure, plain, styled


@styled
def cut_flow_bars(steps: Sequence[str], efficiencies: ArrayLike) -> Figure:
    """Draw what each step of the selection leaves: the mean of all samples, and their range.

    Parameters
    ----------
    steps
        Names, S of them, the first being what was generated.
    efficiencies
        Shares of the generated cross section that are left of each of N samples, (S, N); NaN: no such step.
    """
    left = np.asarray(efficiencies, dtype=np.float64)
    n_samples = left.shape[1]
    figure = new_figure(6.4, 1.2 + 0.34 * len(steps))
    axes = figure.subplots()
    rows = np.arange(len(steps))[::-1].astype(np.float64)
    mean, low, high = (summary(left, axis=1) for summary in (np.nanmean, np.nanmin, np.nanmax))
    axes.barh(rows, mean, height=0.7, color=colour(5), xerr=(mean - low, high - mean), error_kw={"capsize": 3})
    for row, middle, most in zip(rows, mean, high, strict=True):
        axes.text(most + 0.015, row, f"{100 * middle:.1f} %", va="center", fontsize=10)
    axes.set_yticks(rows, [plain(step) for step in steps])
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_xlim(0.0, 1.15 * max(1.0, float(np.nanmax(left))))
    axes.set_xlabel("share of the generated cross section" + (" (line: range of samples)" if n_samples > 1 else ""))
    return figure
