r"""Fisher information with its statistical uncertainty from finite simulation.

    I_ij = L d_i sigma d_j sigma / sigma + L sigma E[t_i t_j]                       (1612.05261, 1805.00013)

- `rate_information`: the first term.
- `score_information`: the second term, from an estimated score t (SALLY, or the gradient of a ratio estimator at
  theta), or from the joint score of the complete event record: `parton_level=True`, an upper bound that no detector
  reaches.
- `calibrated_information`: what the mean of the statistic t provably carries, d E[t]/d theta and Cov(t) both measured
  on the events. Equal to the former for an exact score; smaller for a wrong one, where the former can exceed the truth.
- `histogram_information`: L sum_n d_i sigma_n d_j sigma_n / sigma_n, with or without the rate.

Uncertainties are those of sums over independent events (delta method): a quantity f(S) of sums S = sum_e s_e has the
covariance J (sum_e s_e s_e^T) J^T. The number of events is taken as Poisson distributed; where it was
fixed and the cuts keep nearly all of them, the uncertainty is somewhat smaller than said.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.information import FisherResult
from assay.inference.protocols import PER_INVERSE_FEMTOBARN, Array, UncertainExpectations

_EVENTS_PER_CHUNK = 100_000


def rate_information(
    total: UncertainExpectations,
    theta: npt.ArrayLike,
    luminosity: float,
    parameters: tuple[str, ...],
    method: str = "rate",
) -> FisherResult:
    """Return the information in the number of events; `total` has one bin, `luminosity` in fb^-1."""
    return histogram_information(
        total.merged(np.zeros(total.n_bins, dtype=np.int64)), theta, luminosity, parameters, method, True
    )


def histogram_information(
    templates: UncertainExpectations,
    theta: npt.ArrayLike,
    luminosity: float,
    parameters: tuple[str, ...],
    method: str = "histogram",
    include_rate: bool = True,
) -> FisherResult:
    """Return the information in the counts of bins, or in their shape alone.

    Finite simulation raises it: its expected bias, to second order, is returned beside it.

    Raises
    ------
    InferenceError
        If a bin's expectation is not positive at theta (P,).
    """
    point = np.asarray(theta, dtype=np.float64)
    sigma, gradients = templates.cross_sections(point)[0], templates.gradients(point)
    if not (sigma > 0).all():
        raise InferenceError(
            f"{int((sigma <= 0).sum())} of {len(sigma)} bins expect no event or fewer at theta = {point.tolist()}",
            expected="a positive expectation in every bin",
            mend="merge bins (assay.inference.templates.merge_groups), or ask for fewer",
        )
    factor = PER_INVERSE_FEMTOBARN * luminosity
    spread = templates.covariances(point)
    slopes = gradients / sigma[:, None]
    information = factor * np.einsum("n,ni,nj->ij", sigma, slopes, slopes)
    bias = factor * _bias(sigma, slopes, spread)
    derivative = _bin_derivatives(slopes)
    if not include_rate:
        total, slope = sigma.sum(), gradients.sum(axis=0) / sigma.sum()
        information = information - factor * total * np.outer(slope, slope)
        bias = bias - factor * _bias(np.array([total]), slope[None], spread.sum(axis=0, keepdims=True))
        derivative = derivative - _bin_derivatives(slope[None])
    covariance = factor**2 * np.einsum("nija,nab,nklb->ijkl", derivative, spread, derivative, optimize=True)
    return FisherResult(
        method, include_rate, parameters, tuple(map(float, point)), luminosity, information, covariance, bias
    )


def _bin_derivatives(slopes: Array) -> Array:
    """Return d (g_i g_j / sigma) / d (sigma, g_1, ..., g_P), (N, P, P, 1 + P), at slopes g / sigma (N, P)."""
    n_bins, n_parameters = slopes.shape
    derivative = np.zeros((n_bins, n_parameters, n_parameters, 1 + n_parameters))
    derivative[..., 0] = -slopes[:, :, None] * slopes[:, None, :]
    unit = np.eye(n_parameters)
    derivative[..., 1:] = (
        unit[None, :, None, :] * slopes[:, None, :, None] + unit[None, None, :, :] * slopes[:, :, None, None]
    )
    return derivative


def _bias(sigma: Array, slopes: Array, spread: Array) -> Array:
    """Return by how much g_i g_j / sigma, summed over bins, is too large on average (to second order).

    It is sum_e w^2 (t - g/sigma)(t - g/sigma)^T / sigma in each bin, positive whatever the physics.
    """
    rows = np.concatenate(
        [-slopes[:, :, None], np.broadcast_to(np.eye(slopes.shape[1]), (len(sigma), *[slopes.shape[1]] * 2))], axis=2
    )
    bias: Array = np.einsum("nia,nab,njb->ij", rows / sigma[:, None, None], spread, rows, optimize=True)
    return bias


def score_information(
    scores: npt.ArrayLike,
    weights: npt.ArrayLike,
    theta: npt.ArrayLike,
    luminosity: float,
    sigma: float,
    parameters: tuple[str, ...],
    method: str,
    *,
    parton_level: bool = False,
) -> FisherResult:
    """Return L sigma E[t_i t_j], the information in the shape.

    Parameters
    ----------
    scores
        t (E, P) of events, at theta.
    weights
        Their weights (E,) at theta, in any unit.
    theta
        (P,).
    luminosity
        fb^-1.
    sigma
        Cross section at theta after cuts, pb.
    parton_level
        For joint scores, to label the result as an upper bound.

    Raises
    ------
    InferenceError
        If scores are not finite.
    """
    t, w = _checked(scores, weights)
    products = (t[:, :, None] * t[:, None, :]).reshape(len(t), -1)
    mean, covariance = _mean_and_covariance(products, w)
    expected = PER_INVERSE_FEMTOBARN * luminosity * sigma
    result = _shape_result(method, parameters, theta, luminosity, expected * mean, expected**2 * covariance)
    return replace(result, parton_level=parton_level)


def calibrated_information(
    scores: npt.ArrayLike,
    joint_scores: npt.ArrayLike,
    weights: npt.ArrayLike,
    theta: npt.ArrayLike,
    luminosity: float,
    sigma: float,
    parameters: tuple[str, ...],
    method: str,
) -> FisherResult:
    """Return L sigma A^T V^-1 A, the information of the mean of t; A = E[t t_xz^T] = d E[t] / d theta, V = Cov(t).

    A lower bound on the information in x whatever t is, as far as the simulated events are right (1805.12244, section
    III).
    """
    t, w = _checked(scores, weights)
    joint, _ = _checked(joint_scores, weights)
    share = w / w.sum()
    centred = t - share @ t
    response = np.einsum("e,ei,ej->ij", share, centred, joint)
    spread = np.einsum("e,ei,ej->ij", share, centred, centred)
    try:
        map_ = np.linalg.solve(spread, response)
    except np.linalg.LinAlgError:
        raise InferenceError(
            "the estimated score does not vary in a direction", where=method, mend="look at the training curves"
        ) from None
    calibrated = centred @ map_  # the regression of the joint score on t: I = E[calibrated calibrated^T]
    influence = calibrated[:, :, None] * joint[:, None, :]
    influence = influence + influence.transpose(0, 2, 1) - calibrated[:, :, None] * calibrated[:, None, :]
    _, covariance = _mean_and_covariance(influence.reshape(len(t), -1), w)
    expected = PER_INVERSE_FEMTOBARN * luminosity * sigma
    return _shape_result(method, parameters, theta, luminosity, expected * response.T @ map_, expected**2 * covariance)


def _shape_result(
    method: str, parameters: tuple[str, ...], theta: npt.ArrayLike, luminosity: float, mean: Array, covariance: Array
) -> FisherResult:
    """Return information whose elements are means over many events, hardly biased by finite simulation."""
    p = len(parameters)
    point = tuple(map(float, np.asarray(theta, dtype=np.float64)))
    matrix, spread = mean.reshape(p, p), covariance.reshape(p, p, p, p)
    return FisherResult(method, False, parameters, point, luminosity, matrix, spread, np.zeros((p, p)))


def with_rate(shape: FisherResult, rate: FisherResult) -> FisherResult:
    """Return the sum of the information in the shape and in the rate, taken as statistically independent estimates.

    Raises
    ------
    InferenceError
        If they are not of the same point and luminosity, or the first has the rate included already.
    """
    same = (shape.parameters, shape.theta, shape.luminosity) == (rate.parameters, rate.theta, rate.luminosity)
    if not same or shape.include_rate or not rate.include_rate:
        raise InferenceError(
            f"{shape.method} and {rate.method} cannot be added", expected="shape and rate at one point and luminosity"
        )
    return replace(
        shape,
        include_rate=True,
        information=shape.information + rate.information,
        covariance=shape.covariance + rate.covariance,
        bias=shape.bias + rate.bias,
    )


def _checked(scores: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Array, Array]:
    t, w = np.asarray(scores, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    bad = ~(np.isfinite(t).all(axis=1) & np.isfinite(w))
    if bad.any():
        raise InferenceError(
            f"scores or weights of {int(bad.sum())} of {len(t)} events are not finite",
            expected="finite values for every event",
            mend="look at the training curves of the estimator",
        )
    if not w.sum() > 0:
        raise InferenceError("the weights do not add up to a positive number", expected="a positive cross section")
    return t, w


def _mean_and_covariance(values: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted mean (K,) of values (E, K), and its covariance (K, K) for independent events with these weights."""
    total = weights.sum()
    mean = weights @ values / total
    covariance = np.zeros((values.shape[1], values.shape[1]))
    for start in range(0, len(values), _EVENTS_PER_CHUNK):
        part = slice(start, start + _EVENTS_PER_CHUNK)
        residual = (weights[part] / total)[:, None] * (values[part] - mean)
        covariance += residual.T @ residual
    return mean, covariance
