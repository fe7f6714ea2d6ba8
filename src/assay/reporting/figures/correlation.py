"""Correlations of the observables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import DIVERGING, AxisLabel, new_figure, plain, styled

_MOST_WITH_NUMBERS = 20


def correlations(x: ArrayLike, weights: ArrayLike) -> NDArray[np.float64]:
    """Return linear correlations (O, O) of x (E, O) under weights (E,); NaN for an observable that does not vary."""
    values, w = np.asarray(x, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    share = w / w.sum()
    centred = values - share @ values
    covariance = (centred * share[:, None]).T @ centred
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        matrix: NDArray[np.float64] = covariance / np.outer(spread, spread)
    return matrix


@styled
def correlation_matrix(x: ArrayLike, weights: ArrayLike, axes: Sequence[AxisLabel], hypothesis: str) -> Figure:
    """Draw the correlations of observables x (E, O) under weights (E,), which are those of `hypothesis`."""
    matrix = correlations(x, weights)
    n = len(axes)
    size = 1.6 + 0.5 * n
    figure = new_figure(size + 1.0, size)
    panel = figure.subplots()
    image = panel.imshow(matrix, cmap=DIVERGING, vmin=-1.0, vmax=1.0)
    figure.colorbar(image, ax=panel, label=f"linear correlation at {plain(hypothesis)}", fraction=0.046, pad=0.02)
    panel.set_xticks(range(n), [axis.symbol for axis in axes], rotation=45, ha="right")
    panel.set_yticks(range(n), [axis.symbol for axis in axes])
    panel.tick_params(which="both", length=0)
    panel.minorticks_off()
    if n <= _MOST_WITH_NUMBERS:
        for row in range(n):
            for column in range(n):
                value = matrix[row, column]
                shade = "white" if abs(value) > 0.6 else "black"
                panel.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8, color=shade)
    return figure
