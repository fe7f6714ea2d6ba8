"""What the records of an LHE file's events have to satisfy: numbers, particles, mothers, conservation of momentum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray
from assay.generation.lhe.faults import LHEEventError

INCOMING, OUTGOING = -1, 1
_STATUSES = (-9, -2, -1, 1, 2, 3)
"""Of the Les Houches accord, hep-ph/0109068; 3 is a resonance whose mass need not be kept."""
_IMBALANCE = 1e-4
"""Of the incoming energy; generators write seven digits or more."""


def check_records(heads: FloatArray, particles: FloatArray, weights: FloatArray) -> None:
    """Check the records of E events with P particles in all, as they stand in a file.

    Parameters
    ----------
    heads, particles, weights
        Numbers of the first lines (E, 6), of the particles' lines (P, 13), and of the weights (E, B).

    Raises
    ------
    LHEEventError
        For the first event at fault of the first kind of fault: a number that is not finite, an id, status, mother or
        colour that is no integer, an unknown status, a PDG id 0, other than two incoming particles, a mother that the
        event does not have, a negative energy, or momentum that is not conserved.
    """
    counts = heads[:, 0].astype(np.int64)
    event = np.repeat(np.arange(len(heads)), counts)
    first = np.concatenate([[0], np.cumsum(counts)])
    row = 1 + np.arange(len(particles)) - first[event]

    def require(good: Any, what: str, expected: str) -> None:
        """Require what is good per particle, or per number of a particle."""
        if not good.all():
            worst = int(np.argmin(good.reshape(len(particles), -1).all(axis=1)))
            raise LHEEventError(int(event[worst]), f"particle {row[worst]}: {what}", int(row[worst]), expected)

    def require_event(good: Any, what: str, expected: str, at: int | None = None) -> None:
        if not good.all():
            raise LHEEventError(int(np.argmin(good)), what, at, expected)

    require_event(np.isfinite(heads).all(axis=1), "its weight, scale or couplings are not finite", "finite numbers", 0)
    require_event(np.isfinite(weights).all(axis=1), "a weight is not finite", "finite numbers")
    require(np.isfinite(particles), "a number is not finite", "finite numbers")
    integers = particles[:, :6]
    require(
        integers == np.rint(integers),
        "a PDG id, status, mother or colour is not an integer",
        "integers in the first six places",
    )
    kind, status, mothers = particles[:, 0], particles[:, 1], particles[:, 2:4]
    require(kind != 0.0, "its PDG id is 0", "the number of a particle")
    require(np.isin(status, _STATUSES), "its status is unknown", f"one of {', '.join(map(str, _STATUSES))}")
    n_incoming = np.bincount(event[status == INCOMING], minlength=len(heads))
    require_event(n_incoming == 2, "it has not two incoming particles", "two with status -1")
    known = (mothers >= 0.0) & (mothers <= counts[event][:, None]) & (mothers != row[:, None])
    require(known, "a mother is not another particle of the event", "numbers from 0 (none) to the last one")
    energies = particles[:, 9]
    require((status == OUTGOING) <= (energies >= 0.0), "its energy is negative", "an energy of zero or more")
    imbalance = _imbalance(particles, status, event, len(heads))
    require_event(
        imbalance <= _IMBALANCE,
        "momentum is not conserved: incoming and outgoing particles differ",
        f"sums that agree within {_IMBALANCE:g} of the incoming energy",
    )


def _imbalance(
    particles: FloatArray, status: FloatArray, event: NDArray[np.int64], n_events: int
) -> NDArray[np.float64]:
    """Return the largest component of incoming minus outgoing momentum per incoming energy, (n_events,)."""
    sign = np.where(status == INCOMING, 1.0, np.where(status == OUTGOING, -1.0, 0.0))
    sums = [np.bincount(event, weights=sign * particles[:, column], minlength=n_events) for column in (6, 7, 8, 9)]
    coming = status == INCOMING
    energy = np.bincount(event[coming], weights=np.abs(particles[coming, 9]), minlength=n_events)
    largest: NDArray[np.float64] = np.max(np.abs(sums), axis=0) / np.maximum(energy, 1e-300)
    return largest
