"""What is made of showered events, block by block, in the processes that shower them: objects, HepMC, or both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.generation.lhe import LHESample
from assay.simulation.card import DetectorCard
from assay.simulation.detector import detect
from assay.simulation.hepmc import HepMCWeights, HepMCWriter, hepmc_events, set_cross_section, weights_of
from assay.simulation.numbering import Block
from assay.simulation.pythia import ShowerSettings, vetoing
from assay.simulation.record import Record, concatenated, showered
from assay.simulation.shower import BLOCK_SIZE, shower_blocks

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class ShowerTask:
    """Events to be showered.

    Attributes
    ----------
    lhe, sample
        The file, and its events.
    settings
        How Pythia is run.
    seed
        Of shower and detector; same file, settings, seed and block size: same events.
    workers
        Number of processes, without influence on events.
    block_size
        Events that share a seed.
    report
        Called with the number of events done and of all events.
    """

    lhe: Path
    sample: LHESample
    settings: ShowerSettings
    seed: int
    workers: int
    report: Progress
    block_size: int = BLOCK_SIZE


@dataclass
class ShowerTally:
    """What became of events, counted while they are showered.

    Attributes
    ----------
    n_events, n_accepted
        Events given to Pythia, and those that it accepted.
    rejected
        Places of those that it gave up, as far as it says.
    vetoing
        What vetoes events on purpose: "matching", "merging", or nothing.
    cross_section
        Sum of the nominal weights of accepted events, in pb, with the factors of merging.
    """

    n_events: int = 0
    n_accepted: int = 0
    rejected: list[int] = field(default_factory=list)
    vetoing: str = ""
    cross_section: float = 0.0

    @property
    def n_rejected(self) -> int:
        """Events that are missing without matching or merging wanting it."""
        return len(self.rejected) if self.vetoing else self.n_events - self.n_accepted

    @property
    def n_vetoed(self) -> int:
        """Events that matching or merging vetoed."""
        return self.n_events - self.n_accepted - self.n_rejected


def simulated_blocks(
    task: ShowerTask, card: DetectorCard | None, hepmc: Path | None, tally: ShowerTally
) -> Iterator[ak.Array]:
    """Shower events, and detect them or write them down or both.

    Parameters
    ----------
    task
        The events.
    card
        The detector; None yields nothing.
    hepmc
        The file to write, .hepmc.gz; None writes none.
    tally
        Counts what becomes of the events, and is complete with the last block.

    Yields
    ------
    ak.Array
        Events as `assay.simulation.objects` describes them; rejected and vetoed ones are missing.

    Raises
    ------
    StudyError, SimulationError
        If the settings or the file are wrong, no event is left, or too many are rejected.
    WorkerKilledError
        If a worker process was ended from outside.
    """
    sample = task.sample
    tally.vetoing = vetoing(task.settings)
    work = _BlockWork(card, sample.nominal_weights, task.seed, weights_of(sample) if hepmc else None)
    with ExitStack() as stack:
        writer = stack.enter_context(HepMCWriter(hepmc)) if hepmc else None
        for done in shower_blocks(task.lhe, task.settings, task.seed, work, task.workers, task.block_size):
            tally.n_events += done.block.n_events
            tally.rejected += done.rejected
            tally.n_accepted += done.result.n_events
            tally.cross_section += done.result.cross_section
            if writer and done.result.hepmc:
                writer.write(*done.result.hepmc)
            if done.result.objects is not None:
                yield done.result.objects
            task.report(tally.n_events, len(sample))
        check_tally(tally, task)
    if hepmc and tally.vetoing:
        relative = sample.cross_section_error / sample.cross_section if sample.cross_section else 0.0
        set_cross_section(hepmc, tally.cross_section, relative * tally.cross_section)


def detected_records(
    records: Iterable[Record], nominal: Array, card: DetectorCard, seed: int, report: Progress, where: Path
) -> Iterator[ak.Array]:
    """Detect events that another program showered, whose numbers are places in the LHE file.

    Raises
    ------
    SimulationError
        If the events are not those of the LHE file.
    """
    work = _BlockWork(card, nominal, seed, None)
    n_events, last = 0, -1
    for number, record in enumerate(records):
        numbers = np.concatenate([[last], record.event_number])
        if np.any(np.diff(numbers) <= 0) or numbers[-1] >= len(nominal):
            raise SimulationError(
                f"its events are not those of the generator's {len(nominal)}, in their order",
                where=f"{where}, event {n_events}",
                mend="run generate again",
            )
        last = int(numbers[-1])
        done = work(Block(where, number, n_events, len(record.event_number)), iter([record]))
        n_events += done.n_events
        yield done.objects
        report(n_events, len(nominal))


def check_tally(tally: ShowerTally, task: ShowerTask) -> None:
    """Check that all events were showered, some are left, and not more were rejected than the settings allow.

    Raises
    ------
    SimulationError
        If the file has other events, none are left, or more were rejected.
    """
    if tally.n_events != len(task.sample):
        raise SimulationError(
            f"{tally.n_events} events were showered, and {len(task.sample)} have weights",
            where=str(task.lhe),
            mend="run generate again",
        )
    if tally.n_rejected > task.settings.maximum_rejected * tally.n_events:
        raise SimulationError(
            f"Pythia rejected {tally.n_rejected} of {tally.n_events} events",
            where=str(task.lhe),
            expected=f"at most {task.settings.maximum_rejected:.3g} of them",
            mend="check colours and momenta in the LHE file; the setting 'Print:quiet = off' shows Pythia's reasons",
        )
    if not tally.n_accepted:
        raise SimulationError(
            f"{tally.vetoing or 'the shower'} leaves none of {tally.n_events} events",
            where=str(task.lhe),
            mend="check the scale of matching or merging against that of the events' generation",
        )


@dataclass(frozen=True, eq=False)
class _BlockProducts:
    """What is left of a block: number of events, their cross section in pb, objects, HepMC's head and events."""

    n_events: int
    cross_section: float
    objects: ak.Array | None
    hepmc: tuple[bytes, bytes] | None


@dataclass(frozen=True, eq=False)
class _BlockWork:
    """What is made of a block. The weights are of all events of the file, in pb."""

    card: DetectorCard | None
    nominal: Array
    seed: int
    weights: HepMCWeights | None

    def __call__(self, block: Block, records: Iterator[Record]) -> _BlockProducts:
        if self.weights is not None:
            records = iter(kept := list(records))
        events = [showered(record) for record in records]
        if not events:
            return _BlockProducts(0, 0.0, None, None)
        together = concatenated(events)
        weight = self.nominal[together.event_number] * together.weight
        objects = None
        if self.card is not None:
            objects = detect(together, weight, self.card, np.random.default_rng([self.seed, 2, block.number]))
        hepmc = hepmc_events(kept, self.weights) if self.weights is not None else None
        return _BlockProducts(len(weight), float(weight.sum()), objects, hepmc)
