"""Whether a ratio's likelihood is as narrow as its information allows.

For the exact ratio the curvature of the expected log likelihood per event, -E[d^2 log r / d theta^2] at the true point,
is the information E[t^2] in its slope. An estimated ratio that is not normalised away from the reference can be more
curved than that: its intervals are then too narrow, though its mean and its slope pass all other checks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assay.estimators.verdicts import CheckResult, judge
from assay.inference.histograms import columns, event_weights
from assay.inference.information import FisherResult
from assay.inference.protocols import PER_INVERSE_FEMTOBARN, RatioEstimator, WeightedEvents

_STEP = 0.3  # standard deviations
_LARGEST_STEP = 0.05  # of the range of the training


def curvature_checks(
    estimator: RatioEstimator,
    test: WeightedEvents,
    shape: FisherResult,
    sigma: float,
    ranges: npt.ArrayLike,
    tolerance: float = 0.1,
) -> tuple[CheckResult, ...]:
    """Compare curvature and information for each parameter; above 1, intervals are too narrow by the square root.

    Parameters
    ----------
    estimator
        The ratio.
    test
        Events that it was not trained on.
    shape
        The information in its shape at the true point, from `calibrated_fisher`.
    sigma
        Cross section there after cuts, pb.
    ranges
        Of the training, (P, 2).
    tolerance
        Of curvature over information.
    """
    theta, x = np.asarray(shape.theta), columns(test, estimator.observables)
    weights = event_weights(test, theta)
    n_events = PER_INVERSE_FEMTOBARN * shape.luminosity * sigma
    low, high = np.asarray(ranges, dtype=np.float64).T
    known = np.diag(shape.information)
    chosen: Sequence[int] = np.flatnonzero(known > 0).tolist()
    results = []
    for p in chosen:
        step = min(_STEP / float(np.sqrt(known[p])), _LARGEST_STEP * float(high[p] - low[p]))
        points = theta + step * np.outer([1.0, 0.0, -1.0], np.eye(len(theta))[p])
        up, here, down = np.asarray(estimator.log_ratio(x, points), dtype=np.float64) @ weights / weights.sum()
        curvature = n_events * (2.0 * here - up - down) / step**2
        value = float(curvature / known[p])
        error = float(shape.errors[p, p] / known[p]) * abs(value)
        results.append(judge(f"curvature in {shape.parameters[p]} against information", value, error, 1.0, tolerance))
    return tuple(results)
