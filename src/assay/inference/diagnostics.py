r"""Closure of an estimated ratio on events that it was not trained on.

Three checks at each theta, all against the simulation itself:

- the estimated against the joint log ratio (mean squared difference, correlation); unless the observables are complete,
  part of the difference is what the latent variables decide, which no estimator can know;
- normalisation: E[r(x|theta, theta_ref)] = 1 over events at theta_ref;
- reweighting: events at theta_ref with the weight r have the same means of observables as events at theta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.histograms import columns, event_weights
from assay.inference.protocols import Array, RatioEstimator, WeightedEvents, as_points

_ROUNDING = 1e-12


@dataclass(frozen=True)
class Closure:
    """How well an estimated ratio closes at T points.

    Parameters
    ----------
    theta
        (T, P).
    observables
        O names.
    mean_squared_error
        E[(log r_hat - log r_xz)^2] over events at the reference, (T,).
    correlation
        Of log r_hat and log r_xz, (T,); NaN where one of them does not vary, as at the reference itself.
    mean_ratio, mean_ratio_error
        E[r_hat] over events at the reference, and its statistical error, (T,): 1 if the ratio is normalised.
    pulls
        (Mean of an observable after reweighting less that at theta) over its statistical error, (T, O).
    """

    theta: Array
    observables: tuple[str, ...]
    mean_squared_error: Array
    correlation: Array
    mean_ratio: Array
    mean_ratio_error: Array
    pulls: Array


def closure(estimator: RatioEstimator, test: WeightedEvents, theta: npt.ArrayLike, reference: npt.ArrayLike) -> Closure:
    """Return the closure at theta (T, P) of a ratio to `reference` (P,), on events `test`.

    Events of weight 0 at either point have no joint ratio and take no part in the comparison with it.

    Raises
    ------
    InferenceError
        If the estimator gives values that are not finite.
    """
    points = as_points(theta)
    x = columns(test, estimator.observables)
    at_reference = event_weights(test, reference)
    rows = [_close(estimator, x, at_reference, event_weights(test, point), point) for point in points]
    squares, correlations, means, errors, pulls = zip(*rows, strict=True)
    return Closure(
        points,
        tuple(estimator.observables),
        np.array(squares),
        np.array(correlations),
        np.array(means),
        np.array(errors),
        np.stack(pulls),
    )


def _close(
    estimator: RatioEstimator, x: Array, at_reference: Array, at_theta: Array, theta: Array
) -> tuple[float, float, float, float, Array]:
    estimated = np.asarray(estimator.log_ratio(x, theta[None]), dtype=np.float64)[0]
    if not np.isfinite(estimated).all():
        bad = int((~np.isfinite(estimated)).sum())
        raise InferenceError(
            f"the log ratio is not finite for {bad} of {len(x)} events at theta = {theta.tolist()}",
            expected="finite values for every event",
            mend="look at the training curves",
        )
    share, share_theta = at_reference / at_reference.sum(), at_theta / at_theta.sum()
    used = (share > 0) & (share_theta > 0)
    joint = np.log(share_theta[used]) - np.log(share[used])
    square, correlation = _compare(estimated[used], joint, share[used])
    ratio = np.exp(estimated)
    mean = float(share @ ratio)
    error = float(np.sqrt((share**2) @ (ratio - mean) ** 2))
    return square, correlation, mean, error, _pulls(x, share * ratio, share_theta)


def _compare(estimated: Array, joint: Array, weights: Array) -> tuple[float, float]:
    share = weights / weights.sum()
    square = float(share @ (estimated - joint) ** 2)
    a, b = estimated - share @ estimated, joint - share @ joint
    spread = (share @ a**2) * (share @ b**2)
    return square, float(share @ (a * b) / np.sqrt(spread)) if spread > 0 else float("nan")


def _pulls(x: Array, reweighted: Array, direct: Array) -> Array:
    """Both means come from the same events, so the error is that of the sum of the events' differences."""
    reweighted, direct = reweighted / reweighted.sum(), direct / direct.sum()
    means, target = reweighted @ x, direct @ x
    influence = reweighted[:, None] * (x - means) - direct[:, None] * (x - target)
    rounding = _ROUNDING * (np.abs(x - target).max(axis=0) + np.abs(target))
    error = (
        np.sqrt((influence**2).sum(axis=0)) + rounding
    )  # both means agree to rounding where the joint ratio is the ratio
    pulls: Array = np.divide(means - target, error, out=np.zeros_like(means), where=error > 0)
    return pulls
