r"""The Neyman construction: confidence regions from the distribution of the test statistic in toys.

At every true point theta the toys drawn there give the quantile c(theta) of q(theta); the region of a data set is
{theta: q(theta) <= c(theta)}. It covers by construction, whatever the likelihood: an over-confident estimator
loses precision but not coverage. By Wilks' theorem c is the quantile of a chi-square distribution in the limit of many
events, with the true likelihood; `compare_with_wilks` says how far that holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import QhullError
from scipy.stats import binom, chi2, kstest

from assay.errors import InferenceError
from assay.inference.profiles import critical_q
from assay.inference.protocols import Array, Mask, as_points


@dataclass(frozen=True)
class CriticalValue:
    """A quantile of q at a true point.

    Parameters
    ----------
    theta
        The true point (P,).
    confidence_level
        Of the region.
    value
        The quantile.
    lower, upper
        Its 68.27 % confidence interval, from order statistics; infinite where the toys are too few to bound it.
    asymptotic
        The quantile by Wilks' theorem.
    n_toys
        From how many toys.
    """

    theta: tuple[float, ...]
    confidence_level: float
    value: float
    lower: float
    upper: float
    asymptotic: float
    n_toys: int


def critical_value(q: npt.ArrayLike, theta: npt.ArrayLike, confidence_level: float) -> CriticalValue:
    """Return the quantile of the test statistics q (N,) of toys at their true point theta (P,).

    Raises
    ------
    InferenceError
        If the toys are too few: the quantile would be the largest of them.
    """
    ordered, point = np.sort(np.asarray(q, dtype=np.float64)), np.asarray(theta, dtype=np.float64)
    n = len(ordered)
    # the k-th of N values bounds a new one with the probability k / (N + 1)
    rank = int(np.ceil((n + 1) * confidence_level - 1e-9))
    if rank > n or n == 0:
        raise InferenceError(
            f"{n} toys for a quantile of {confidence_level:g}",
            expected=f"at least {int(np.ceil(confidence_level / (1.0 - confidence_level)))}",
            mend="run more experiments, or ask for lower confidence levels",
        )
    low, high = binom.ppf([0.15865, 0.84135], n, confidence_level).astype(int)
    return CriticalValue(
        theta=tuple(map(float, point)),
        confidence_level=confidence_level,
        value=float(ordered[rank - 1]),
        lower=float(ordered[low - 1]) if low >= 1 else 0.0,
        upper=float(ordered[high]) if high < n else np.inf,
        asymptotic=critical_q(confidence_level, len(point)),
        n_toys=n,
    )


@dataclass(frozen=True)
class WilksComparison:
    """How the test statistic of toys is distributed, against chi-square with P degrees of freedom.

    Parameters
    ----------
    distance
        The largest difference of the cumulative distributions (Kolmogorov and Smirnov).
    p_value
        Of the distance; small where the theorem does not hold.
    mean_q
        P in the limit of Wilks' theorem.
    n_parameters, n_toys
        P, and how many toys.
    """

    distance: float
    p_value: float
    mean_q: float
    n_parameters: int
    n_toys: int


def compare_with_wilks(q: npt.ArrayLike, n_parameters: int) -> WilksComparison:
    """Compare the test statistics q (N,) of toys at their true point with Wilks' theorem."""
    values = np.asarray(q, dtype=np.float64)
    if not len(values) or not np.isfinite(values).all():
        raise InferenceError("test statistics that are not finite, or none", expected="those of toys without failures")
    found = kstest(values, chi2(n_parameters).cdf)
    return WilksComparison(float(found.statistic), float(found.pvalue), float(values.mean()), n_parameters, len(values))


def interpolated_critical(critical: tuple[CriticalValue, ...], theta: npt.ArrayLike) -> Array:
    """Return critical values (T,) at theta (T, P): linear between the points of the toys, constant beyond them.

    They vary slowly: they are the same everywhere where Wilks' theorem holds.
    """
    points, wanted = np.array([one.theta for one in critical]), as_points(theta)
    values = np.array([one.value for one in critical])
    if points.shape[1] == 1:
        order = np.argsort(points[:, 0])
        between: Array = np.interp(wanted[:, 0], points[order, 0], values[order])
        return between
    scale = np.maximum(np.ptp(np.vstack([points, wanted]), axis=0), np.finfo(float).tiny)
    nearest: Array = NearestNDInterpolator(points / scale, values)(wanted / scale)
    try:
        linear = LinearNDInterpolator(points / scale, values)(wanted / scale)
    except (QhullError, ValueError):  # too few points, or all in a plane
        return nearest
    return np.where(np.isfinite(linear), linear, nearest)


def neyman_region(q: Array, theta: npt.ArrayLike, critical: tuple[CriticalValue, ...]) -> Mask:
    """Return whether the points theta (T, P) at which data have the test statistics q (T,) are in the region, (T,)."""
    inside: Mask = np.asarray(q) <= interpolated_critical(critical, theta)
    return inside
