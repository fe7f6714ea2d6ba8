"""Training curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from assay.reporting.figures.style import colour, legend_above, new_figure, plain, styled

_COLUMNS = 3


@dataclass(frozen=True)
class TrainingCurve:
    """Losses of a training.

    Parameters
    ----------
    epochs
        Counted from 1, (n,).
    train, validation
        Losses, (n,).
    best_epoch
        The epoch whose weights were kept.
    """

    epochs: NDArray[np.int64]
    train: NDArray[np.float64]
    validation: NDArray[np.float64]
    best_epoch: int


@styled
def training_curves(curves: Mapping[str, TrainingCurve]) -> Figure:
    """Draw the losses of every training in a panel of its own: losses of different methods cannot be compared."""
    columns = min(_COLUMNS, len(curves))
    rows = -(-len(curves) // columns)
    figure = new_figure(max(4.6, 3.6 * columns), 3.3 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, (name, curve) in zip(panels, curves.items(), strict=False):
        _curve(panel, curve)
        panel.set_title(plain(name))
    for panel in panels[len(curves) :]:
        panel.set_axis_off()
    legend_above(figure, panels[0].get_legend_handles_labels()[0], "loss per epoch")
    return figure


def _curve(panel: Axes, curve: TrainingCurve) -> None:
    panel.plot(curve.epochs, curve.train, color=colour(0), label="training")
    panel.plot(curve.epochs, curve.validation, color=colour(1), linestyle="--", label="validation")
    best = int(np.searchsorted(curve.epochs, curve.best_epoch))
    panel.plot(
        [curve.best_epoch],
        [curve.validation[best]],
        marker="*",
        markersize=12,
        color="black",
        ls="",
        label="epoch kept",
    )
    panel.set_xlabel("epoch")
    panel.set_ylabel("loss")
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.xaxis.minorticks_off()
    panel.margins(x=0.03, y=0.08)
