"""A shuffle of more rows than fit into memory.

Every row has a key of 64 random bits; the shuffled order is that of the keys. Rows are scattered over buckets by the
leading bits of their key, in files on disk; sorting one bucket at a time then sorts them all. The order depends on
the keys alone, not on the order in which rows arrive, the size of chunks or the number of buckets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAX_BUCKETS = 4096


class Shuffler:
    """Collects rows of `n_columns` floats with a key and a tag, and gives them back in the order of their keys.

    Parameters
    ----------
    folder
        An empty folder for the buckets.
    n_rows
        How many rows to expect.
    n_columns
        Number of floats per row.
    bytes_in_memory
        About how much of the rows to hold at a time.
    ranks
        The order of rows of equal keys: the rank of each tag, `(n_tags,)`; by default that of the tags themselves.
    """

    def __init__(
        self,
        folder: Path,
        n_rows: int,
        n_columns: int,
        bytes_in_memory: int,
        ranks: NDArray[np.int64] | None = None,
    ) -> None:
        self._folder, self._ranks = folder, ranks
        self._record = np.dtype([("key", "u8"), ("tag", "i4"), ("row", "f8", (n_columns,))])
        # sorting holds a bucket twice
        wanted = 2 * n_rows * self._record.itemsize / max(1, bytes_in_memory)
        self._bits = min(int(np.ceil(np.log2(max(1.0, wanted)))), int(np.log2(_MAX_BUCKETS)))

    def add(self, keys: NDArray[np.uint64], tags: NDArray[np.int32], rows: NDArray[np.float64]) -> None:
        """Add rows `(n, n_columns)` with their keys and tags, `(n,)`."""
        if len(keys) == 0:
            return
        records = np.empty(len(keys), dtype=self._record)
        records["key"], records["tag"], records["row"] = keys, tags, rows
        bucket = np.zeros(len(keys), dtype=np.int64) if self._bits == 0 else self._bucket_of(keys)
        order = np.argsort(bucket, kind="stable")
        numbers, starts = np.unique(bucket[order], return_index=True)
        for number, part in zip(numbers, np.split(records[order], starts[1:]), strict=True):
            with open(self._path(int(number)), "ab") as stream:
                stream.write(part.tobytes())  # `tofile` does not say why it could not

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.float64]]]:
        """Yield keys, tags and rows in the order of the keys (of equal keys by their ranks), a bucket at a time."""
        for number in range(1 << self._bits):
            path = self._path(number)
            if path.exists():
                records = np.fromfile(path, dtype=self._record)
                path.unlink()
                ranks = records["tag"] if self._ranks is None else self._ranks[records["tag"]]
                records = records[np.lexsort((ranks, records["key"]))]
                yield records["key"], records["tag"], records["row"]

    def _bucket_of(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (keys >> np.uint64(64 - self._bits)).astype(np.int64)

    def _path(self, number: int) -> Path:
        return self._folder / f"bucket-{number:05d}"
