"""Calibration: what the estimate was found to mean, on events that did not train it (1506.02169, section 2.3).

If r_hat is any function of the ratio, s = E[1 / (1 + r_xz) | r_hat] says of every value of it which ratio it stands
for: log r = -logit s. The function is learned from validation samples, as a line through points:

- `histogram`: means in bins of log r_hat with the same number of samples each; any form.
- `isotonic`: the best rising function (scikit-learn's isotonic regression); keeps the order of events, so that regions
  of likelihood do not change, and needs no bins.

Beyond the outermost points log r_hat is shifted. One function serves all hypotheses: what is wrong in different ways at
different theta stays so (see `assay.estimators.normalised`, and the check `calibration level by hypothesis`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression

from assay.errors import TrainingError

Array = NDArray[np.float64]
CalibrationKind = Literal["histogram", "isotonic"]

_LEAST_PER_BIN = 200
_MOST_BINS = 50
_LARGEST = 30.0  # |log r|, at which 1 - s is the rounding of a double squared


@dataclass(frozen=True)
class Calibration:
    """log r = g(log r_hat), a line through points.

    Parameters
    ----------
    kind
        How it was found.
    knots
        log r_hat of the points, rising, one at least.
    values
        log r there.
    """

    kind: CalibrationKind
    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        points = np.array([self.knots, self.values])
        if points.ndim != 2 or not points.shape[1] or not np.isfinite(points).all() or (np.diff(points[0]) <= 0).any():
            raise TrainingError(
                f"a calibration through {len(self.knots)} points with {len(self.values)} values",
                expected="as many finite values as rising points, one at least",
            )

    def apply(self, log_r: ArrayLike) -> Array:
        """Return g of estimates of any shape."""
        u = np.asarray(log_r, dtype=np.float64)
        inside = np.interp(u, self.knots, self.values)
        first, last = self.knots[0], self.knots[-1]
        return inside + np.minimum(u - first, 0.0) + np.maximum(u - last, 0.0)

    def slope(self, log_r: ArrayLike) -> Array:
        """Return the derivative of g at estimates of any shape; that to the right at a point itself."""
        slopes = np.concatenate([[1.0], np.diff(self.values) / np.diff(self.knots), [1.0]])
        where = np.searchsorted(self.knots, np.asarray(log_r, dtype=np.float64), side="right")
        chosen: Array = slopes[where]
        return chosen

    def hinges(self) -> tuple[float, Array, Array]:
        """Return a, k and c of the same line as log r = log r_hat + a + sum_i c_i max(log r_hat - k_i, 0)."""
        slopes = np.concatenate([[1.0], np.diff(self.values) / np.diff(self.knots), [1.0]])
        return self.values[0] - self.knots[0], np.array(self.knots), np.diff(slopes)


def fit_calibration(kind: CalibrationKind, log_r: ArrayLike, target: ArrayLike) -> Calibration:
    """Learn what estimates mean.

    Parameters
    ----------
    kind
        Of the function.
    log_r
        Estimates for samples of the numerator and as many of the denominator, shape (N,).
    target
        s_xz = 1 / (1 + r_xz), or the label y, which has more noise, shape (N,).

    Raises
    ------
    TrainingError
        If there are too few samples, or values are not finite.
    """
    u, s = np.asarray(log_r, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if len(u) < 2 * _LEAST_PER_BIN or not np.isfinite(u).all() or not np.isfinite(s).all():
        raise TrainingError(
            f"a calibration with {len(u)} samples, of which {int(np.isfinite(u + s).sum())} are finite",
            expected=f"{2 * _LEAST_PER_BIN} finite estimates and targets at least",
        )
    knots, means = (_binned if kind == "histogram" else _isotonic)(u, s)
    values = np.clip(-logit(np.clip(means, 0.0, 1.0)), -_LARGEST, _LARGEST)
    return Calibration(kind, tuple(float(k) for k in knots), tuple(float(v) for v in values))


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
    index, n = _bins(u, n_bins)
    s_hat, counts = expit(-u), np.bincount(index, minlength=n)
    estimated, found = (np.bincount(index, weights=values, minlength=n) / counts for values in (s_hat, s))
    residuals = (s - s_hat) - (found - estimated)[index]
    pairs, rows = np.unique(index.astype(np.int64) * (int(events.max()) + 1) + events, return_inverse=True)
    sums = np.bincount(rows.ravel(), weights=residuals)
    squares = np.bincount(pairs // (int(events.max()) + 1), weights=sums**2, minlength=n)
    return CalibrationCurve(estimated, found, np.sqrt(squares) / counts)


def _binned(u: Array, s: Array) -> tuple[Array, Array]:
    index, n = _bins(u, min(_MOST_BINS, len(u) // _LEAST_PER_BIN))
    counts = np.bincount(index, minlength=n)
    knots, means = (np.bincount(index, weights=values, minlength=n) / counts for values in (u, s))
    # a bin without any of one kind has no ratio: half a sample bounds it
    return knots, np.clip(means, 0.5 / counts, 1.0 - 0.5 / counts)


def _isotonic(u: Array, s: Array) -> tuple[Array, Array]:
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, increasing=False).fit(u, s).predict(u)
    levels, index = np.unique(-fitted, return_inverse=True)
    counts = np.bincount(index.ravel())
    knots = np.bincount(index.ravel(), weights=u) / counts
    means = np.clip(-levels, 0.5 / counts, 1.0 - 0.5 / counts)
    order = np.argsort(knots)
    knots, means = knots[order], np.minimum.accumulate(means[order])
    # the bounds of small levels can join two of them
    kept = np.concatenate([[True], (np.diff(means) < 0) & (np.diff(knots) > 0)])
    return knots[kept], means[kept]


def _bins(u: Array, n_bins: int) -> tuple[NDArray[np.int64], int]:
    """Return the bin of each value and how many bins there are, none of them empty; equal values are in one bin."""
    edges = np.unique(np.quantile(u, np.linspace(0.0, 1.0, max(1, n_bins) + 1)[1:-1]))
    _, index = np.unique(np.searchsorted(edges, u, side="right"), return_inverse=True)
    flat = index.ravel()
    return flat, int(flat.max()) + 1
