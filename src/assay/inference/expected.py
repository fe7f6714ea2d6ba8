"""Limits of each kind of method from an event pool: what the evaluate stage calls.

`method_limits` takes a measurement (`assay.inference.measurements`); the other functions make it of one kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.inference.contour_limits import contour_limits
from assay.inference.contour_results import ContourRecord
from assay.inference.expectation import Expectation
from assay.inference.histograms import (
    HistogramModel,
)
from assay.inference.limits import DataSet, limits, nuisance_fit
from assay.inference.measurements import (
    measurement_of,
    nuisance_of,
    rate_measurement,
    ratio_measurement,
    total_expectation,
    total_templates,
)
from assay.inference.models import Measurement
from assay.inference.profile_scans import profile_limits
from assay.inference.protocols import Array, Likelihood, RatioEstimator, WeightedEvents
from assay.inference.remembered import Remembered
from assay.inference.results import LimitResult
from assay.inference.shapes import HistogramShape

_MAX_DIRECT_DIMENSIONS = 3


def rate_limits(pool: WeightedEvents, wanted: Expectation, method: str = "rate") -> LimitResult:
    """Return expected limits from the number of events; `pool` holds all events."""
    return method_limits(rate_measurement(pool, wanted), pool, replace(wanted, include_rate=(True,)), method)[0]


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
    shape = HistogramShape(model, model.binning.names, nuisance=nuisance_of(pool))
    measurement = measurement_of(pool, wanted, shape, total_expectation(pool), notes=model.notes)
    return method_limits(measurement, events or pool, wanted, method)


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
    return method_limits(ratio_measurement(pool, test, estimator, wanted), test, wanted, method)


def method_limits(
    measurement: Measurement,
    events: WeightedEvents,
    wanted: Expectation,
    method: str,
    observed: Array | None = None,
) -> tuple[LimitResult, ...]:
    """Return a method's limits, one result for each of `wanted.include_rate`.

    Smooth likelihoods that are costly, those of ratios, are interpolated where that is accurate
    (`assay.inference.interpolation`).

    Parameters
    ----------
    measurement
        The method's.
    events
        The simulated events behind its shape, for effective sample sizes.
    observed
        Values of observed events, as the method's `Shape.values` are; None for Asimov data at `wanted.theta_true`.
    """
    effective = None
    if wanted.strategy == "grid":
        effective = total_templates(events).effective_events(wanted.grid.points).reshape(wanted.grid.shape)
        measurement = measurement.interpolating(wanted.grid)
    results = []
    for include_rate, likelihood, data in _problems(measurement, wanted, observed):
        common = (method, include_rate, likelihood, wanted.grid, data, wanted.confidence_levels)
        if wanted.strategy == "profiles":
            results.append(profile_limits(*common, ranges=wanted.ranges, notes=measurement.notes))
            continue
        found = limits(*common, effective_sample_size=effective, ranges=wanted.ranges, notes=measurement.notes)
        results.append(replace(found, nuisance=nuisance_fit(likelihood, data, found.best_fit)))
    return tuple(results)


def method_contours(
    measurement: Measurement, wanted: Expectation, method: str, observed: Array | None = None
) -> tuple[tuple[LimitResult, ContourRecord], ...]:
    """Return a method's limits from contours that are found by few evaluations, and how they were found."""
    results = []
    for include_rate, likelihood, data in _problems(measurement, wanted, observed):
        common = (method, include_rate, likelihood, wanted.grid, data, wanted.confidence_levels)
        limit, found = contour_limits(*common, ranges=wanted.ranges, notes=measurement.notes)
        results.append((limit, ContourRecord.of(method, include_rate, found, wanted.grid.n_points)))
    return tuple(results)


def _problems(
    measurement: Measurement, wanted: Expectation, observed: Array | None
) -> Iterator[tuple[bool, Likelihood, DataSet]]:
    """Yield the likelihood for each choice of the rate; the shape is evaluated once for both."""
    shape, data = _data(measurement, wanted, observed)
    remembered = None if shape is None else Remembered(shape)
    for include_rate in wanted.include_rate if shape is not None else (True,):
        yield include_rate, measurement.likelihood(remembered, data.n_events, include_rate), data


def _data(measurement: Measurement, wanted: Expectation, observed: Array | None) -> tuple[Likelihood | None, DataSet]:
    """Return the likelihood of the shape of the data, and what is recorded of them."""
    if observed is None:
        shape, n = measurement.expected_shape(wanted.theta_true), measurement.n_expected(wanted.theta_true)
    else:
        shape, n = measurement.observed_shape(observed, np.ones(len(observed))), float(len(observed))
    theta_true = wanted.theta_true if observed is None else None
    return shape, DataSet(wanted.luminosity, n, theta_true, wanted.reference, measurement.nuisance)
