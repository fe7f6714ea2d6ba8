r"""Likelihoods of a statistic that is made for each hypothesis: SALLINO and adaptive SALLY.

Along theta - theta_ref the log likelihood ratio of a local model is t(x) . (theta - theta_ref) (1805.00020, section
III.C). Its histogram in one dimension is SALLINO's; with a second dimension for what else is in the score, it is
adaptive SALLY. As the statistic changes with theta, only ratios in one and the same histogram mean anything:

    log r(theta) = log p(counts | sigma_n(theta)) - log p(counts | sigma_n(theta_ref)),

with bins n of equal shares of the information of the statistic for this theta.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from assay.inference.histograms import (
    BinningSample,
    HistogramModel,
    columns,
    event_weights,
    histogram_model,
    information_weights,
    principal_axes,
)
from assay.inference.likelihoods import BinnedLikelihood
from assay.inference.protocols import Array, Likelihood, WeightedEvents, as_points

_SAME = 9  # digits to which two directions agree


@dataclass(frozen=True)
class AdaptiveScoreShape:
    """SALLINO with one, adaptive SALLY with two numbers of bins.

    Parameters
    ----------
    events
        Simulated events that the score was not trained on: they fill the templates.
    scores
        Their estimated scores (E, P).
    edges_from
        Scores and weights of the training events, which set the edges.
    reference
        Where the score is estimated, (P,).
    bins
        Along theta - theta_ref, and along the rest.
    observables
        Of the score's estimator.
    transform
        From observables (E, O) to scores (E, P).
    nuisance
        Names of the events' nuisance parameters.
    """

    events: WeightedEvents = field(repr=False)
    scores: Array = field(repr=False)
    edges_from: BinningSample = field(repr=False)
    reference: Array
    bins: tuple[int, ...]
    observables: tuple[str, ...]
    transform: Callable[[Array], Array]
    nuisance: tuple[str, ...] = ()
    _models: dict[bytes, HistogramModel] = field(default_factory=dict, repr=False, compare=False)

    def values(self, events: WeightedEvents) -> Array:
        """Return the observables, (E, O)."""
        return columns(events, self.observables)

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of n events distributed as at theta_true (P,)."""
        weights = event_weights(self.events, theta_true)
        return AdaptiveScoreLikelihood(self, self.scores, n * weights / weights.sum())

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events."""
        return AdaptiveScoreLikelihood(self, self.transform(values), counts)

    def axes(self, theta: Array) -> Array:
        """Return the directions (P, D) in score space for a hypothesis (P,): along it, then the largest of the rest."""
        away = theta - self.reference
        length = float(np.linalg.norm(away))
        along = np.round(away / length, _SAME) if length > 0 else np.eye(len(away))[0]
        if len(self.bins) == 1 or len(away) == 1:
            return along[:, None]
        complement = np.linalg.svd(along[None])[2][1:].T  # (P, P - 1)
        rest = self.edges_from.values @ complement
        return np.column_stack([along, complement @ principal_axes(rest, self.edges_from.weights, 1)])

    def model(self, axes: Array) -> HistogramModel:
        """Return the histogram along directions (P, D)."""
        key = axes.tobytes()
        if key not in self._models:
            along, weights = self.edges_from.values @ axes, self.edges_from.weights
            names = tuple(f"score along {number}" for number in range(axes.shape[1]))
            sample = BinningSample(names, along, information_weights(along, weights))
            bins = self.bins[: axes.shape[1]]
            self._models[key] = histogram_model(
                sample, self.events, self.scores @ axes, bins, self.reference, self.reference[None]
            )
        return self._models[key]


@dataclass(frozen=True)
class AdaptiveScoreLikelihood:
    """The log likelihood ratio to the reference of events with scores (E, P), each of which stands for counts (E,)."""

    shape: AdaptiveScoreShape
    scores: Array = field(repr=False)
    counts: Array = field(repr=False)

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P + K); minus infinity where a bin with events expects none."""
        values = []
        for point in as_points(theta):
            at_reference = np.zeros(len(point))
            at_reference[: len(self.shape.reference)] = self.shape.reference
            here, there = self._binned(point).log_likelihood(np.stack([point, at_reference]))
            values.append(here - there)
        return np.array(values)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient in the bins of each point, of the shape of theta."""
        gradient = np.stack([self._binned(point).gradient(point) for point in as_points(theta)])
        return gradient.reshape(np.shape(theta))

    def _binned(self, point: Array) -> BinnedLikelihood:
        axes = self.shape.axes(point[: len(self.shape.reference)])
        model = self.shape.model(axes)
        return BinnedLikelihood(model.templates, model.counts(self.scores @ axes, self.counts))
