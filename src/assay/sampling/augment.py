"""Augmented data: unweighted events at drawn hypotheses, with joint ratios and scores (arXiv 1805.00020).

With dsigma_theta(x, z) the weight of an event at theta and sigma(theta) the cross section after cuts,

    r_xz = [dsigma_theta0 / sigma(theta0)] / [dsigma_theta1 / sigma(theta1)],
    t_xz = grad dsigma_theta / dsigma_theta - grad sigma / sigma   at theta0.

Events are drawn from one partition, the cross sections are those of all events: the total rate of events that are
never trained on tells a training nothing about them, while a partition's own rate would put its statistical
fluctuation, the same for all events, into every joint ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.sampling.priors import Prior
from assay.sampling.resampling import MORPHING_ROUNDING, Resampled, resample
from assay.sampling.samples import EffectiveSampleSize, RatioSample, SampleInfo, ScoreSample

__all__ = ["RatioSample", "ScoreSample", "SizeLimits", "draw_observables", "draw_ratio_sample", "draw_score_sample"]

Array = NDArray[np.float64]

_ROWS = 1 << 16  # samples for which joint quantities are computed at a time


@dataclass(frozen=True)
class SizeLimits:
    """Effective sample sizes at a hypothesis.

    Parameters
    ----------
    warning
        Hypotheses below it are counted in the sample's description.
    refusal
        With a hypothesis below it nothing is drawn.
    """

    warning: float = 300.0
    refusal: float = 30.0


def draw_ratio_sample(
    pool: EventPool,
    n: int,
    theta0_prior: Prior,
    theta1: ArrayLike,
    rng: np.random.Generator,
    *,
    n_hypotheses: int = 1000,
    normalisation: EventPool | None = None,
    limits: SizeLimits | None = None,
) -> RatioSample:
    """Draw samples for the ratio methods, half of them at theta0 (y = 0) and half at theta1 (y = 1), in random order.

    Parameters
    ----------
    pool
        The weighted events of one partition.
    n
        Number of samples, even.
    theta0_prior
        Distribution of the numerator hypothesis.
    theta1
        The denominator hypothesis, shape (P,).
    rng
        Source of randomness.
    n_hypotheses
        Number of distinct theta0; each has as many samples as the others, up to one. At most n / 2.
    normalisation
        All events after cuts, for the cross sections; `pool` by default.
    limits
        Effective sample sizes for warning and refusal.

    Raises
    ------
    SamplingError
        If a weight or a cross section is negative, a hypothesis has too few effective events, or events of theta0 are
        impossible at theta1.
    """
    if n < 2 or n % 2 or n_hypotheses < 1:
        raise SamplingError(
            f"{n} samples of {n_hypotheses} hypotheses",
            expected="an even number of samples and at least one hypothesis",
        )
    half = n // 2
    theta0 = theta0_prior.draw(min(n_hypotheses, half), rng)
    reference = _point(pool, theta1)
    counts = np.full(len(theta0), half // len(theta0))
    counts[: half % len(theta0)] += 1
    at_theta0 = resample(pool, theta0, counts, rng)
    at_theta1 = resample(pool, reference[None], np.array([half]), rng)
    events = np.concatenate([at_theta0.events, at_theta1.events])
    # the second half needs a theta0, too: the same ones as the first, in another order than that of the events
    hypotheses = np.concatenate([at_theta0.hypotheses, rng.permutation(at_theta0.hypotheses)])
    y = np.repeat([0.0, 1.0], half)
    r_xz, t_xz = _joint(pool, normalisation or pool, events, hypotheses, theta0, reference)
    order = rng.permutation(n)
    sizes = _checked_sizes(np.vstack([theta0, reference]), (at_theta0, at_theta1), limits or SizeLimits())
    return RatioSample(
        info=SampleInfo(
            observables=tuple(pool.observables),
            parameters=tuple(pool.space.names),
            ranges=_pairs(theta0_prior.ranges),
            reference=tuple(reference.tolist()),
            effective_sample_size=sizes,
            n_rounded_to_zero=at_theta0.n_rounded_to_zero + at_theta1.n_rounded_to_zero,
        ),
        x=pool.x[events[order]].astype(np.float32),
        theta0=theta0[hypotheses[order]].astype(np.float32),
        theta1=np.tile(reference.astype(np.float32), (n, 1)),
        y=y[order].astype(np.float32),
        r_xz=r_xz[order].astype(np.float32),
        t_xz=t_xz[order].astype(np.float32),
    )


def draw_score_sample(
    pool: EventPool,
    n: int,
    theta: ArrayLike,
    rng: np.random.Generator,
    *,
    normalisation: EventPool | None = None,
    limits: SizeLimits | None = None,
) -> ScoreSample:
    """Draw samples for the score methods at one reference point theta (P,), in random order.

    Parameters and errors are those of `draw_ratio_sample`.
    """
    point = _point(pool, theta)
    drawn = resample(pool, point[None], np.array([n]), rng)
    events = rng.permutation(drawn.events)
    whole = normalisation or pool
    cross_section, gradient = _cross_section(whole, point)
    weights = pool.weights[events] @ pool.morphing.weights(point)
    t_xz = pool.weights[events] @ pool.morphing.weight_gradients(point) / weights[:, None] - gradient / cross_section
    return ScoreSample(
        info=SampleInfo(
            observables=tuple(pool.observables),
            parameters=tuple(pool.space.names),
            ranges=_pairs(np.asarray(pool.space.ranges)),
            reference=tuple(point.tolist()),
            effective_sample_size=_checked_sizes(point[None], (drawn,), limits or SizeLimits()),
            n_rounded_to_zero=drawn.n_rounded_to_zero,
        ),
        x=pool.x[events].astype(np.float32),
        theta=np.tile(point.astype(np.float32), (n, 1)),
        t_xz=t_xz.astype(np.float32),
    )


def draw_observables(pool: EventPool, n: int, theta: ArrayLike, rng: np.random.Generator) -> Array:
    """Return the observables (n, O) of unweighted events at theta (P,), in random order."""
    drawn = resample(pool, _point(pool, theta)[None], np.array([n]), rng)
    return np.asarray(pool.x[rng.permutation(drawn.events)])


def _joint(
    pool: EventPool,
    whole: EventPool,
    events: NDArray[np.int64],
    hypotheses: NDArray[np.int64],
    theta0: Array,
    theta1: Array,
) -> tuple[Array, Array]:
    """Return joint ratios (N,) and joint scores (N, P) of events (N,) at hypotheses (N,), indices of theta0 (T, P)."""
    r_xz = np.empty(len(events))
    t_xz = np.empty((len(events), theta0.shape[1]))
    reference = pool.morphing.weights(theta1)
    morphing, gradients = pool.morphing.weights(theta0), pool.morphing.weight_gradients(theta0)
    totals = whole.weights.sum(axis=0)
    sigma1, _ = _cross_section(whole, theta1)
    sigma0 = _positive(morphing @ totals, theta0)
    log_gradient = np.einsum("b,tbp->tp", totals, gradients) / sigma0[:, None]
    for start in range(0, len(events), _ROWS):
        part = slice(start, start + _ROWS)
        weights = pool.weights[events[part]]
        at = hypotheses[part]
        at_theta0 = np.maximum(np.einsum("nb,nb->n", weights, morphing[at]), 0.0)
        at_theta1 = np.maximum(weights @ reference, 0.0)
        _check_support(at_theta1, weights, theta1)
        r_xz[part] = (at_theta0 / sigma0[at]) / (at_theta1 / sigma1)
        # an event of theta1 that is impossible at theta0 has no score there, and none is asked for
        possible = at_theta0 > 0.0
        divisor = np.where(possible, at_theta0, 1.0)
        score = np.einsum("nb,nbp->np", weights, gradients[at]) / divisor[:, None] - log_gradient[at]
        t_xz[part] = np.where(possible[:, None], score, 0.0)
    return r_xz, t_xz


def _check_support(at_theta1: Array, weights: Array, theta1: Array) -> None:
    smallest = MORPHING_ROUNDING * np.abs(weights).max(axis=1)
    n_impossible = int(np.count_nonzero(at_theta1 <= smallest))
    if n_impossible:
        raise SamplingError(
            f"{n_impossible} events have weight zero at the denominator hypothesis: their joint ratio is infinite",
            where=f"theta1 = {theta1.tolist()}",
            expected="a denominator at which every event is possible",
            mend="take a benchmark as the denominator, such as the Standard Model",
        )


def _cross_section(pool: EventPool, theta: Array) -> tuple[float, Array]:
    totals = pool.weights.sum(axis=0)
    values = _positive(np.atleast_1d(totals @ pool.morphing.weights(theta)), theta[None])
    return float(values[0]), np.asarray(totals @ pool.morphing.weight_gradients(theta))


def _positive(cross_sections: Array, theta: Array) -> Array:
    if not (cross_sections > 0.0).all():
        index = int(np.argmin(cross_sections))
        raise SamplingError(
            f"the cross section after cuts is {cross_sections[index]:.4g} pb",
            where=f"theta = {theta[index].tolist()}",
            expected="above zero",
            mend="generate more events, or narrow the prior",
        )
    return cross_sections


def _point(pool: EventPool, theta: ArrayLike) -> Array:
    point = np.asarray(theta, dtype=np.float64)
    if point.shape != (pool.space.n_parameters,) or not np.isfinite(point).all():
        raise SamplingError(
            f"a hypothesis {np.asarray(theta).tolist()}", expected=f"finite values of {', '.join(pool.space.names)}"
        )
    return point


def _pairs(ranges: Array) -> tuple[tuple[float, float], ...]:
    return tuple((float(low), float(high)) for low, high in ranges)


def _checked_sizes(theta: Array, drawn: tuple[Resampled, ...], limits: SizeLimits) -> EffectiveSampleSize:
    sizes = np.concatenate([part.effective_sample_sizes for part in drawn])
    worst = int(np.argmin(sizes))
    if sizes[worst] < limits.refusal:
        raise SamplingError(
            f"the pool is worth {sizes[worst]:.1f} unweighted events, and less than {limits.refusal:g} at "
            f"{int(np.count_nonzero(sizes < limits.refusal))} of {len(sizes)} hypotheses",
            where=f"theta = {theta[worst].tolist()}",
            expected=f"at least {limits.refusal:g}",
            mend="generate more events, put a benchmark there, or narrow the prior",
        )
    return EffectiveSampleSize(
        n_hypotheses=len(sizes),
        minimum=float(sizes[worst]),
        median=float(np.median(sizes)),
        theta_of_minimum=tuple(theta[worst].tolist()),
        warning_threshold=limits.warning,
        n_below_warning=int(np.count_nonzero(sizes < limits.warning)),
    )
