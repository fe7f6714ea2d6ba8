"""Joint against estimated log likelihood ratios: the joint one scatters around the true one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import SEQUENTIAL, colour, new_figure, plain, styled

Array = NDArray[np.float64]
_FEW = 30


@dataclass(frozen=True)
class ResidualProfile:
    """Joint minus estimated value in bins of the estimate.

    Parameters
    ----------
    centres
        Mean estimate in each bin, (n,).
    mean, error
        Mean residual and its statistical error, (n,): consistent with zero for a calibrated estimate.
    spread
        Standard deviation of the residual, (n,): what the observables do not tell, whatever the estimator.
    """

    centres: Array
    mean: Array
    error: Array
    spread: Array


def residual_profile(joint: ArrayLike, estimated: ArrayLike, n_bins: int = 20) -> ResidualProfile:
    """Average the residuals in bins of equal width, wider where they would hold fewer than 30 events.

    Joint and estimated values are of shape (N,).
    """
    truth, estimate = np.asarray(joint, dtype=np.float64), np.asarray(estimated, dtype=np.float64)
    order = np.argsort(estimate)
    low, high = np.quantile(estimate, (0.002, 0.998))
    inner = np.searchsorted(estimate[order], np.linspace(low, high, n_bins + 1)[1:-1])
    parts = np.split(order, _enough(inner, len(order)))
    residuals = truth - estimate
    return ResidualProfile(
        np.array([estimate[part].mean() for part in parts]),
        np.array([residuals[part].mean() for part in parts]),
        np.array([residuals[part].std() / np.sqrt(len(part)) for part in parts]),
        np.array([residuals[part].std() for part in parts]),
    )


def _enough(splits: NDArray[np.intp], n: int) -> list[int]:
    """Return those of ascending places to split n events at that leave enough events in every part."""
    kept = [0]
    for split in splits:
        if split - kept[-1] >= _FEW and n - split >= _FEW:
            kept.append(int(split))
    return kept[1:]


@styled
def joint_versus_estimated(
    joint: ArrayLike, estimated: ArrayLike, method: str, quantity: str = "log r", n_bins: int = 80
) -> Figure:
    """Draw the density of (estimated, joint) values (N,) each, and the mean residual in bins of the estimate.

    Parameters
    ----------
    joint, estimated
        Log ratios (or a component of the score) of test events, drawn with equal weights.
    method
        Name of the method.
    quantity
        What is compared, as plain text.
    n_bins
        Of the density, per axis.
    """
    truth, estimate = np.asarray(joint, dtype=np.float64), np.asarray(estimated, dtype=np.float64)
    low, high = np.quantile(np.concatenate([truth, estimate]), (0.002, 0.998))
    if not high > low:
        low, high = low - 1.0, high + 1.0
    edges = np.linspace(low, high, n_bins + 1)
    figure = new_figure(6.4, 6.4)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    counts = np.histogram2d(estimate, truth, bins=[edges, edges])[0]
    mesh = upper.pcolormesh(
        edges,
        edges,
        np.ma.masked_equal(counts, 0.0).T,
        cmap=SEQUENTIAL,
        norm=LogNorm(1, max(2.0, counts.max())),
        rasterized=True,
    )
    upper.plot([low, high], [low, high], color=colour(1), linestyle="--", label="equal")
    upper.set_ylabel(f"joint {plain(quantity)} (event record)")
    upper.legend(loc="upper left", title=plain(method), frameon=True, framealpha=0.85)
    figure.colorbar(mesh, ax=upper, label="test events")
    profile = residual_profile(truth, estimate)
    lower.axhline(0.0, color=colour(1), linestyle="--")
    lower.errorbar(profile.centres, profile.mean, profile.error, fmt="o", color=colour(0), markersize=4, capsize=2)
    lower.set_ylabel("mean of joint\n\N{MINUS SIGN} estimated")
    lower.set_xlabel(f"estimated {plain(quantity)} ({plain(method)})")
    lower.set_xlim(low, high)
    reach = 1.2 * float(np.nanmax(np.abs(profile.mean) + profile.error, initial=0.02))
    lower.set_ylim(-reach, reach)
    return figure
