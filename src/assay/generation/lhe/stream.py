"""The text of LHE files, compressed or not: the part before the events, and events in blocks."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from assay.errors import LHEError
from assay.generation.lhe.faults import LHEEventError

BYTES_PER_READ = 4 << 20


_BEGINNING = re.compile(rb"<event[\s>]")
_END = b"</event>"
_AFTER_EVENT = np.frombuffer(b"> \t\n\r\f\v", dtype=np.uint8)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file; what is wrong with its compression becomes an `LHEError`."""
    if not path.is_file():
        raise LHEError("file not found", where=str(path), mend="run the stage that writes it")
    try:
        with gzip.open(path) if _is_compressed(path) else open(path, "rb") as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _truncated(str(path), _unpacked(path), str(error)) from None


def _is_compressed(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _unpacked(path: Path) -> Iterator[bytes]:
    """Yield what can still be read of a damaged compressed file."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with open(path, "rb") as stream, suppress(zlib.error):
        while data := stream.read(1 << 12):
            yield unpacker.decompress(data)


def _truncated(where: str, blocks: Iterable[bytes], why: str) -> LHEError:
    """Return the error for a file of which these blocks, from its beginning, can be read."""
    n_events, line, rest = 0, 1, b""
    for block in blocks:
        text = rest + block
        n_events, line = n_events + text.count(_END), line + block.count(b"\n")
        rest = text[-len(_END) + 1 :]
    return LHEError(
        f"the file is truncated or damaged after {n_events} complete events ({why})",
        where=f"{where}, event {n_events}, line {line}",
        expected="a file that ends with </LesHouchesEvents>",
        mend="run the stage that writes it again",
    )


def texts(stream: IO[bytes] | gzip.GzipFile, where: str) -> Iterator[bytes]:
    """Yield the text before the first event, then texts that end with an event."""
    pending, in_head = b"", True
    while data := stream.read(BYTES_PER_READ):
        pending += data
        if in_head:
            start = _BEGINNING.search(pending)
            if start is None:
                continue
            yield pending[: start.start()]
            pending, in_head = pending[start.start() :], False
        cut = pending.rfind(_END) + len(_END)
        if cut >= len(_END):
            yield pending[:cut]
            pending = pending[cut:]
    if b"</LesHouchesEvents>" not in pending or _BEGINNING.search(pending):
        stream.seek(0)
        raise _truncated(where, iter(partial(stream.read, BYTES_PER_READ), b""), "its last tag is missing")
    if in_head:
        yield pending


def bodies(text: bytes, first: int) -> list[bytes]:
    """Return what stands between the tags of each event of a text.

    Parameters
    ----------
    text
        That ends with the end of an event.
    first
        Number of its first event in the file, for the error.

    Raises
    ------
    LHEEventError
        If events do not begin and end in turn.
    """
    characters = np.frombuffer(text, dtype=np.uint8)
    tags = np.flatnonzero(characters == ord("<"))
    second = characters[tags + 1]
    begins = _places(characters, tags[second == ord("e")], b"<event")
    begins = begins[np.isin(characters[begins + len(b"<event")], _AFTER_EVENT)]
    closing = tags[second == ord("/")]
    ends = _places(characters, closing[characters[closing + 2] == ord("e")], _END)
    if len(begins) != len(ends) or (begins > ends).any() or (ends[:-1] > begins[1:]).any():
        what = f"{len(begins)} events begin and {len(ends)} end, not in turn"
        raise LHEEventError(first + _unended(text), what, expected="<event> and </event> in turn")
    return [text[text.index(b">", tag) + 1 : end] for tag, end in zip(begins.tolist(), ends.tolist(), strict=True)]


def _places(characters: NDArray[np.uint8], places: NDArray[np.int64], word: bytes) -> NDArray[np.int64]:
    """Return the places, all at least as far from the end as the word is long, where a word stands."""
    windows = np.lib.stride_tricks.sliding_window_view(characters, len(word))
    found: NDArray[np.int64] = places[(windows[places] == np.frombuffer(word, dtype=np.uint8)).all(axis=1)]
    return found


def _unended(text: bytes) -> int:
    """Return the number of the first event that another one begins within, or that ends without having begun."""
    tags = re.findall(rb"<event[\s>]|</event>", text)
    pairs = (tags[place : place + 2] for place in range(0, len(tags), 2))
    return next(
        number for number, pair in enumerate(pairs) if len(pair) < 2 or pair[0][1:2] == b"/" or pair[1][1:2] != b"/"
    )
