"""Where the rows of an epoch come from: memory, a fresh draw for every epoch, or files that are larger than memory.

A source yields windows, groups of packed rows that are shuffled among themselves:

- rows in memory (or on the GPU) are one window, the same in every epoch;
- `Streamed`: one window, drawn for the epoch;
- `Mapped`: as many windows as it takes, each of blocks of rows from all over the files, in another order every epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch

from assay.estimators.objectives import Groups
from assay.sampling.mapped import release
from assay.sampling.samples import Sample

BLOCK = 4096  # rows that are read together


class Source(Protocol):
    """Rows of a training, epoch by epoch."""

    def windows(self, epoch: int) -> Iterator[Groups]:
        """Yield the windows of an epoch, counted from one."""

    def n_rows(self) -> int:
        """Return the number of rows of an epoch."""


@dataclass(frozen=True)
class Resident:
    """Packed rows that stay where they are."""

    groups: Groups

    def windows(self, epoch: int) -> Iterator[Groups]:
        """Yield all rows."""
        yield self.groups

    def n_rows(self) -> int:
        """Return their number."""
        return sum(len(rows) for rows in self.groups)


@dataclass(frozen=True)
class Streamed:
    """Rows drawn for every epoch.

    Parameters
    ----------
    draw
        The sample of an epoch, counted from zero.
    pack
        From a sample to packed rows.
    n
        Rows of an epoch.
    device
        Where they go.
    """

    draw: Callable[[int], Sample]
    pack: Callable[[Any], Groups]
    n: int
    device: torch.device

    def windows(self, epoch: int) -> Iterator[Groups]:
        """Yield the rows of the epoch."""
        yield tuple(rows.to(self.device) for rows in self.pack(self.draw(epoch - 1)))

    def n_rows(self) -> int:
        """Return the number of rows of an epoch."""
        return self.n


@dataclass(frozen=True)
class Mapped:
    """Rows of memory-mapped arrays, of which a window at a time is in memory.

    Parameters
    ----------
    sample
        With arrays as `numpy.load(..., mmap_mode="r")` gives them.
    pack
        From a sample to packed rows.
    window
        Rows of a window.
    seed
        Of the order of the blocks; None: as they come.
    device
        Where the rows go.
    """

    sample: Sample
    pack: Callable[[Any], Groups]
    window: int
    seed: int | None
    device: torch.device

    def windows(self, epoch: int) -> Iterator[Groups]:
        """Yield windows of blocks from all over the files."""
        starts = np.arange(0, len(self.sample), BLOCK)
        if self.seed is not None:
            starts = np.random.default_rng([self.seed, epoch, 1]).permutation(starts)
        per_window = max(1, self.window // BLOCK)
        for first in range(0, len(starts), per_window):
            spans = [slice(s, min(s + BLOCK, len(self.sample))) for s in starts[first : first + per_window].tolist()]
            yield tuple(group.to(self.device) for group in self.pack(_part(self.sample, spans)))

    def n_rows(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self.sample)


def bytes_of(sample: Sample) -> int:
    """Return the size of a sample's arrays."""
    return sum(int(getattr(sample, name).nbytes) for name in sample.arrays)


def head(sample: Sample, n: int) -> Sample:
    """Return about n rows of a sample in memory, in blocks from all over it."""
    if len(sample) <= n:
        return sample
    starts = np.linspace(0, len(sample) - BLOCK, max(1, n // BLOCK)).astype(np.int64)
    return _part(sample, [slice(s, s + BLOCK) for s in np.maximum(starts, 0).tolist()])


def _part(sample: Sample, spans: Sequence[slice]) -> Sample:
    """Return rows of a sample, copied into memory."""
    arrays: dict[str, Any] = {}
    for name in sample.arrays:
        array = getattr(sample, name)
        arrays[name] = np.concatenate([np.asarray(array[span]) for span in spans])
        release(array)
    return replace(sample, sizes=None, **arrays)
