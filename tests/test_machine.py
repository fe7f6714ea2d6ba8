"""What a machine lacks is seen where libraries go on without it; messages are tested in tests/cli/test_main.py."""

from __future__ import annotations

import sys

import pytest

from assay.machine import lacks_memory, nothing_swallowed

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
