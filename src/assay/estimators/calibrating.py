"""Finding what estimates mean, on events that did not train them (1506.02169, section 2.3).

If r_hat is any function of the ratio, s = E[1 / (1 + r_xz) | r_hat] says of every value of it which ratio it stands
for: log r = -logit s. The function is learned from validation samples, as a line through points:

- `histogram`: means in bins of log r_hat with the same number of samples each; any form.
- `isotonic`: the best rising function (scikit-learn's isotonic regression); keeps the order of events, so that regions
  of likelihood do not change, and needs no bins.

Beyond the outermost points log r_hat is shifted. One function serves all hypotheses: what is wrong in different ways at
different theta stays so (see `assay.estimators.normalised`, and the check `calibration level by hypothesis`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit
from sklearn.isotonic import IsotonicRegression

from assay.errors import TrainingError
from assay.estimators.calibrated import CalibratedRatio
from assay.estimators.calibration import Calibration, CalibrationKind
from assay.estimators.calibration_curve import bins_of
from assay.estimators.ratio import BlockwiseRatio
from assay.estimators.ratio_checks import estimates_of
from assay.sampling.samples import RatioSample

Array = NDArray[np.float64]

_LEAST_PER_BIN = 200
_MOST_BINS = 50
_LARGEST = 30.0  # |log r|, at which 1 - s is the rounding of a double squared


def calibrated(estimator: BlockwiseRatio[Any], kind: CalibrationKind, sample: RatioSample) -> CalibratedRatio:
    """Return an estimator behind its calibration on a sample that did not train it, that of the validation say."""
    targets = 1.0 / (1.0 + np.asarray(sample.r_xz, dtype=np.float64))
    return CalibratedRatio(estimator, fit_calibration(kind, estimates_of(estimator, sample).log_r, targets))


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


def _binned(u: Array, s: Array) -> tuple[Array, Array]:
    index, n = bins_of(u, min(_MOST_BINS, len(u) // _LEAST_PER_BIN))
    counts = np.bincount(index, minlength=n)
    knots, means = (np.bincount(index, weights=values, minlength=n) / counts for values in (u, s))
    # a bin without any of one kind has no ratio: half a sample bounds it
    return knots, np.clip(means, 0.5 / counts, 1.0 - 0.5 / counts)


def _isotonic(u: Array, s: Array) -> tuple[Array, Array]:
    """Return the steps of the falling function of least squares, small ones joined to their neighbours."""
    order = np.argsort(u, kind="stable")
    fitted = IsotonicRegression(increasing=False).fit(u, s).predict(u[order])
    step = np.cumsum(np.concatenate([[0], np.diff(fitted) < 0.0]))
    # a new point where a step begins and the last point has enough samples
    counts = np.bincount(step)
    point, held, of_step = 0, 0, []
    for count in counts:
        if held >= _LEAST_PER_BIN:
            point, held = point + 1, 0
        of_step.append(point)
        held += int(count)
    if held < _LEAST_PER_BIN and point > 0:
        of_step = [min(p, point - 1) for p in of_step]
    index = np.array(of_step)[step]
    sizes = np.bincount(index)
    knots, means = (np.bincount(index, weights=values) / sizes for values in (u[order], fitted))
    return knots, np.clip(means, 0.5 / sizes, 1.0 - 0.5 / sizes)
