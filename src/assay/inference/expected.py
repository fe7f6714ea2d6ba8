"""Expected limits of each kind of method from an event pool: what the evaluate stage calls.

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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.inference.expected_fisher import joint_scores
from assay.inference.grid import Grid
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
from assay.inference.likelihoods import BinnedLikelihood, Product, RateLikelihood, RatioLikelihood, expected_events
from assay.inference.limits import DataSet, limits, scan
from assay.inference.protocols import Array, Likelihood, RatioEstimator, ScoreEstimator, WeightedEvents
from assay.inference.results import LimitResult
from assay.inference.templates import Templates

_MAX_DIRECT_DIMENSIONS = 3


@dataclass(frozen=True)
class Expectation:
    """What limits are expected for.

    Parameters
    ----------
    grid
        Where to evaluate likelihoods.
    theta_true
        Parameters of the Asimov data, (P,).
    luminosity
        fb^-1.
    confidence_levels
        Of intervals and regions.
    include_rate
        For which choices to give limits: with the number of events, from the shape alone, or both.
    ranges
        Ranges of the parameters (P, 2) over which estimators were trained, or None.
    """

    grid: Grid
    theta_true: tuple[float, ...]
    luminosity: float
    confidence_levels: tuple[float, ...] = (0.68, 0.95)
    include_rate: tuple[bool, ...] = (True, False)
    ranges: tuple[tuple[float, float], ...] | None = None


def total_templates(pool: WeightedEvents) -> Templates:
    """Return the total cross section after cuts as a function of theta."""
    return Templates.total(pool.morphing, pool.weights)


def rate_limits(pool: WeightedEvents, wanted: Expectation, method: str = "rate") -> LimitResult:
    """Return expected limits from the number of events; `pool` holds all events."""
    total = total_templates(pool)
    rate = RateLikelihood.asimov(total, wanted.luminosity, wanted.theta_true)
    data = DataSet(wanted.luminosity, rate.n, wanted.theta_true)
    size = total.effective_events(wanted.grid.points).reshape(wanted.grid.shape)
    return limits(method, True, rate, wanted.grid, data, wanted.confidence_levels, effective_sample_size=size)


def histogram_limits(
    pool: WeightedEvents, model: HistogramModel, wanted: Expectation, method: str, events: WeightedEvents | None = None
) -> tuple[LimitResult, ...]:
    """Return expected limits from a histogram, one result for each of `wanted.include_rate`.

    Parameters
    ----------
    pool
        All events, for the rate.
    model
        From `observable_histogram` or `score_histogram`.
    events
        The events that filled the templates, if not all.
    """
    n = expected_events(total_templates(pool), wanted.luminosity, wanted.theta_true)
    shape = BinnedLikelihood.asimov(model.templates, n, wanted.theta_true)
    return _shape_limits(pool, events or pool, shape, wanted, method, model.notes)


def observable_histogram(
    pool: WeightedEvents,
    training: WeightedEvents,
    observables: tuple[str, ...],
    bins: int,
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> HistogramModel:
    """Return the histogram of one to three observables, with finer bins where more information at `reference` (P,) is.

    The joint scores of the training events say where that is. In bins of equal counts the baseline would be weaker than
    it has to be, and methods that learn would look better beside it than they are.
    """
    weights = information_weights(joint_scores(training, reference), event_weights(training, reference))
    sample = BinningSample(observables, columns(training, observables), weights)
    return histogram_model(sample, pool, columns(pool, observables), bins, wanted.theta_true, wanted.grid.points)


def score_histogram(
    test: WeightedEvents,
    training: WeightedEvents,
    scores: tuple[Array, Array],
    bins: int,
    wanted: Expectation,
    reference: npt.ArrayLike,
) -> HistogramModel:
    """Return the histogram of the components of an estimated score, with finer bins where more of the information is.

    Up to three components are binned as they are, `bins` in each. With more parameters the scores are rotated to the
    directions of largest information, and as many of those as `MAX_BINS` allows with two bins each or more are binned.

    Parameters
    ----------
    test, training
        Events that fill the templates, and events that set the edges.
    scores
        Estimated scores of the test and of the training events, (E, P) each.
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
    return histogram_model(sample, test, scores[0] @ axes, bins, wanted.theta_true, wanted.grid.points)


def estimated_scores(estimator: ScoreEstimator, events: WeightedEvents) -> Array:
    """Return the estimated scores (E, P) of events at the estimator's reference point."""
    return np.asarray(estimator.score(columns(events, estimator.observables)), dtype=np.float64)


def ratio_limits(
    pool: WeightedEvents,
    test: WeightedEvents,
    estimator: RatioEstimator,
    wanted: Expectation,
    method: str,
) -> tuple[LimitResult, ...]:
    """Return expected limits from a ratio estimator, one result for each of `wanted.include_rate`.

    Parameters
    ----------
    pool
        All events, for the rate.
    test
        Events that the estimator was not trained on, for the Asimov data.
    """
    n = expected_events(total_templates(pool), wanted.luminosity, wanted.theta_true)
    weights = event_weights(test, wanted.theta_true)
    shape = RatioLikelihood.asimov(estimator, columns(test, estimator.observables), weights, n)
    return _shape_limits(pool, test, shape, wanted, method, ())


def _shape_limits(
    pool: WeightedEvents,
    events: WeightedEvents,
    shape: Likelihood,
    wanted: Expectation,
    method: str,
    notes: tuple[str, ...],
) -> tuple[LimitResult, ...]:
    """Scan the shape once, then give limits with and without the rate."""
    rate = RateLikelihood.asimov(total_templates(pool), wanted.luminosity, wanted.theta_true)
    data = DataSet(wanted.luminosity, rate.n, wanted.theta_true)
    effective = total_templates(events).effective_events(wanted.grid.points).reshape(wanted.grid.shape)
    physical = np.isfinite(scan(rate, wanted.grid))
    scanned = np.where(physical, scan(shape, wanted.grid), -np.inf)
    results = []
    for include_rate in wanted.include_rate:
        likelihood: Likelihood = Product((shape, rate)) if include_rate else shape
        values = scanned + scan(rate, wanted.grid) if include_rate else scanned
        results.append(
            limits(
                method,
                include_rate,
                likelihood,
                wanted.grid,
                data,
                wanted.confidence_levels,
                log_likelihood=values,
                effective_sample_size=effective,
                ranges=wanted.ranges,
                notes=notes,
            )
        )
    return tuple(results)
