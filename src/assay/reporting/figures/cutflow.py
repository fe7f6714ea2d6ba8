"""The cut flow as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from assay.reporting.figures.style import colour, new_figure, plain, styled


@styled
def cut_flow_bars(steps: Sequence[str], efficiencies: ArrayLike, samples: Sequence[str]) -> Figure:
    """Draw what each step of the selection leaves of each sample.

    Parameters
    ----------
    steps
        Names, S of them, the first being what was generated.
    efficiencies
        Shares of the generated cross section that are left, (S, N).
    samples
        Names, N of them.
    """
    left = np.asarray(efficiencies, dtype=np.float64)
    figure = new_figure(7.0, 1.4 + len(steps) * (0.35 + 0.1 * len(samples)))
    axes = figure.subplots()
    height = 0.8 / len(samples)
    rows = np.arange(len(steps))[::-1].astype(np.float64)
    for n, sample in enumerate(samples):
        places = rows + 0.4 - height * (n + 0.5)
        axes.barh(places, left[:, n], height=0.9 * height, color=colour(n), label=plain(sample))
    for row, values in zip(rows, left, strict=True):
        finite = values[np.isfinite(values)]
        if finite.size:
            axes.text(finite.max() + 0.01, row, f"{100 * finite.mean():.3g} %", va="center", fontsize=9)
    axes.set_yticks(rows, [plain(step) for step in steps])
    axes.yaxis.minorticks_off()
    axes.set_xlim(0.0, 1.15 * max(1.0, float(np.nanmax(left))))
    axes.set_xlabel("share of the generated cross section (number: mean of the samples)")
    if len(samples) > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure
