"""Toy experiments: unweighted events drawn from the weighted simulation, as an experiment at a true point sees them.

The number of events of each toy is drawn from a Poisson distribution; its events are drawn with replacement, with
probabilities proportional to their weights. What is known of nuisance parameters fluctuates with the data: the centre
of each constraint is drawn around the nominal value, as the result of an auxiliary measurement would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from assay.errors import InferenceError
from assay.inference.histograms import event_weights
from assay.inference.protocols import Array, Integers, WeightedEvents

_NEGATIVE_SHARE = 0.01


@dataclass(frozen=True)
class Toys:
    """The events of N toys.

    Parameters
    ----------
    rows
        Index of each event in the simulation, toy by toy, (M,).
    ends
        Where the events of each toy end in `rows`, (N,).
    centres
        Of the constraints of K nuisance parameters, (N, K).
    """

    rows: Integers
    ends: Integers
    centres: Array

    def __len__(self) -> int:
        """Return N."""
        return len(self.ends)

    @property
    def sizes(self) -> Integers:
        """Events of each toy, (N,)."""
        return np.diff(self.ends, prepend=0)

    def events(self, number: int) -> tuple[Integers, Array]:
        """Return the different events (U,) of a toy, and how often each one occurs (U,)."""
        start = int(self.ends[number - 1]) if number else 0
        rows, counts = np.unique(self.rows[start : self.ends[number]], return_counts=True)
        return rows, counts.astype(np.float64)

    def multiplicities(self) -> tuple[Integers, csr_matrix]:
        """Return the different events (U,) of all toys, and how often each one occurs in each, (N, U), sparse."""
        rows, position = np.unique(self.rows, return_inverse=True)
        owner = np.repeat(np.arange(len(self)), self.sizes)
        ones = np.ones(len(self.rows))
        return rows, csr_matrix((ones, (owner, position.ravel())), shape=(len(self), len(rows)))


def joined(parts: Sequence[Toys]) -> Toys:
    """Return all toys, one part after the other."""
    starts = np.cumsum([0, *(len(part.rows) for part in parts)])
    ends = [part.ends + start for part, start in zip(parts, starts, strict=False)]
    return Toys(
        np.concatenate([part.rows for part in parts]),
        np.concatenate(ends),
        np.concatenate([part.centres for part in parts]),
    )


def draw_toys(
    events: WeightedEvents,
    theta: npt.ArrayLike,
    n_expected: float,
    n_toys: int,
    n_nuisance: int,
    rng: np.random.Generator,
) -> Toys:
    """Draw toys at a point and nominal nuisance parameters.

    Parameters
    ----------
    events
        Simulated events that no estimator was trained on.
    theta
        The true point, (P,).
    n_expected
        Events that an experiment expects there.
    n_toys
        N.
    n_nuisance
        K.
    rng
        Source of randomness.

    Raises
    ------
    InferenceError
        If negative weights are more than one per cent: such a simulation has no events to draw.
    """
    weights = event_weights(events, np.asarray(theta, dtype=np.float64))
    positive = np.maximum(weights, 0.0)
    share = float(np.sum(positive - weights) / np.abs(weights).sum()) if np.abs(weights).sum() > 0 else 1.0
    if share > _NEGATIVE_SHARE:
        raise InferenceError(
            f"events of negative weight make up {share:.1%} of the simulation at theta = {np.asarray(theta).tolist()}",
            expected=f"at most {_NEGATIVE_SHARE:.0%}",
            mend="draw toys closer to the benchmarks, or generate more events",
        )
    sizes = rng.poisson(n_expected, n_toys)
    cumulated = np.cumsum(positive)
    targets = rng.random(int(sizes.sum())) * cumulated[-1]
    rows = np.minimum(np.searchsorted(cumulated, targets, side="right"), np.flatnonzero(positive)[-1])
    return Toys(rows.astype(np.int64), np.cumsum(sizes).astype(np.int64), rng.normal(size=(n_toys, n_nuisance)))
