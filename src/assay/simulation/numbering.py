"""LHE events for the shower: each carries its place in the file as its only weight."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from assay.errors import SimulationError

WEIGHT_NAME = "event_number"

_CARD = "MGRunCard"

_EVENT = re.compile(r"<event[\s>]")
_WEIGHTS = re.compile(r"<(rwgt|weights|mgrwt)[\s>].*?</\1>", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Some successive events of an LHE file, in a file of their own.

    Attributes
    ----------
    path
        The file.
    number
        Of the block, from 0.
    first, n_events
        The place of its first event in the whole file, from 0, and how many it has.
    """

    path: Path
    number: int
    first: int
    n_events: int


def numbered_blocks(source: Path, folder: Path, size: int) -> Iterator[Block]:
    """Copy an LHE file in blocks, giving every event weight one and its place in the file as its only further weight.

    Cross sections become one and the strategy 3 (unit weights), so that a shower takes every event once, as it comes.
    Of the banner only MadGraph's run card is kept (which has the parameters of its matching), of the events all but
    their weights.

    Parameters
    ----------
    source
        The file, compressed or not.
    folder
        Where the blocks are written, each when it is asked for.
    size
        Events per block; the last one may have fewer.

    Raises
    ------
    SimulationError
        If the file is no LHE file.
    """
    parts = _parts(source)
    head = f'<LesHouchesEvents version="3.0">\n{next(parts)}{_unit_init(next(parts), source)}'
    number = first = 0
    while events := [_numbered(part, first + i, source) for i, part in enumerate(islice(parts, size))]:
        path = folder / f"block_{number}.lhe"
        path.write_text(f"{head}{''.join(events)}</LesHouchesEvents>\n", encoding="ascii", errors="replace")
        yield Block(path, number, first, len(events))
        number, first = number + 1, first + len(events)


def _parts(source: Path) -> Iterator[str]:
    """Yield a header with the run card (or nothing), the <init> block, then each <event> block."""
    end, lines, card = "", list[str](), ""
    with open(source, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(source, "rt", errors="replace") if compressed else open(source, errors="replace") as stream:
        found_init = False
        for line in stream:
            text = line.lstrip()
            if not end and not found_init and text.startswith(f"<{_CARD}>"):
                end, lines = f"</{_CARD}>", []
            elif not end and text.startswith("<init") and not text.startswith("<initrwgt"):
                end, lines, found_init = "</init>", [], True
                yield f"<header>\n{card}</header>\n" if card else ""
            elif not end and found_init and _EVENT.match(text):
                end, lines = "</event>", []
            if end:
                lines.append(line)
            if end and end in line:
                if found_init:
                    yield "".join(lines)
                else:
                    card = "".join(lines)
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
