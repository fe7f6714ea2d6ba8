"""Where in an LHE file a faulty event stands."""

from __future__ import annotations

import re
from pathlib import Path

from assay.errors import LHEError
from assay.generation.lhe.faults import LHEEventError
from assay.generation.lhe.stream import opened

_BEGINNING = re.compile(rb"<event[\s>]")


def located(path: Path, fault: LHEEventError) -> LHEError:
    """Return the error for a fault, with the number of the event and its line in the (unpacked) file."""
    line = _line_of(path, fault.event, fault.row)
    place = f"{path}, {fault.where}" + (f", line {line}" if line is not None else "")
    return LHEError(fault.what, where=place, expected=fault.expected, mend=fault.mend)


def _line_of(path: Path, event: int, row: int | None) -> int | None:
    """Return the line, from one, of an event's first tag or of a row of its record."""
    begun, left = -1, 0 if row is None else row + 1
    with opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if begun < event:
                begun += len(_BEGINNING.findall(line))
                if begun >= event and not left:
                    return number
            elif line.strip() and not line.lstrip().startswith(b"#"):
                left -= 1
                if not left:
                    return number
    return None
