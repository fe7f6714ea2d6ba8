"""What a machine lacks is seen where libraries go on without it; messages are tested in tests/cli/test_main.py."""

from __future__ import annotations

import errno
import sys

import pytest

from assay.errors import InferenceError
from assay.machine import lacks, lacks_memory, may_pass, nothing_swallowed

pytestmark = pytest.mark.fast


class Swallowing:
    """Raises where nothing can be raised, as compiled code may do."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __del__(self) -> None:
        raise self.error


def swallow(error: Exception, then: Exception | None = None) -> None:
    Swallowing(error)
    if then is not None:
        raise then


def test_what_was_swallowed_for_want_of_memory_is_raised_at_the_end() -> None:
    with pytest.raises(MemoryError, match=r"went on without .* Unable to allocate"), nothing_swallowed():
        swallow(MemoryError("Unable to allocate 2.91 MiB"))


def test_other_errors_go_where_they_went_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    before = sys.unraisablehook
    with nothing_swallowed():
        swallow(ValueError("of another kind"))
    assert [type(one.exc_value) for one in seen] == [ValueError]
    assert sys.unraisablehook == before


def test_an_error_of_the_block_itself_comes_first() -> None:
    with pytest.raises(KeyError), nothing_swallowed():
        swallow(MemoryError(), KeyError("a"))


def test_but_not_one_that_blames_what_was_given() -> None:
    with pytest.raises(MemoryError, match="went on without"), nothing_swallowed():
        swallow(MemoryError(), InferenceError("no starting point of the fit is physical"))
    with pytest.raises(InferenceError), nothing_swallowed():
        raise InferenceError("no starting point of the fit is physical")


def test_a_lack_of_open_files_is_told_as_such() -> None:
    with pytest.raises(OSError, match="Too many open files") as raised, nothing_swallowed():
        swallow(OSError(errno.EMFILE, "Too many open files"))
    assert "allow more open files" in str(lacks(raised.value))


@pytest.mark.parametrize(("number", "passing"), [(errno.ESTALE, True), (errno.ENOMEM, True), (errno.ENOENT, False)])
def test_what_may_pass(number: int, passing: bool) -> None:
    assert may_pass(OSError(number, "words")) is passing


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (OSError("Can't synchronously read data (memory allocation failed for raw data chunk)"), True),
        (RuntimeError("can't start new thread"), True),
        (OSError(28, "No space left on device"), False),
        (ValueError("cannot allocate memory"), False),
    ],
)
def test_lack_of_memory_by_its_words(error: Exception, expected: bool) -> None:
    assert lacks_memory(error) is expected
    wrapped = RuntimeError("of a library")
    wrapped.__cause__ = error
    assert lacks_memory(wrapped) is expected
