"""Reading memory-mapped arrays part by part, such that their pages do not stay with the process."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_CHUNK_BYTES = 64 << 20


def chunks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield an array in parts of some 64 MB, copied out of a memory-mapped file, whose pages are then given back."""
    step = max(1, _CHUNK_BYTES // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), step):
        yield np.array(array[start : start + step])
        release(array)


def release(array: NDArray[Any]) -> None:
    """Give the pages of a memory-mapped file back: they would count as this process's memory."""
    handle = getattr(array, "_mmap", None)
    if isinstance(handle, mmap.mmap):
        handle.madvise(mmap.MADV_DONTNEED)
