"""Unweighted events at many hypotheses from one pool of weighted events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool

Array = NDArray[np.float64]

_CHUNK = 1 << 20  # weights held at a time: 8 MiB, so that most of the work is in the processor's cache
_ROUNDING = 1e-5  # of the sum of an event's morphed terms: LHE files carry about seven digits

MORPHING_ROUNDING = 1e-12
"""Of an event's largest benchmark weight: what double precision leaves of a morphed weight that is zero."""


@dataclass(frozen=True)
class Resampled:
    """Events drawn at hypotheses.

    Parameters
    ----------
    events
        Index of the event in the pool, shape (N,), hypothesis by hypothesis.
    hypotheses
        Index of the hypothesis at which it was drawn, shape (N,).
    effective_sample_sizes
        (sum w)^2 / sum w^2 of the pool at every hypothesis, shape (T,).
    n_rounded_to_zero
        Weights that were below zero by no more than rounding.
    """

    events: NDArray[np.int64]
    hypotheses: NDArray[np.int64]
    effective_sample_sizes: Array
    n_rounded_to_zero: int


def resample(pool: EventPool, theta: Array, counts: NDArray[np.int64], rng: np.random.Generator) -> Resampled:
    """Draw events with replacement with probabilities proportional to their weights at theta.

    The cumulated weight of each hypothesis is cut into as many equal parts as events are drawn, with one draw in each
    (stratified resampling): probabilities are the same as of independent draws, but an event's number of copies stays
    within two of what is expected, so that less of the pool's information is lost.

    Parameters
    ----------
    pool
        Weighted events.
    theta
        Hypotheses, shape (T, P).
    counts
        Events to be drawn at each, shape (T,).
    rng
        Source of randomness.

    Raises
    ------
    SamplingError
        If a weight is negative by more than rounding, or all are zero.
    """
    events: list[NDArray[np.int64]] = []
    sizes: list[Array] = []
    n_rounded = 0
    for part, weights, rounded in _weights(pool, theta):
        n_rounded += rounded
        totals = weights.sum(axis=1)
        sizes.append(totals**2 / np.einsum("te,te->t", weights, weights))
        events.append(_draw(weights, totals, counts[part], rng))
    return Resampled(np.concatenate(events), np.repeat(np.arange(len(theta)), counts), np.concatenate(sizes), n_rounded)


def _draw(weights: Array, totals: Array, counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return indices of events, hypothesis by hypothesis, with one search in all cumulated weights."""
    n_events = weights.shape[1]
    # cumulated per hypothesis in units of its total, then shifted by its index, so that all are one rising sequence
    cumulated = np.cumsum(weights, axis=1)
    cumulated /= cumulated[:, -1:]
    cumulated += np.arange(len(weights))[:, None]
    owner = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    target = owner + (rank + rng.random(len(owner))) / counts[owner]
    # `right`: the first event whose cumulated weight exceeds the target, never one of weight zero
    found = np.searchsorted(cumulated.ravel(), target, side="right") - owner * n_events
    last = n_events - 1 - np.argmax(weights[:, ::-1] > 0.0, axis=1)
    return np.asarray(np.clip(found, 0, last[owner]), dtype=np.int64)


def _weights(pool: EventPool, theta: Array) -> Iterator[tuple[slice, Array, int]]:
    """Yield slices of the hypotheses, weights (T, E) of zero or more there, and how many were rounded to zero."""
    chunk = max(1, _CHUNK // max(1, pool.n_events))
    by_benchmark = np.ascontiguousarray(pool.weights.T)
    for start in range(0, len(theta), chunk):
        part = slice(start, min(start + chunk, len(theta)))
        morphing = pool.morphing.weights(theta[part])
        weights = morphing @ by_benchmark
        rounded = 0
        if weights.min() < 0.0:
            rounded = _round_to_zero(weights, morphing, by_benchmark, theta[part])
        empty = ~(weights.sum(axis=1) > 0.0)
        if empty.any():
            raise SamplingError(
                "all events have weight zero",
                where=f"theta = {theta[part][empty][0].tolist()}",
                expected="a cross section above zero",
            )
        yield part, weights, rounded


def _round_to_zero(weights: Array, morphing: Array, by_benchmark: Array, theta: Array) -> int:
    """Set weights below zero by no more than rounding to zero, in place, and return their number."""
    hypothesis, event = np.nonzero(weights < 0.0)
    candidates = np.abs(by_benchmark[:, event])
    tolerance = _ROUNDING * np.einsum("nb,bn->n", np.abs(morphing[hypothesis]), candidates)
    negative = weights[hypothesis, event] < -(tolerance + MORPHING_ROUNDING * candidates.max(axis=0, initial=0.0))
    if negative.any():
        per_hypothesis = np.bincount(hypothesis[negative], minlength=len(theta))
        worst = int(np.argmax(per_hypothesis))
        share = -weights[worst][weights[worst] < 0.0].sum() / np.abs(weights[worst]).sum()
        raise SamplingError(
            f"{per_hypothesis[worst]} of {weights.shape[1]} events have negative weights, {share:.2g} of sum |w| (the "
            f"most of {len(theta)} hypotheses looked at, {int(np.count_nonzero(per_hypothesis))} of which have some)",
            where=f"theta = {theta[worst].tolist()}",
            expected="weights of zero or more: a probability cannot be negative",
            mend="generate without negative weights, or narrow the prior to where all morphed weights are positive",
        )
    weights[hypothesis, event] = 0.0
    return len(event)
