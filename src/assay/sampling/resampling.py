"""Unweighted events at many hypotheses from one pool of weighted events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.sampling.hypotheses import Hypotheses

Array = NDArray[np.float64]

_ROUNDING = 1e-5  # of the sum of an event's morphed terms: LHE files carry about seven digits

_BLOCK = 16  # events that are searched together

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


def resample(pool: EventPool, hypotheses: Hypotheses, counts: NDArray[np.int64], rng: np.random.Generator) -> Resampled:
    """Draw events with replacement with probabilities proportional to their weights at each hypothesis.

    The cumulated weight of each hypothesis is cut into as many equal parts as events are drawn, with one draw in each
    (stratified resampling): probabilities are the same as of independent draws, but an event's number of copies stays
    within two of what is expected, so that less of the pool's information is lost.

    Parameters
    ----------
    pool
        Weighted events.
    hypotheses
        T hypotheses of its parameters.
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
    sizes = np.empty(len(hypotheses))
    n_rounded = 0
    for part, weights, sums, rounded in _weights(pool, hypotheses):
        n_rounded += rounded
        sizes[part] = sums.sum(axis=1) ** 2 / np.einsum("te,te->t", weights, weights)
        events.append(_draw(weights, sums, counts[part], rng))
    drawn = np.concatenate(events) if events else np.empty(0, dtype=np.int64)
    return Resampled(drawn, np.repeat(np.arange(len(hypotheses)), counts), sizes, n_rounded)


def _draw(weights: Array, sums: Array, counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return indices of events, hypothesis by hypothesis.

    First the block of events is searched, then the event in it, so that only the sums of blocks are cumulated.

    Parameters
    ----------
    weights
        Shape (T, E), E a multiple of the size of a block.
    sums
        Of the blocks, shape (T, E / size).
    counts
        Events to be drawn at each hypothesis, shape (T,).
    rng
        Source of randomness.
    """
    # cumulated over all hypotheses one after the other: a single rising sequence, for a single search
    cumulated = np.cumsum(sums)
    ends = cumulated[sums.shape[1] - 1 :: sums.shape[1]]
    starts = np.concatenate([[0.0], ends[:-1]])
    owner = np.repeat(np.arange(len(counts)), counts)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    target = starts[owner] + (rank + rng.random(len(owner))) / counts[owner] * (ends - starts)[owner]
    # `right`, below the end: the first block whose cumulated weight exceeds the target, never one of weight zero
    block = np.searchsorted(cumulated, np.minimum(target, np.nextafter(ends, 0.0)[owner]), side="right")
    inside = weights.reshape(-1, _BLOCK)[block]
    rest = target - (cumulated[block] - sums.ravel()[block])
    found = np.count_nonzero(np.cumsum(inside, axis=1) <= rest[:, None], axis=1)
    # rounding may lead beyond the last event, or before the first, that has a weight
    possible = inside > 0.0
    last = _BLOCK - 1 - np.argmax(possible[:, ::-1], axis=1)
    in_block = np.clip(found, np.argmax(possible, axis=1), last)
    return np.asarray(block * _BLOCK + in_block - owner * weights.shape[1], dtype=np.int64)


def _weights(pool: EventPool, hypotheses: Hypotheses) -> Iterator[tuple[slice, Array, Array, int]]:
    """Yield slices of the hypotheses, weights of zero or more there, sums of blocks, and how many were rounded to zero.

    Of weights (T, E) the last ones are zeros that fill a block. Both arrays are used again for the next slice.
    """
    missing = -pool.n_events % _BLOCK
    by_benchmark = np.pad(pool.weights.T, ((0, 0), (0, missing)))
    parts = hypotheses.parts(by_benchmark.shape[1])
    memory = np.empty((parts[0].stop if parts else 0, by_benchmark.shape[1]))
    ones = np.ones(_BLOCK)
    for part in parts:
        chosen = hypotheses[part]
        weights = np.matmul(chosen.morphing, by_benchmark, out=memory[: len(chosen)])
        rounded = _round_to_zero(weights, chosen, by_benchmark, pool.n_events) if weights.min() < 0.0 else 0
        if pool.dependence is not None:
            weights[:, : pool.n_events] *= pool.dependence.factors(chosen.nu).T
        sums = (weights.reshape(-1, _BLOCK) @ ones).reshape(len(chosen), -1)
        empty = ~(sums.sum(axis=1) > 0.0)
        if empty.any():
            raise SamplingError(
                "all events have weight zero",
                where=f"theta = {chosen.theta[empty][0].tolist()}",
                expected="a cross section above zero",
            )
        yield part, weights, sums, rounded


def _round_to_zero(weights: Array, hypotheses: Hypotheses, by_benchmark: Array, n_events: int) -> int:
    """Set weights below zero by no more than rounding to zero, in place, and return their number."""
    hypothesis, event = np.nonzero(weights < 0.0)
    candidates = np.abs(by_benchmark[:, event])
    tolerance = _ROUNDING * np.einsum("nb,bn->n", np.abs(hypotheses.morphing[hypothesis]), candidates)
    negative = weights[hypothesis, event] < -(tolerance + MORPHING_ROUNDING * candidates.max(axis=0, initial=0.0))
    if negative.any():
        per_hypothesis = np.bincount(hypothesis[negative], minlength=len(hypotheses))
        worst = int(np.argmax(per_hypothesis))
        share = -weights[worst][weights[worst] < 0.0].sum() / np.abs(weights[worst]).sum()
        raise SamplingError(
            f"{per_hypothesis[worst]} of {n_events} events have negative weights, {share:.2g} of sum |w| (the "
            f"most of {len(hypotheses)} hypotheses looked at, {int(np.count_nonzero(per_hypothesis))} of which have "
            "some)",
            where=f"theta = {hypotheses.theta[worst].tolist()}",
            expected="weights of zero or more: a probability cannot be negative",
            mend="generate without negative weights, or narrow the prior to where all morphed weights are positive",
        )
    weights[hypothesis, event] = 0.0
    return len(event)
