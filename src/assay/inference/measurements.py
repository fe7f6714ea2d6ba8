"""The measurement of each kind of method, from an event pool: what its limits come from.

Which events are used for what:

- rate: all events, as nothing is trained;
- histograms: bin edges from the training events, templates and Asimov data from all events, as nothing else is learnt
  from them;
- histograms of an estimated score: bin edges from the training events, templates and Asimov data from test events
  alone, since an estimator's score is too good on the events that it was trained on;
- ratio estimators: Asimov data from test events alone; the rate from all.

Asimov data of histograms have the templates' own expectation at theta_true, so that their best fit is theta_true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.inference.adaptive_score import AdaptiveScoreShape
from assay.inference.expectation import Expectation
from assay.inference.expected_fisher import joint_scores
from assay.inference.histograms import (
    MAX_BINS,
    BinningSample,
    HistogramModel,
    columns,
    event_weights,
    histogram_model,
    information_weights,
    principal_axes,
)
from assay.inference.models import Measurement
from assay.inference.nuisance import DEFAULT_RANGE
from assay.inference.nuisance_templates import Total, fill_templates
from assay.inference.protocols import (
    PER_INVERSE_FEMTOBARN,
    Array,
    Expectations,
    RatioEstimator,
    ScoreEstimator,
    WeightedEvents,
)
from assay.inference.shapes import HistogramShape, RatioShape, Shape
from assay.inference.templates import Templates
from assay.inference.truth import TruthRatio

_MAX_DIRECT_DIMENSIONS = 3
_MOST_POINTS = 20_000  # of the grid, at which templates have to be positive


def total_templates(pool: WeightedEvents) -> Templates:
    """Return the total cross section after cuts as a function of theta, at nominal nuisance parameters."""
    return Templates.total(pool.morphing, pool.weights)


def total_expectation(pool: WeightedEvents) -> Expectations:
    """Return the total cross section after cuts as a function of theta and of the events' nuisance parameters."""
    return fill_templates(pool, np.zeros(len(pool.weights), dtype=np.int64), 1)


def rate_measurement(pool: WeightedEvents, wanted: Expectation) -> Measurement:
    """Return the measurement of the number of events; `pool` holds all events."""
    return measurement_of(pool, wanted, None, total_expectation(pool))


