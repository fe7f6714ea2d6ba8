"""Calibration curves: how often samples are of the denominator where an estimate says so."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from assay.estimators.calibration_curve import CalibrationCurve
from assay.reporting.figures.style import colour, legend_above, marker, new_figure, plain, styled

_TOLERANCE = 0.02


@styled
def calibration_curves(
    curves: Mapping[str, CalibrationCurve],
    colours: Mapping[str, int] | None = None,
    tolerance: float = _TOLERANCE,
) -> Figure:
    """Draw found against estimated shares of the denominator, and their difference with its statistical error.

    Parameters
    ----------
    curves
        By method.
    colours
        Index of every method's colour.
    tolerance
        Half width of the band in the lower panel: deviations that do not matter.
    """
    figure = new_figure(6.4, 6.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.4))
    upper.plot([0.0, 1.0], [0.0, 1.0], color="0.4", linestyle="--", label="perfect")
    lower.axhline(0.0, color="0.4", linestyle="--")
    lower.axhspan(-tolerance, tolerance, color="0.85", lw=0)
    reach = 1.4 * tolerance
    for number, (method, curve) in enumerate(curves.items()):
        index = (colours or {}).get(method, number)
        look = {"color": colour(index), "marker": marker(index), "markersize": 4, "linewidth": 1.0}
        upper.plot(curve.estimated, curve.found, label=plain(method), **look)
        away = curve.found - curve.estimated
        lower.errorbar(curve.estimated, away, curve.errors, capsize=2, **look)
        reach = max(reach, 1.15 * float(np.max(np.abs(away) + curve.errors)))
    shown = np.concatenate([curve.estimated for curve in curves.values()])
    margin = 0.05 * (shown.max() - shown.min()) + 1e-3
    upper.set_xlim(shown.min() - margin, shown.max() + margin)
    upper.set_ylim(upper.get_xlim())
    upper.set_ylabel(r"found share of the denominator")
    lower.set_ylim(-reach, reach)
    lower.set_ylabel("found \N{MINUS SIGN} estimated")
    lower.set_xlabel(r"estimated share $\hat{s} = 1\,/\,(1 + \hat{r})$")
    legend_above(figure, upper.get_legend_handles_labels()[0], "calibration on test samples (band: tolerance)")
    return figure
