"""Joint ratios and joint scores of drawn events, row by row: definitions in `assay.sampling.augment`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.sampling.hypotheses import Hypotheses, Integers, Rates, joint_gradients, joint_weights
from assay.sampling.resampling import MORPHING_ROUNDING

Array = NDArray[np.float64]
Float32 = NDArray[np.float32]

_ROWS = 1 << 16  # that are computed at a time


@dataclass(frozen=True, eq=False)
class Rows:
    """Hypotheses, their cross sections, and which of them each row of a sample has, by number (N,)."""

    hypotheses: Hypotheses
    rates: Rates
    at: Integers


def joint_ratios(pool: EventPool, events: Integers, numerator: Rows, denominator: Rows) -> Float32:
    """Return joint ratios (N,) of events (N,).

    Raises
    ------
    SamplingError
        If an event has weight zero at its denominator.
    """
    largest = float(np.abs(pool.weights).max())
    r_xz = np.empty(len(events), dtype=np.float32)
    for rows in _chunks(len(events)):
        at0, at1 = numerator.at[rows], denominator.at[rows]
        weights0 = joint_weights(pool, events[rows], numerator.hypotheses, at0)
        weights1 = joint_weights(pool, events[rows], denominator.hypotheses, at1)
        _check_support(pool, largest, weights1, events[rows], denominator.hypotheses.theta[at1])
        r_xz[rows] = (weights0 / weights1) * (denominator.rates.values[at1] / numerator.rates.values[at0])
    return r_xz


def joint_scores(pool: EventPool, events: Integers, where: Rows) -> Float32:
    """Return joint scores (N, P) of events (N,)."""
    t_xz = np.empty((len(events), where.hypotheses.theta.shape[1]), dtype=np.float32)
    for rows in _chunks(len(events)):
        at = where.at[rows]
        gradients, possible = joint_gradients(pool, events[rows], where.hypotheses, at)
        # an event that is impossible at theta has no score there, and none is asked for
        t_xz[rows] = np.where(possible[:, None], gradients - where.rates.log_gradients[at], 0.0)
    return t_xz


def _check_support(pool: EventPool, largest: float, weights: Array, events: Integers, theta1: Array) -> None:
    # few events, if any, are small beside the largest of all: only these are compared with weights of their own
    small = np.flatnonzero(weights <= MORPHING_ROUNDING * largest)
    impossible = small[weights[small] <= MORPHING_ROUNDING * np.abs(pool.weights[events[small]]).max(axis=1)]
    if len(impossible):
        raise SamplingError(
            f"{len(impossible)} events have weight zero at the denominator hypothesis: their joint ratio is infinite",
            where=f"theta1 = {theta1[impossible[0]].tolist()}",
            expected="a denominator at which every event is possible",
            mend="take a benchmark as the denominator, such as the Standard Model",
        )


def _chunks(n: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, n, _ROWS)]
