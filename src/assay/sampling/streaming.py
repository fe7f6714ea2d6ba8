"""Augmented data drawn afresh, theta and events, for every epoch of a training.

Nothing is stored, and no unweighted event is repeated from epoch to epoch beyond what the weighted ones allow: after
many epochs a training has seen as many hypotheses and as many copies of each weighted event as it had epochs times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from assay.sampling.samples import Sample

S = TypeVar("S", bound=Sample)


@dataclass(frozen=True, eq=False)
class SampleStream(Generic[S]):
    """A sample per epoch.

    Parameters
    ----------
    drawn
        Draws a sample: one of the functions of `assay.sampling.augment` with all but its source of randomness given.
    seed
        With the number of the epoch it decides the draw; training and validation need different ones.
    """

    drawn: Callable[[np.random.Generator], S]
    seed: tuple[int, ...]

    def draw(self, epoch: int) -> S:
        """Return the sample of an epoch, counted from zero: the same whenever, and in whatever order, it is asked."""
        return self.drawn(np.random.default_rng([*self.seed, epoch]))
