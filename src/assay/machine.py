"""What a full disk, missing rights and missing memory look like to a user: words and a mend, no traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from assay.errors import AssayError

_MENDS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room: your quota on the disk is used up",
    errno.EFBIG: "allow larger files (ulimit -f), or use another file system",
    errno.EROFS: "choose a folder that can be written, or mount the file system for writing",
    errno.EACCES: "choose a folder that you may write, or ask for the rights",
    errno.EPERM: "choose a folder that you may write, or ask for the rights",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.ENOMEM: "give it more memory (execution.resources of the study), or run fewer steps at once (--processes)",
}
_PASSING = (errno.EAGAIN, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT)
_AGAIN = ", and run the same command again: what is complete is kept"
_NO_MEMORY = (
    "can't allocate memory",
    "bad_alloc",
    "cannot allocate memory",
    "memory allocation failed",
    "failed to map segment",
    "can't start new thread",
)


def lacks(error: BaseException) -> str | None:
    """Return what the machine lacks, and how to mend it, if that is why an error was raised.

    Libraries wrap such errors in others, or keep only their words, so all that an error was raised from is looked at;
    of a group of errors, all have to be such.
    """
    if isinstance(error, BaseExceptionGroup):
        found = [lacks(inner) for inner in error.exceptions]
        return found[0] if all(found) else None
    for inner in _origins(error):
        if isinstance(inner, BaseExceptionGroup):
            return lacks(inner)
        number = _number_of(inner)
        if number is not None:
            said = str(inner) or type(inner).__name__
            return f"error: {os.strerror(number).lower()} ({said})\n  mend: {_MENDS[number]}{_AGAIN}"
    return None


def lacks_memory(error: BaseException) -> bool:
    """Return whether there was no memory for something; readers then have not found that a file is damaged."""
    return any(_number_of(inner) in (errno.ENOMEM, errno.EMFILE) for inner in _origins(error))


def may_pass(error: BaseException) -> bool:
    """Return whether an error of the system says nothing of the file or program that was asked for."""
    return isinstance(error, OSError) and error.errno in _PASSING


@contextmanager
def nothing_swallowed() -> Iterator[None]:
    """Raise at the end of a block that there was no memory, if a library went on without.

    Compiled code may be unable to raise: SciPy's Sobol sequence is then one point, again and again.

    Raises
    ------
    MemoryError, OSError
        If that happened in the block, and also if the block then blames what it was given.
    """
    found: list[BaseException] = []
    before = sys.unraisablehook

    def noted(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_value is not None and lacks_memory(unraisable.exc_value):
            found.append(unraisable.exc_value)
        else:
            before(unraisable)

    sys.unraisablehook = noted
    try:
        yield
    except AssayError as error:
        if found:
            raise _missed(found[0]) from error
        raise
    finally:
        sys.unraisablehook = before
    if found:
        raise _missed(found[0]) from found[0]


def _missed(lack: BaseException) -> Exception:
    words = f"a library went on without what it asked for: {lack}"
    number = _number_of(lack)
    return MemoryError(words) if number in (None, errno.ENOMEM) else OSError(number, words)


def _origins(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop(0)
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += [one.__cause__, one.__context__]


def _number_of(error: BaseException) -> int | None:
    """Return the system's number for an error, if it is one of those that are told."""
    if isinstance(error, OSError) and error.errno in _MENDS:
        return error.errno
    words = str(error).lower()
    of_libraries = isinstance(error, (RuntimeError, ImportError, OSError)) and any(one in words for one in _NO_MEMORY)
    if isinstance(error, MemoryError) or of_libraries:
        return errno.ENOMEM
    if isinstance(error, OSError) and "errno = " in words:  # HDF5's
        return next((number for number in _MENDS if f"errno = {number}," in words), None)
    if isinstance(error, OSError) and " requested and " in words and words.endswith(" written"):
        return errno.ENOSPC  # NumPy's words for it
    return None
