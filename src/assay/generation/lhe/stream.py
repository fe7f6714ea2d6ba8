"""The text of LHE files, compressed or not: the part before the events, and events in blocks."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from assay.errors import LHEError
from assay.generation.lhe.faults import LHEEventError

BYTES_PER_READ = 4 << 20


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a file; what is wrong with its compression becomes an `LHEError`."""
    if not path.is_file():
        raise LHEError("file not found", where=str(path), mend="run the stage that writes it")
    try:
        with gzip.open(path) if _is_compressed(path) else open(path, "rb") as stream:
            yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _truncated(str(path), *_readable(path), str(error)) from None


def _is_compressed(path: Path) -> bool:
    with open(path, "rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _readable(path: Path) -> tuple[int, int]:
    """Count the events and lines of a damaged compressed file that can still be read."""
    count, lines, rest = 0, 0, b""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with open(path, "rb") as stream, suppress(zlib.error):
        while data := stream.read(1 << 12):
            unpacked = unpacker.decompress(data)
            text = rest + unpacked
            count, lines = count + text.count(b"</event>"), lines + unpacked.count(b"\n")
            rest = text[-len(b"</event>") + 1 :]
    return count, lines + 1


def _truncated(where: str, n_events: int, line: int, why: str) -> LHEError:
    return LHEError(
        f"the file is truncated or damaged after {n_events} complete events ({why})",
        where=f"{where}, event {n_events}, line {line}",
        expected="a file that ends with </LesHouchesEvents>",
        mend="run the stage that writes it again",
    )


def texts(stream: IO[bytes] | gzip.GzipFile, where: str) -> Iterator[bytes]:
    """Yield the text before the first event, then texts of whole events."""
    pending, n_events, in_head, lines = b"", 0, True, 1
    while data := stream.read(BYTES_PER_READ):
        pending += data
        lines += data.count(b"\n")
        if in_head:
            start = re.search(rb"<event[\s>]", pending)
            if start is None:
                continue
            yield pending[: start.start()]
            pending, in_head = pending[start.start() :], False
        cut = pending.rfind(b"</event>") + len(b"</event>")
        if cut >= len(b"</event>"):
            text, pending = pending[:cut], pending[cut:]
            opened, closed = len(re.findall(rb"<event[\s>]", text)), text.count(b"</event>")
            if opened != closed:
                what = f"{opened} events begin and {closed} end"
                raise LHEEventError(n_events + _unended(text), what, expected="<event> and </event> in turn")
            yield text
            n_events += closed
    if b"</LesHouchesEvents>" not in pending or re.search(rb"<event[\s>]", pending):
        raise _truncated(where, n_events, lines, "its last tag is missing")
    if in_head:
        yield pending


def _unended(text: bytes) -> int:
    """Return the number of the first event that another one begins within, or that ends without having begun."""
    tags = re.findall(rb"<event[\s>]|</event>", text)
    pairs = (tags[place : place + 2] for place in range(0, len(tags), 2))
    return next(
        number for number, pair in enumerate(pairs) if len(pair) < 2 or pair[0][1:2] == b"/" or pair[1][1:2] != b"/"
    )
