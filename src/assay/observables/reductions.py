"""Sums, products, extremes and the like over the members of a list, event by event."""

from __future__ import annotations

import numpy as np

from assay.observables.kinematics import Array
from assay.observables.particles import ParticleList
from assay.observables.values import Mask, Values
from assay.study import arithmetic


def reduced(function: str, members: ParticleList, of_members: Values) -> Values:
    """Reduce values of the members to one per event.

    An empty list has the sum 0, the product 1, no `any` and every `all`, but neither extremes nor a mean. Where a
    member's value is missing, so is the event's.

    Parameters
    ----------
    function
        One of `assay.study.vocabulary.REDUCTIONS`.
    members
        The list.
    of_members
        Values of shape `(n_particles,)`, or one value for all.
    """
    values, missing, _ = np.broadcast_arrays(arithmetic.number(of_members.values), of_members.missing, members.event)
    lacking = _any(members, missing)
    if function in ("any", "all"):
        holds = values.astype(bool) & ~missing
        decided = _any(members, holds) if function == "any" else _any(members, ~values.astype(bool) & ~missing)
        unknown = lacking & ~decided
        return Values(decided if function == "any" else ~decided & ~unknown, unknown)
    if function == "sum":
        return Values(members.sums(values), lacking)
    if function == "prod":
        return Values(_folded(np.multiply, 1.0, members, values), lacking)
    empty = members.counts == 0
    if function == "mean":
        return Values(members.sums(values) / np.where(empty, np.nan, members.counts), lacking | empty)
    largest = function == "max"
    result = _folded(np.maximum if largest else np.minimum, -np.inf if largest else np.inf, members, values)
    return Values(np.where(empty, np.nan, result), lacking | empty)


def _folded(function: np.ufunc, start: float, members: ParticleList, values: Array) -> Array:
    result = np.full(len(members.counts), start)
    function.at(result, members.event, values)
    return result


def _any(members: ParticleList, mask: Mask) -> Mask:
    return np.bincount(members.event[mask], minlength=len(members.counts)) > 0
