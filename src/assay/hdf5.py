"""HDF5 files that are either complete or absent, and say plainly why they could not be written.

HDF5 keeps a file open, and complains at every step to its end, once a single write has failed: the error that comes
out is the last of many. Here the first one is kept and raised, and HDF5 is told that all is well, so that it closes the
file, which is then thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import h5py

from assay.files import atomic_path


@contextmanager
def atomic_hdf5(path: str | Path, **options: Any) -> Iterator[h5py.File]:
    """Open a new HDF5 file that takes its name once the block has ended without an error.

    Parameters
    ----------
    path
        The file.
    options
        Of `h5py.File`.

    Raises
    ------
    OSError
        If it cannot be written, as with a full disk.
    """
    with atomic_path(path) as temporary, _Disk(temporary, "w+") as disk:
        try:
            with h5py.File(disk, "w", **options) as file:
                yield file
        finally:
            if disk.error is not None:
                raise OSError(disk.error.errno, disk.error.strerror, str(path)) from disk.error


class _Disk(FileIO):
    """A file that remembers the first error of writing, and answers as if there were none."""

    error: OSError | None = None

    def write(self, content: Any) -> int:
        left = memoryview(content).cast("B")
        size = len(left)
        try:
            while left and self.error is None:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
        return size

    def readinto(self, target: Any) -> int:
        found, view = super().readinto(target) or 0, memoryview(target).cast("B")
        if self.error is None:
            return found
        view[found:] = bytes(len(view) - found)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0
