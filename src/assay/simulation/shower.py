"""Shower and hadronisation by Pythia 8 of the events of an LHE file, in blocks that several processes may share.

Every block has a seed of its own, so that the events are the same whatever the number of processes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from assay.simulation.numbering import Block, numbered_blocks
from assay.simulation.pythia import Shower, ShowerSettings
from assay.simulation.record import Record, ShoweredEvents, concatenated, showered
from assay.simulation.workers import in_order

__all__ = ["BLOCK_SIZE", "ShoweredBlock", "ShoweredEvents", "shower", "shower_blocks"]

BLOCK_SIZE = 500
"""Events that share a seed: a change of it changes all events."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class ShoweredBlock(Generic[Result]):
    """What became of a block.

    Attributes
    ----------
    block
        Its events as generated.
    result
        What was made of those that Pythia accepted.
    rejected
        Places in the LHE file of events that Pythia gave up; those that it vetoed are not among them.
    """

    block: Block
    result: Result
    rejected: tuple[int, ...]


def shower_blocks(
    lhe: Path,
    settings: ShowerSettings,
    seed: int,
    use: Callable[[Block, Iterator[Record]], Result],
    workers: int = 1,
    block_size: int = BLOCK_SIZE,
) -> Iterator[ShoweredBlock[Result]]:
    """Shower all events of an LHE file and make something of every block.

    Parameters
    ----------
    lhe
        The file, compressed or not.
    settings
        How Pythia is run.
    seed
        Same seed and block size, same events.
    use
        What is made of a block and those of its events that Pythia accepts, in the process that showers them: pickled,
        and so is its result.
    workers
        Number of processes.
    block_size
        Events per block, which bounds the memory.

    Yields
    ------
    ShoweredBlock
        In the order of the file.

    Raises
    ------
    SimulationError
        If Pythia refuses a setting or the file.
    WorkerKilledError
        If a process was ended from outside.
    """
    with tempfile.TemporaryDirectory(prefix="assay-shower-") as folder:
        blocks = numbered_blocks(lhe, Path(folder), block_size)
        for done in in_order(partial(_Work, settings, seed, str(lhe), use), blocks, workers):
            done.block.path.unlink()
            yield done


class _Work(Generic[Result]):
    """A process' part: showers blocks."""

    def __init__(
        self, settings: ShowerSettings, seed: int, where: str, use: Callable[[Block, Iterator[Record]], Result]
    ) -> None:
        self._shower, self._where, self._use = Shower(settings, seed), where, use

    def __call__(self, block: Block) -> ShoweredBlock[Result]:
        result = self._use(block, self._shower.records(block, self._where))
        return ShoweredBlock(block, result, self._shower.rejected)


def shower(
    lhe: Path, settings: ShowerSettings, seed: int, workers: int = 1, block_size: int = BLOCK_SIZE
) -> Iterator[ShoweredEvents]:
    """Shower all events of an LHE file: see `shower_blocks`.

    Yields
    ------
    ShoweredEvents
        In the order of the file, block by block; rejected and vetoed events are missing.
    """
    for done in shower_blocks(lhe, settings, seed, _events, workers, block_size):
        if done.result is not None:
            yield done.result


def _events(_: Block, records: Iterator[Record]) -> ShoweredEvents | None:
    events = [showered(record) for record in records]
    return concatenated(events) if events else None
