"""What a study's section `sampling` says of hypotheses, and how samples are drawn at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import SamplingError
from assay.events.pool import EventPool, Partition
from assay.sampling.augment import SizeLimits, draw_density_sample, draw_ratio_sample, draw_score_sample
from assay.sampling.priors import Flat, Gaussian, IndependentPrior, JointPrior, LogUniform, Marginal, PointsPrior, Prior
from assay.sampling.requests import Points, SampleRequest
from assay.sampling.samples import Sample
from assay.sampling.streaming import SampleStream
from assay.study import model
from assay.study.model import Study
from assay.study.resolve import prior_interval, resolve, trained_interval

_WARNING = 10.0
"""Effective events of which a hypothesis is warned of, in units of those with fewer of which it is refused."""


def point_of(study: Study, theta: model.Theta | None) -> tuple[float, ...]:
    """Return the values of the theory parameters at a benchmark or point; None is the reference benchmark.

    Raises
    ------
    SamplingError
        If there is no such benchmark, or a parameter has no value.
    """
    name = theta if theta is not None else resolve(study).reference
    try:
        values = study.benchmarks[str(name)] if not isinstance(name, dict) else name
        return tuple(float(values[parameter]) for parameter in study.parameters)
    except KeyError as error:
        raise SamplingError(
            f"a hypothesis {name}: {error} is unknown", expected="a benchmark, or a value for every parameter"
        ) from None


def nuisance_names(study: Study, pool: EventPool) -> tuple[str, ...]:
    """Return the nuisance parameters that hypotheses have, in the order of the pool.

    Raises
    ------
    SamplingError
        If the events do not depend on one that the study gives a prior.
    """
    chosen = study.sampling.nuisance
    if chosen is None:
        return pool.nuisance_names
    unknown = [name for name in chosen if name not in pool.nuisance_names]
    if unknown:
        raise SamplingError(
            f"a prior for {', '.join(unknown)}, on which the events do not depend",
            where="sampling.nuisance",
            expected=f"some of the nuisance parameters {', '.join(pool.nuisance_names) or '(there are none)'}",
        )
    return tuple(name for name in pool.nuisance_names if name in chosen)


def hypothesis_prior(study: Study, nuisance: Sequence[str] = (), points: Points | None = None) -> Prior:
    """Return the distribution of theta0 in training, over the values on which the study's limits may be evaluated.

    Parameters
    ----------
    study
        The study.
    nuisance
        Names of the nuisance parameters that come after the theory parameters.
    points
        Values of the theory parameters, in place of the study's.
    """
    theory, varied = _theory_marginals(study), _nuisance_marginals(study, nuisance)
    if points is None and study.sampling.numerator is not None:
        points = tuple(point_of(study, theta) for theta in study.sampling.numerator)
    if points is None:
        return IndependentPrior(theory + varied, study.sampling.sequence)
    fixed = PointsPrior(points, tuple((marginal.low, marginal.high) for marginal in theory))
    return JointPrior((fixed, IndependentPrior(varied, study.sampling.sequence))) if varied else fixed


@dataclass(frozen=True, eq=False)
class SampleSource:
    """Draws a study's sample of one kind from the events of one partition.

    Parameters
    ----------
    request
        What is drawn.
    part, whole
        The events that are drawn, and all events, for cross sections.
    n
        Number of rows.
    prior
        Of the hypotheses.
    theta1
        The denominator of ratios, and the reference of scores, shape (P,).
    n_hypotheses
        Number of distinct hypotheses.
    nuisance
        Names of the nuisance parameters that hypotheses have.
    limits
        Effective sample sizes for warning and refusal.
    """

    request: SampleRequest
    part: EventPool
    whole: EventPool
    n: int
    prior: Prior
    theta1: tuple[float, ...]
    n_hypotheses: int
    nuisance: tuple[str, ...]
    limits: SizeLimits

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Draw a sample.

        Raises
        ------
        SamplingError
            As the functions of `assay.sampling.augment`.
        """
        if self.request.kind == "score":
            return draw_score_sample(
                self.part,
                self.n,
                self.theta1,
                rng,
                nuisance=self.nuisance,
                normalisation=self.whole,
                limits=self.limits,
            )
        if self.request.kind == "density":
            return draw_density_sample(
                self.part,
                self.n,
                self.prior,
                rng,
                n_hypotheses=self.n_hypotheses,
                nuisance=self.nuisance,
                normalisation=self.whole,
                limits=self.limits,
            )
        return draw_ratio_sample(
            self.part,
            self.n,
            self.prior,
            self.prior if self.request.kind == "doubly" else self.theta1,
            rng,
            n_hypotheses=self.n_hypotheses,
            nuisance=self.nuisance,
            normalisation=self.whole,
            limits=self.limits,
        )

    def stream(self, seed: Sequence[int]) -> SampleStream[Sample]:
        """Return the source of a sample per epoch."""
        return SampleStream(self, tuple(seed))


def sample_source(study: Study, request: SampleRequest, pool: EventPool, partition: Partition, n: int) -> SampleSource:
    """Return what draws n rows (one less where ratios need an even number) of a study from the events of a partition.

    Raises
    ------
    SamplingError
        If the study names benchmarks or nuisance parameters that do not exist.
    EventFileError
        If there are no events in the partition.
    """
    # networks of single points know theory parameters alone
    nuisance = () if request.points is not None else nuisance_names(study, pool)
    prior = hypothesis_prior(study, nuisance, request.points)
    least = study.sampling.min_effective_events
    denominator = None if request.kind == "score" else study.sampling.denominator
    n_hypotheses = study.sampling.hypotheses
    if isinstance(prior, PointsPrior) and request.kind != "doubly":
        n_hypotheses = len(prior.points)
    return SampleSource(
        request=request,
        part=pool.select(partition),
        whole=pool,
        n=n - n % 2 if request.kind in ("ratio", "doubly") else n,
        prior=prior,
        theta1=(*point_of(study, denominator), *(0.0 for _ in nuisance)),
        n_hypotheses=n_hypotheses,
        nuisance=nuisance,
        limits=SizeLimits(warning=_WARNING * least, refusal=least),
    )


def _theory_marginals(study: Study) -> tuple[Marginal, ...]:
    priors = resolve(study).sampling.prior
    return tuple(
        _marginal(priors[name], trained_interval(parameter, priors[name]))
        for name, parameter in study.parameters.items()
    )


def _nuisance_marginals(study: Study, names: Sequence[str]) -> tuple[Marginal, ...]:
    given = study.sampling.nuisance or {}
    sections = [given.get(name, model.GaussianPrior(gaussian=(0.0, 1.0))) for name in names]
    return tuple(_marginal(section, prior_interval(section)) for section in sections)


def _marginal(section: model.Prior, interval: model.Interval) -> Marginal:
    if isinstance(section, model.GaussianPrior):
        return Gaussian(*section.gaussian, *interval)
    return LogUniform(*interval) if isinstance(section, model.LogUniformPrior) else Flat(*interval)
