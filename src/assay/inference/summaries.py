"""Numbers that go with limits: a fit's covariance and nuisance parameters, what it excludes, an ensemble's spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

from assay.inference.protocols import Array, Likelihood

_DIFFERENCE = 0.1  # standard deviations


@dataclass(frozen=True)
class Exclusion:
    """How strongly a point, such as the Standard Model, is excluded.

    Parameters
    ----------
    theta
        The point, (P,).
    q
        The test statistic there.
    p_value
        Asymptotic, with P degrees of freedom.
    significance
        Standard deviations of a normal distribution with the same two-sided p-value; sqrt(q) for one parameter.
    """

    theta: tuple[float, ...]
    q: float
    p_value: float
    significance: float

    @classmethod
    def at(cls, theta: Sequence[float], q: float) -> Exclusion:
        """Return the exclusion of a point (P,) at which the test statistic is q."""
        p_value = float(chi2.sf(max(q, 0.0), len(theta)))
        # where a p-value underflows, that of a Gaussian tail differs little from the root
        significance = float(norm.isf(p_value / 2.0)) if p_value > 0 else float(np.sqrt(q))
        return cls(tuple(map(float, theta)), float(q), p_value, max(0.0, significance))


@dataclass(frozen=True)
class NuisanceFit:
    """Nuisance parameters at the best fit (their pulls), and whether they stopped at the edge of their range."""

    names: tuple[str, ...]
    values: tuple[float, ...]
    at_edge: tuple[bool, ...]


@dataclass(frozen=True)
class EnsembleSpread:
    """How far the members of an ensemble disagree.

    Parameters
    ----------
    n_members
        Two or more.
    q
        Standard deviation of q over members, over the grid; None without a full grid.
    lower, upper
        Standard deviations over members of the ends of each interval, in the order of the intervals; None where a
        member has none within the grid.
    """

    n_members: int
    q: Array | None
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]


def covariance_at(likelihood: Likelihood, theta: npt.ArrayLike, scale: npt.ArrayLike) -> Array | None:
    """Return the covariance (P, P) of a best fit: the inverse of minus the second derivatives of log L.

    Parameters
    ----------
    theta
        The best fit (P,).
    scale
        About its standard deviations, (P,).

    Returns
    -------
    covariance
        None where log L does not fall in every direction, such as at an edge.
    """
    point, unit = np.asarray(theta, dtype=np.float64), np.asarray(scale, dtype=np.float64)
    n = len(point)
    shifts = _DIFFERENCE * np.diag(unit)
    points = np.vstack([point + shifts, point - shifts])
    if not np.isfinite(likelihood.log_likelihood(points)).all():
        return None
    gradients = np.stack([likelihood.gradient(one) for one in points]) * unit
    hessian = (gradients[n:] - gradients[:n]) / (2.0 * _DIFFERENCE)
    hessian = 0.5 * (hessian + hessian.T)
    if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 1e-10 * np.abs(hessian).max():
        return None
    covariance: Array = np.linalg.inv(hessian) * np.outer(unit, unit)
    return covariance


def correlation_of(covariance: Array) -> Array:
    """Return the correlation matrix of a covariance."""
    spread = np.sqrt(np.diag(covariance))
    correlation: Array = covariance / np.outer(spread, spread)
    return correlation
