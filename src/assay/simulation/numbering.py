"""LHE events for the shower: each carries its place in the file as its only weight."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

from assay.errors import SimulationError

WEIGHT_NAME = "event_number"

_EVENT = re.compile(r"<event[\s>]")
_WEIGHTS = re.compile(r"<(rwgt|weights|mgrwt)[\s>].*?</\1>", re.DOTALL)


def write_numbered(source: Path, target: Path) -> int:
    """Copy an LHE file, giving every event weight one and its place in the file as its only further weight.

    Cross sections become one and the strategy 3 (unit weights), so that a shower takes every event once, as it comes.
    Banner and weights are left out; particles, scales and other records stay as they are.

    Returns
    -------
    int
        The number of events.

    Raises
    ------
    SimulationError
        If the file is no LHE file.
    """
    n_events = 0
    with open(target, "w", encoding="ascii", errors="replace") as output:
        blocks = _blocks(source)
        output.write(f'<LesHouchesEvents version="3.0">\n{_unit_init(next(blocks), source)}')
        for block in blocks:
            output.write(_numbered(block, n_events, source))
            n_events += 1
        output.write("</LesHouchesEvents>\n")
    return n_events


def _blocks(source: Path) -> Iterator[str]:
    """Yield the <init> block, then each <event> block."""
    end, lines = "", list[str]()
    with open(source, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(source, "rt", errors="replace") if compressed else open(source, errors="replace") as stream:
        found_init = False
        for line in stream:
            text = line.lstrip()
            if not end and text.startswith("<init") and not text.startswith("<initrwgt"):
                end, lines, found_init = "</init>", [], True
            elif not end and found_init and _EVENT.match(text):
                end, lines = "</event>", []
            if end:
                lines.append(line)
            if end and end in line:
                yield "".join(lines)
                end = ""
    if not found_init or end:
        raise SimulationError(
            "not a complete LHE file",
            where=str(source),
            expected="an <init> block and whole <event> blocks",
            mend="generate it again",
        )


def _unit_init(block: str, source: Path) -> str:
    lines = [
        line.split() for line in block.splitlines()[1:-1] if line.strip() and not line.lstrip().startswith(("#", "<"))
    ]
    try:
        beams, n_processes = lines[0][:8], int(lines[0][9])
        processes = [f"1.0 0.0 1.0 {line[3]}" for line in lines[1 : 1 + n_processes]]
    except (IndexError, ValueError):
        raise SimulationError("the <init> block is damaged", where=str(source), mend="generate it again") from None
    return "\n".join(["<init>", " ".join([*beams, "3", str(n_processes)]), *processes, "</init>"]) + "\n"


def _numbered(block: str, number: int, source: Path) -> str:
    tag, head, *rest = _WEIGHTS.sub("", block).splitlines()
    words = head.split()
    if len(words) < 6 or not rest:
        raise SimulationError("an event record is damaged", where=f"{source}, event {number}", mend="generate it again")
    words[2] = "1.0"
    body = [line for line in rest[:-1] if line.strip() and not line.lstrip().startswith("#")]
    weight = f'<rwgt>\n<wgt id="{WEIGHT_NAME}"> {number} </wgt>\n</rwgt>'
    return "\n".join([tag, " ".join(words), *body, weight, "</event>"]) + "\n"
