"""Augmented data: unweighted events at drawn hypotheses, with joint ratios and scores (arXiv 1805.00020).

With dsigma_theta(x, z) the weight of an event at theta and sigma(theta) the cross section after cuts,

    r_xz = [dsigma_theta0 / sigma(theta0)] / [dsigma_theta1 / sigma(theta1)],
    t_xz = grad dsigma_theta / dsigma_theta - grad sigma / sigma.

Events are drawn from one partition, the cross sections are those of all events: the total rate of events that are
never trained on tells a training nothing about them, while a partition's own rate would put its statistical
fluctuation, the same for all events, into every joint ratio.

theta is the theory parameters and, after them, those nuisance parameters of the pool that are named in `nuisance`; the
other ones are at their nominal values. Backgrounds are events like others, whose weights do not depend on the theory
parameters.

What to use when: `draw_ratio_sample` for the ratio methods (with a prior as its `theta1`: for doubly parameterised
ratios), `draw_score_sample` for SALLY and SALLINO, `draw_density_sample` for NDE and SCANDAL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.sampling.effective_sizes import SizeLimits, SizesByHypothesis
from assay.sampling.hypotheses import Hypotheses, Integers, varying
from assay.sampling.info import SampleInfo
from assay.sampling.joint import Rows, joint_ratios, joint_scores
from assay.sampling.priors import Prior
from assay.sampling.rate import PolynomialRate
from assay.sampling.resampling import Resampled, resample
from assay.sampling.samples import DensitySample, RatioSample, ScoreSample

__all__ = ["SizeLimits", "draw_density_sample", "draw_observables", "draw_ratio_sample", "draw_score_sample"]

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]


def draw_ratio_sample(
    pool: EventPool,
    n: int,
    theta0_prior: Prior,
    theta1: ArrayLike | Prior,
    rng: np.random.Generator,
    *,
    n_hypotheses: int = 1000,
    nuisance: Sequence[str] = (),
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
        The denominator hypothesis, shape (P,), or the distribution of as many of them as there are theta0, each paired
        with one of these.
    rng
        Source of randomness.
    n_hypotheses
        Number of distinct theta0; each has as many samples as the others, up to one. At most n / 2.
    nuisance
        The nuisance parameters that theta has after the theory parameters.
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
    if n < 2 or n % 2:
        raise SamplingError(f"{n} samples", expected="an even number, of which half are drawn at each hypothesis")
    source = _Source.of_pool(pool, normalisation, nuisance)
    counts = _shares(n // 2, n_hypotheses)
    doubly = isinstance(theta1, Prior)
    numerators = source.hypotheses(theta0_prior.draw(len(counts), rng))
    denominators = source.hypotheses(theta1.draw(len(counts), rng) if isinstance(theta1, Prior) else theta1)
    drawn = (
        resample(source.pool, numerators, counts, rng),
        resample(source.pool, denominators, counts if doubly else np.array([n // 2]), rng),
    )
    # the second half needs a theta0, too: with a theta1 of its own that is its partner, else it is one of the first
    # half, in another order than that of the events
    partners = drawn[1].hypotheses if doubly else rng.permutation(drawn[0].hypotheses)
    order = rng.permutation(n)
    events = np.concatenate([part.events for part in drawn])[order]
    at0 = np.concatenate([drawn[0].hypotheses, partners])[order]
    at1 = at0 if doubly else np.zeros_like(at0)
    numerator, denominator = source.rows(numerators, at0), source.rows(denominators, at1)
    sizes = _sizes((numerators, denominators), drawn)
    reference = source.reference if doubly else denominators.theta[0]
    return RatioSample(
        info=source.info(theta0_prior.ranges, reference, sizes, drawn, limits, doubly),
        sizes=sizes,
        x=source.x(events),
        theta0=numerators.theta[at0].astype(np.float32),
        theta1=denominators.theta[at1].astype(np.float32),
        y=np.repeat(np.array([0.0, 1.0], dtype=np.float32), n // 2)[order],
        r_xz=joint_ratios(source.pool, events, numerator, denominator),
        t_xz=joint_scores(source.pool, events, numerator),
        t_xz1=joint_scores(source.pool, events, denominator) if doubly else None,
    )


def draw_score_sample(
    pool: EventPool,
    n: int,
    theta: ArrayLike,
    rng: np.random.Generator,
    *,
    nuisance: Sequence[str] = (),
    normalisation: EventPool | None = None,
    limits: SizeLimits | None = None,
) -> ScoreSample:
    """Draw samples for the score methods at one reference point theta (P,), in random order.

    Parameters and errors are those of `draw_ratio_sample`.
    """
    source = _Source.of_pool(pool, normalisation, nuisance)
    point = source.hypotheses(theta)
    drawn = resample(source.pool, point, np.array([n]), rng)
    events = rng.permutation(drawn.events)
    sizes = _sizes((point,), (drawn,))
    return ScoreSample(
        info=source.info(source.ranges, point.theta[0], sizes, (drawn,), limits),
        sizes=sizes,
        x=source.x(events),
        theta=np.tile(point.theta.astype(np.float32), (n, 1)),
        t_xz=joint_scores(source.pool, events, source.rows(point, np.zeros_like(events))),
    )


def draw_density_sample(
    pool: EventPool,
    n: int,
    prior: Prior,
    rng: np.random.Generator,
    *,
    n_hypotheses: int = 1000,
    nuisance: Sequence[str] = (),
    normalisation: EventPool | None = None,
    limits: SizeLimits | None = None,
) -> DensitySample:
    """Draw samples for the density methods at hypotheses of a prior, in random order.

    Parameters and errors are those of `draw_ratio_sample`.
    """
    source = _Source.of_pool(pool, normalisation, nuisance)
    counts = _shares(n, n_hypotheses)
    hypotheses = source.hypotheses(prior.draw(len(counts), rng))
    drawn = resample(source.pool, hypotheses, counts, rng)
    order = rng.permutation(n)
    events, at = drawn.events[order], drawn.hypotheses[order]
    sizes = _sizes((hypotheses,), (drawn,))
    return DensitySample(
        info=source.info(prior.ranges, source.reference, sizes, (drawn,), limits),
        sizes=sizes,
        x=source.x(events),
        theta=hypotheses.theta[at].astype(np.float32),
        t_xz=joint_scores(source.pool, events, source.rows(hypotheses, at)),
    )


def draw_observables(
    pool: EventPool, n: int, theta: ArrayLike, rng: np.random.Generator, nuisance: Sequence[str] = ()
) -> Array:
    """Return the observables (n, O) of unweighted events at theta (P,), in random order."""
    source = _Source.of_pool(pool, None, nuisance)
    drawn = resample(source.pool, source.hypotheses(theta), np.array([n]), rng)
    return np.asarray(pool.x[rng.permutation(drawn.events)])


@dataclass(frozen=True, eq=False)
class _Source:
    """The events that are drawn from, and all events, for their cross sections."""

    pool: EventPool
    whole: EventPool

    @classmethod
    def of_pool(cls, pool: EventPool, whole: EventPool | None, nuisance: Sequence[str]) -> _Source:
        part = varying(pool, nuisance)
        return cls(part, part if whole is None else varying(whole, nuisance))

    def hypotheses(self, theta: ArrayLike) -> Hypotheses:
        return Hypotheses.of_pool(self.pool, theta)

    def rows(self, hypotheses: Hypotheses, at: Integers) -> Rows:
        return Rows(hypotheses, hypotheses.rates(self.whole), at)

    @property
    def reference(self) -> Array:
        """The reference benchmark, with nominal nuisance parameters."""
        return np.concatenate([self.pool.space.reference_values, np.zeros(len(self.pool.nuisance_names))])

    @property
    def ranges(self) -> Array:
        """Of the parameters, and one standard deviation of the nuisance parameters."""
        return np.concatenate([self.pool.space.ranges, np.tile([-1.0, 1.0], (len(self.pool.nuisance_names), 1))])

    def x(self, events: Integers) -> Float32:
        return self.pool.x.astype(np.float32)[events]

    def info(
        self,
        ranges: Array,
        reference: Array,
        sizes: SizesByHypothesis,
        drawn: tuple[Resampled, ...],
        limits: SizeLimits | None,
        doubly: bool = False,
    ) -> SampleInfo:
        return SampleInfo(
            observables=tuple(self.pool.observables),
            parameters=(*self.pool.space.names, *self.pool.nuisance_names),
            ranges=tuple((float(low), float(high)) for low, high in ranges),
            reference=tuple(reference.tolist()),
            effective_sample_size=sizes.summary(limits or SizeLimits()),
            n_rounded_to_zero=sum(part.n_rounded_to_zero for part in drawn),
            nuisance=self.pool.nuisance_names,
            rate=PolynomialRate.of_pool(self.whole, reference[: self.pool.space.n_parameters]),
            doubly=doubly,
        )


def _shares(n: int, n_hypotheses: int) -> Integers:
    """Return how many of n samples each hypothesis has: alike, up to one."""
    if n < 1 or n_hypotheses < 1:
        raise SamplingError(f"{n} samples of {n_hypotheses} hypotheses", expected="at least one of each")
    n_hypotheses = min(n_hypotheses, n)
    counts = np.full(n_hypotheses, n // n_hypotheses)
    counts[: n % n_hypotheses] += 1
    return counts


def _sizes(hypotheses: tuple[Hypotheses, ...], drawn: tuple[Resampled, ...]) -> SizesByHypothesis:
    return SizesByHypothesis(
        np.concatenate([part.theta for part in hypotheses]),
        np.concatenate([part.effective_sample_sizes for part in drawn]),
    )
