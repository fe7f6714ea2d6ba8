"""Analysed toys of one method: batches of them, and what belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.errors import InferenceError
from assay.inference.protocols import Array, Mask


@dataclass(frozen=True)
class ToyBatch:
    """N toys of one method at one true point.

    Parameters
    ----------
    method, include_rate, parameters
        What was analysed.
    point
        Number of the true point among `points`.
    points
        (K, P).
    confidence_levels
        C of them.
    n_events
        Events of each toy, (N,).
    best_fit
        (N, P); NaN where a toy failed, as in all that follows.
    q
        At each of the points, (N, K): twice the drop of log L from the best fit.
    widths
        Of the intervals of each parameter at each level, (N, P, C).
    covers
        Whether they contain the true value, (N, P, C).
    at_edge
        Whether they end at the edge of the grid, (N, P, C).
    failures
        Of each toy, empty where there is none, (N,).
    notes
        What a reader has to know.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    point: int
    points: Array
    confidence_levels: tuple[float, ...]
    n_events: Array
    best_fit: Array
    q: Array
    widths: Array
    covers: Mask
    at_edge: Mask
    failures: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def theta_true(self) -> Array:
        """The true point, (P,)."""
        return np.asarray(self.points[self.point])

    @property
    def succeeded(self) -> Mask:
        """Which toys did not fail, (N,)."""
        return np.array([not failure for failure in self.failures], dtype=np.bool_)

    @property
    def q_true(self) -> Array:
        """The test statistic of the true point, of the toys that did not fail."""
        return np.asarray(self.q[self.succeeded, self.point])

    @property
    def failure_counts(self) -> dict[str, int]:
        """How many toys failed, by the error."""
        return dict(Counter(failure for failure in self.failures if failure))


def merged(batches: Sequence[ToyBatch]) -> tuple[ToyBatch, ...]:
    """Return one batch for each method, choice of the rate and point, of all toys that belong together.

    Raises
    ------
    InferenceError
        If batches of one method were analysed with other points or confidence levels.
    """
    groups: dict[tuple[str, bool, int], list[ToyBatch]] = {}
    for batch in batches:
        groups.setdefault((batch.method, batch.include_rate, batch.point), []).append(batch)
    return tuple(_merged(group) for group in groups.values())


def _merged(group: list[ToyBatch]) -> ToyBatch:
    first = group[0]
    same = [np.array_equal(one.points, first.points) for one in group]
    if not all(same) or len({(one.parameters, one.confidence_levels) for one in group}) > 1:
        raise InferenceError(
            f"batches of toys of {first.method} do not belong together",
            expected="the same parameters, points and confidence levels",
            mend="run the toys stage again for all jobs",
        )
    return replace(
        first,
        n_events=np.concatenate([one.n_events for one in group]),
        best_fit=np.concatenate([one.best_fit for one in group]),
        q=np.concatenate([one.q for one in group]),
        widths=np.concatenate([one.widths for one in group]),
        covers=np.concatenate([one.covers for one in group]),
        at_edge=np.concatenate([one.at_edge for one in group]),
        failures=tuple(failure for one in group for failure in one.failures),
        notes=tuple(dict.fromkeys(note for one in group for note in one.notes)),
    )
