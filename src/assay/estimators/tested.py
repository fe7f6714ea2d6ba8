"""Parts of samples that checks look at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from assay.estimators.verdicts import Events
from assay.sampling.samples import Sample

S = TypeVar("S", bound=Sample)

_ROWS = 50_000


def numbers_of(x: NDArray[np.float32]) -> Events:
    """Return which event each sample (N, O) is: the same one is drawn several times, for many hypotheses.

    Events are told apart by their observables; where all of these are counts there are fewer values than samples, and
    each sample is taken for an event of its own.
    """
    values = np.asarray(x)
    if bool((values == np.round(values)).all()):
        return np.arange(len(values))
    _, numbers = np.unique(values, axis=0, return_inverse=True)
    return np.asarray(numbers.ravel())


def first_rows(sample: S) -> S:
    """Return the first rows of a sample, which may be larger than memory; all if there are not many."""
    if len(sample) <= _ROWS:
        return sample
    arrays: dict[str, Any] = {name: np.asarray(getattr(sample, name)[:_ROWS]) for name in sample.arrays}
    return replace(sample, **arrays)
