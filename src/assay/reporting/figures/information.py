"""Where the information is: Fisher information in the bins of an observable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import AxisLabel, colour, legend_above, line_style, new_figure, styled

Array = NDArray[np.float64]
_PB_TO_FB = 1000.0


@dataclass(frozen=True)
class InformationInBins:
    """Diagonal elements of the Fisher information by bin of one observable, the rate included.

    Parameters
    ----------
    edges
        (n + 1,).
    share
        Of the cross section, (n,).
    counted
        What counting events in the bin tells of each parameter, (P, n): L (dsigma_b / dtheta)^2 / sigma_b.
    recorded
        What the complete record of the bin's events tells, (P, n): L sum of (dw / dtheta)^2 / w. Never less.
    noise
        What finite simulation adds to `counted` on average, (P, n).
    """

    edges: Array
    share: Array
    counted: Array
    recorded: Array
    noise: Array


def information_in_bins(
    x: ArrayLike, weights: ArrayLike, gradients: ArrayLike, edges: ArrayLike, luminosity: float
) -> InformationInBins:
    """Return the information in bins of x (E,), from weights (E,) in pb and their gradients (E, P), at fb^-1."""
    values, w = np.asarray(x, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    g, bounds = np.asarray(gradients, dtype=np.float64), np.asarray(edges, dtype=np.float64)
    n = len(bounds) - 1
    index = np.searchsorted(bounds, values, side="right") - 1
    index[values == bounds[-1]] = n - 1
    kept = (index >= 0) & (index < n) & (w > 0)
    place, scale = index[kept], _PB_TO_FB * luminosity
    sums = np.bincount(place, w[kept], n)
    slopes = np.stack([np.bincount(place, column[kept], n) for column in g.T])
    squares = np.stack([np.bincount(place, column[kept] ** 2, n) for column in g.T])
    recorded: Array = np.stack([np.bincount(place, column[kept] ** 2 / w[kept], n) for column in g.T])
    with np.errstate(invalid="ignore", divide="ignore"):
        counted, noise = (np.where(sums > 0, top / sums, 0.0) for top in (slopes**2, squares))
    shares: Array = sums / w.sum()
    return InformationInBins(bounds, shares, scale * counted, scale * recorded, scale * noise)


@styled
def information_histogram(found: InformationInBins, axis: AxisLabel, parameters: Sequence[AxisLabel]) -> Figure:
    """Draw the shares of the information and of the cross section in every bin, a panel for every parameter.

    A bin with little of the cross section and much of the information is where the events are that matter.
    """
    n = len(parameters)
    figure = new_figure(6.4, 1.9 + 1.7 * n)
    panels = figure.subplots(n, 1, squeeze=False, sharex=True)[:, 0]
    for p, (panel, parameter) in enumerate(zip(panels, parameters, strict=True)):
        panel.stairs(found.share, found.edges, fill=True, color="0.85", label="cross section")
        total = float(found.recorded[p].sum()) or 1.0
        recorded, counted = found.recorded[p] / total, found.counted[p] / total
        panel.stairs(recorded, found.edges, color=colour(1), linestyle=line_style(1), label="information, event record")
        panel.stairs(counted, found.edges, color=colour(0), linewidth=1.8, label="information, counting events in bins")
        panel.set_ylim(0.0, 1.12 * max(float(found.share.max()), float(recorded.max()), 1e-9))
        panel.set_ylabel(f"share per bin\n({parameter.symbol})")
    panels[0].set_xlim(found.edges[0], found.edges[-1])
    panels[-1].set_xlabel(axis.text)
    legend_above(figure, panels[0].get_legend_handles_labels()[0], "", columns=2)
    return figure
