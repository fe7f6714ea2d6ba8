"""The calibration curve: how often samples are of the denominator where the estimate says s_hat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Estimated against found shares of the denominator, bin by bin of the estimate.

    Parameters
    ----------
    estimated, found, errors
        Mean s_hat of a bin, mean target, and the statistical error of their difference, (B,).
    """

    estimated: Array
    found: Array
    errors: Array


def calibration_curve(
    log_r: ArrayLike, target: ArrayLike, events: NDArray[np.integer], n_bins: int = 20
) -> CalibrationCurve:
    """Return the curve of estimates (N,) against targets (N,), in bins with the same number of samples each.

    `events`, numbers from 0, shape (N,), says which event each sample is.
    """
    u, s = np.asarray(log_r, dtype=np.float64), np.asarray(target, dtype=np.float64)
    index, n = bins_of(u, n_bins)
    s_hat, counts = expit(-u), np.bincount(index, minlength=n)
    estimated, found = (np.bincount(index, weights=values, minlength=n) / counts for values in (s_hat, s))
    residuals = (s - s_hat) - (found - estimated)[index]
    pairs, rows = np.unique(index.astype(np.int64) * (int(events.max()) + 1) + events, return_inverse=True)
    sums = np.bincount(rows.ravel(), weights=residuals)
    squares = np.bincount(pairs // (int(events.max()) + 1), weights=sums**2, minlength=n)
    return CalibrationCurve(estimated, found, np.sqrt(squares) / counts)


def bins_of(u: Array, n_bins: int) -> tuple[NDArray[np.int64], int]:
    """Return the bin of each value and how many bins there are, none of them empty; equal values are in one bin."""
    edges = np.unique(np.quantile(u, np.linspace(0.0, 1.0, max(1, n_bins) + 1)[1:-1]))
    _, index = np.unique(np.searchsorted(edges, u, side="right"), return_inverse=True)
    flat = index.ravel()
    return flat, int(flat.max()) + 1