def histogram_measurement(
    pool: WeightedEvents,
    training: WeightedEvents,
    observables: tuple[str, ...],
    bins: int | Sequence[int],
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> tuple[Measurement, HistogramModel]:
    """Return the measurement of a histogram of observables; its templates come from all events, as the rate does."""
    model = observable_histogram(pool, training, observables, bins, wanted, reference)
    shape = HistogramShape(model, observables, nuisance=nuisance_of(pool))
    return measurement_of(pool, wanted, shape, Total(model.templates), notes=model.notes), model


def score_measurement(
    pool: WeightedEvents,
    test: WeightedEvents,
    training: WeightedEvents,
    estimator: ScoreEstimator,
    bins: int,
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> tuple[Measurement, HistogramModel]:
    """Return the measurement of a histogram of an estimated score.

    Edges come from training events, templates from test events, the rate from all of `pool`.
    """
    of_training = estimated_scores(estimator, training)
    profiled = _profiled_axes(pool, training, of_training, wanted, reference)
    scores = estimated_scores(estimator, test) @ profiled, of_training @ profiled
    model, axes = score_histogram(test, training, scores, bins, wanted, reference)
    transform = ScoreTransform(estimator, profiled @ axes)
    shape = HistogramShape(model, estimator.observables, transform, nuisance_of(pool))
    return measurement_of(pool, wanted, shape, total_expectation(pool), notes=model.notes), model


def adaptive_measurement(
    pool: WeightedEvents,
    test: WeightedEvents,
    training: WeightedEvents,
    estimator: ScoreEstimator,
    bins: tuple[int, ...],
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> Measurement:
    """Return the measurement of adaptive SALLY (two numbers of bins) or SALLINO (one)."""
    point = np.asarray(reference, dtype=np.float64)
    of_training = estimated_scores(estimator, training)
    axes = _profiled_axes(pool, training, of_training, wanted, point)
    scores = estimated_scores(estimator, test) @ axes
    sample = BinningSample(tuple(wanted.grid.parameters), of_training @ axes, event_weights(training, point))
    transform = ScoreTransform(estimator, axes)
    shape = AdaptiveScoreShape(test, scores, sample, point, bins, estimator.observables, transform, nuisance_of(pool))
    return measurement_of(pool, wanted, shape, total_expectation(pool))


def ratio_measurement(
    pool: WeightedEvents, test: WeightedEvents, estimator: RatioEstimator, wanted: Expectation
) -> Measurement:
    """Return the measurement of a ratio estimator.

    Parameters
    ----------
    pool
        All events, for the rate.
    test
        Events that the estimator was not trained on, for the Asimov data.
    estimator
        Of the parameters of interest, and of those nuisance parameters that it names.
    """
    known = tuple(getattr(estimator, "nuisance", ()))
    shape = RatioShape(estimator, test, known)
    unknown = [name for name in nuisance_of(pool) if name not in known]
    notes = (
        (f"the estimator does not know {', '.join(unknown)}, which change the number of events alone",)
        if unknown and wanted.profile_nuisance
        else ()
    )
    return measurement_of(pool, wanted, shape, total_expectation(pool), _bounds(pool, estimator, known), notes)


def truth_measurement(pool: WeightedEvents, wanted: Expectation, reference: npt.ArrayLike) -> Measurement:
    """Return the measurement of the complete event record; nothing is trained, so all events are used."""
    return ratio_measurement(pool, pool, TruthRatio.of_pool(pool, wanted.grid.parameters, reference), wanted)


def observable_histogram(
    pool: WeightedEvents,
    training: WeightedEvents,
    observables: tuple[str, ...],
    bins: int | Sequence[int],
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> HistogramModel:
    """Return the histogram of one to three observables, with finer bins where more information at `reference` (P,) is.

    The joint scores of the training events say where that is. In bins of equal counts the baseline would be weaker than
    it has to be, and methods that learn would look better beside it than they are.
    """
    weights = information_weights(joint_scores(training, reference), event_weights(training, reference))
    sample = BinningSample(observables, columns(training, observables), weights)
    points = wanted.grid.some_points(_MOST_POINTS)
    return histogram_model(sample, pool, columns(pool, observables), bins, wanted.theta_true, points)


def score_histogram(
    test: WeightedEvents,
    training: WeightedEvents,
    scores: tuple[Array, Array],
    bins: int,
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> tuple[HistogramModel, Array]:
    """Return the histogram of the components of an estimated score, with finer bins where more of the information is.

    Up to three components are binned as they are, `bins` in each. With more parameters the scores are rotated to the
    directions of largest information, and as many of those as `MAX_BINS` allows with two bins each or more are binned.

    Parameters
    ----------
    test, training
        Events that fill the templates, and events that set the edges.
    scores
        Estimated scores of the test and of the training events, (E, P) each.

    Returns
    -------
    model, axes
        The histogram, and the directions (P, D) in score space that it is of.
    """
    weights = event_weights(training, reference)
    n_parameters = scores[0].shape[1]
    n_axes = min(n_parameters, int(np.log2(MAX_BINS)))
    axes, name = np.eye(n_parameters), "score"
    if n_parameters > _MAX_DIRECT_DIMENSIONS:
        axes, name = principal_axes(scores[1], weights, n_axes), "score along principal axis"
    names = tuple(f"{name} {number}" for number in range(axes.shape[1]))
    along = scores[1] @ axes
    sample = BinningSample(names, along, information_weights(along, weights))
    points = wanted.grid.some_points(_MOST_POINTS)
    return histogram_model(sample, test, scores[0] @ axes, bins, wanted.theta_true, points), axes


def estimated_scores(estimator: ScoreEstimator, events: WeightedEvents) -> Array:
    """Return the estimated scores (E, P) of events at the estimator's reference point."""
    return np.asarray(estimator.score(columns(events, estimator.observables)), dtype=np.float64)


@dataclass(frozen=True)
class ScoreTransform:
    """From observables (E, O) to an estimated score along axes (P, D)."""

    estimator: ScoreEstimator
    axes: Array

    def __call__(self, x: Array) -> Array:
        """Return (E, D)."""
        scores: Array = np.asarray(self.estimator.score(x), dtype=np.float64) @ self.axes
        return scores


def measurement_of(
    pool: WeightedEvents,
    wanted: Expectation,
    shape: Shape | None,
    total: Expectations,
    bounds: npt.ArrayLike = DEFAULT_RANGE,
    notes: tuple[str, ...] = (),
) -> Measurement:
    """Return a measurement with the pool's nuisance parameters, profiled or at their nominal values as wanted."""
    names = nuisance_of(pool)
    whole = Measurement(wanted.grid.parameters, names, total, wanted.luminosity, shape, bounds, notes)
    return whole if wanted.profile_nuisance or not names else whole.without(*names)


def nuisance_of(pool: WeightedEvents) -> tuple[str, ...]:
    """Return the names of the nuisance parameters on which the events depend."""
    return () if pool.dependence is None else tuple(pool.nuisance_names)


def _bounds(pool: WeightedEvents, estimator: RatioEstimator, known: tuple[str, ...]) -> Array:
    """Return where nuisance parameters are looked for: within the training's ranges of those that it knows, (K, 2)."""
    names = nuisance_of(pool)
    bounds = np.tile(DEFAULT_RANGE, (len(names), 1))
    ranges = getattr(estimator, "ranges", None)
    if ranges is not None and known:
        for name, pair in zip(known, np.asarray(ranges, dtype=np.float64)[-len(known) :], strict=True):
            if name in names:
                bounds[names.index(name)] = pair
    return bounds


def _profiled_axes(
    pool: WeightedEvents, training: WeightedEvents, scores: Array, wanted: Expectation, reference: npt.ArrayLike
) -> Array:
    """Return the directions (P + K, P) of scores that are least sensitive to nuisance parameters.

    Of a score (E, P + K) trained with nuisance parameters they are t_theta - I_theta,nu (I_nu,nu + 1)^-1 t_nu, whose
    information is what profiling leaves. Of a score of the parameters of interest alone they are its components.
    """
    n, n_all = wanted.grid.n_parameters, scores.shape[1]
    axes = np.eye(n_all)[:, :n]
    if n_all > n and wanted.profile_nuisance:
        share = event_weights(training, reference)
        share = share / share.sum()
        sigma = float(event_weights(pool, reference).sum())
        events = PER_INVERSE_FEMTOBARN * wanted.luminosity * sigma
        information = events * np.einsum("e,ei,ej->ij", share, scores, scores)
        axes[n:] = -np.linalg.solve(information[n:, n:] + np.eye(n_all - n), information[n:, :n])
    return axes
