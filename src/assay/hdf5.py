"""HDF5 files that are either complete or absent, and say plainly why they could not be written.

HDF5 keeps a file open, and complains at every step to its end, once a single write has failed: the error that comes
out is the last of many, and a crash may follow. Here the first one is kept and raised, and HDF5 is told that all is
well, so that it closes the file, which is then thrown away. An interrupt must not end a write from within HDF5 either:
it waits until that is done.
"""

from __future__ import annotations

import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from types import FrameType
from typing import Any

import h5py

from assay.errors import AssayError
from assay.files import atomic_path
from assay.machine import lacks_memory

_MOMENT = 0.01  # seconds


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
    with atomic_path(path) as temporary, _Disk(temporary, "w+") as disk, _interrupts_outside_of_writes():
        try:
            with h5py.File(disk, "w", **options) as file:
                yield file
        finally:
            if isinstance(disk.error, OSError):
                raise OSError(disk.error.errno, disk.error.strerror, str(path)) from disk.error
            if disk.error is not None:
                raise disk.error


@contextmanager
def reading_hdf5(
    path: str | Path, fault: Callable[[Exception], AssayError], *kinds: type[Exception]
) -> Iterator[h5py.File]:
    """Open a file to read it; errors of these kinds become `fault(error)`, unless the machine lacks memory."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except kinds as error:
        if lacks_memory(error):
            raise
        raise fault(error) from None


class _Disk(FileIO):
    """A file that remembers the first error of writing, and answers as if there were none."""

    error: Exception | None = None

    def write(self, content: Any) -> int:
        left = memoryview(content).cast("B")
        size = len(left)
        try:
            while left and self.error is None:
                left = left[super().write(left) :]
        except (OSError, MemoryError) as error:
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


_WITHIN = {_Disk.write.__code__, _Disk.readinto.__code__, _Disk.truncate.__code__}


@contextmanager
def _interrupts_outside_of_writes() -> Iterator[None]:
    """Have SIGINT come again a moment later if its error would be raised within HDF5, or lost in a weak reference."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if any(inner.f_code in _WITHIN or inner.f_code.co_filename == weakref.__file__ for inner in _calls(frame)):
            threading.Timer(_MOMENT, signal.raise_signal, [number]).start()
        else:
            before(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _calls(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
