"""The stage `simulate`: an LHE file in, a ROOT file with reconstructed objects out, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import awkward as ak

from assay.errors import SimulationError
from assay.generation.lhe import read_lhe
from assay.simulation.card import read_card
from assay.simulation.delphes import PROGRAM, find_delphes
from assay.simulation.delphes_chain import delphes_blocks
from assay.simulation.existing import matched_objects
from assay.simulation.hepmc_reading import read_hepmc
from assay.simulation.parton_level import parton_level_blocks
from assay.simulation.parton_smearing import PartonSmearing
from assay.simulation.pythia import ShowerSettings, pythia_lines
from assay.simulation.root import SimulationSummary, write_objects
from assay.simulation.shower import BLOCK_SIZE
from assay.simulation.showering import Progress, ShowerTally, ShowerTask, detected_records, simulated_blocks

LOG = "delphes.log"
"""What Delphes says, beside the objects."""


@dataclass(frozen=True)
class SimulationSettings:
    """How events are simulated.

    Parameters
    ----------
    detector
        `parametrised` or `delphes` (after a shower), or `none`: the generator's final state as it is, or smeared.
    shower
        How Pythia is run; unused by the detector `none` and for events that are showered already.
    card
        Detector card; None for the one that comes with Assay.
    program
        Name of Delphes' program.
    smearing
        Of the final state, for the detector `none`.
    block_size
        Events that share a seed: all events change with it.
    workers
        Processes that shower and simulate; events do not depend on it.
    """

    detector: Literal["parametrised", "delphes", "none"] = "parametrised"
    shower: ShowerSettings = field(default_factory=ShowerSettings)
    card: Path | None = None
    program: str = PROGRAM
    smearing: PartonSmearing = field(default_factory=PartonSmearing)
    block_size: int = BLOCK_SIZE
    workers: int = 1


def simulate(
    lhe_path: Path,
    output_path: Path,
    settings: SimulationSettings,
    seed: int,
    progress: Progress | None = None,
    *,
    partons: Path | None = None,
    hepmc: Path | None = None,
    showered: Path | None = None,
    objects: Path | None = None,
) -> SimulationSummary:
    """Simulate all events of an LHE file.

    Parameters
    ----------
    lhe_path, output_path
        The generator's events; the ROOT file to write (tree and units of Delphes), complete or absent.
    settings
        How events are simulated.
    seed
        Of shower and detector; same file, settings and seed: same objects.
    progress
        Called with the number of events done and of all events.
    partons
        An LHE file with the same events, for the shower: another program's, with what only its own file has (matching
        reads MadGraph's run card and the scales at which partons were clustered).
    hepmc
        A HepMC file (.hepmc.gz) to write the showered events to, too.
    showered
        A HepMC file with these events as another program showered them; their numbers are places in the LHE file.
    objects
        A ROOT file that Delphes wrote of these events, in place of shower and detector.

    Raises
    ------
    LHEError, StudyError, SimulationError
        If the events, the detector card or the settings are wrong, or too many events are rejected.
    WorkerKilledError
        If a worker process was ended from outside.
    """
    sample = read_lhe(lhe_path)
    if not len(sample):
        raise SimulationError("there are no events", where=str(lhe_path), mend="generate at least one event")
    report, tally = progress or _silent, ShowerTally()
    task = ShowerTask(partons or lhe_path, sample, settings.shower, seed, settings.workers, report, settings.block_size)
    if objects is not None:
        chunks, name, text = (
            matched_objects(objects, sample.event_number, sample.nominal_weights),
            "Delphes",
            "as given",
        )
    elif settings.detector == "delphes":
        chunks, name, text = _delphes(task, settings, output_path.with_name(LOG), hepmc, showered, tally)
    else:
        chunks, name, text = _chunks(task, settings, hepmc, showered, tally)

    def summarise(n_written: int) -> SimulationSummary:
        return SimulationSummary(
            detector=name,
            events_read=len(sample),
            events_rejected=len(sample) - n_written - tally.n_vetoed,
            events_written=n_written,
            seed=seed,
            settings=text,
            events_vetoed=tally.n_vetoed,
            vetoing=tally.vetoing,
            rejected=tuple(tally.rejected),
        )

    summary = write_objects(output_path, chunks, summarise)
    report(len(sample), len(sample))
    return summary


def _chunks(
    task: ShowerTask, settings: SimulationSettings, hepmc: Path | None, showered: Path | None, tally: ShowerTally
) -> tuple[Iterator[ak.Array], str, str]:
    """Return the simulated events, the name of the detector, and all settings of the shower as text."""
    if settings.detector == "none":
        return parton_level_blocks(task.sample, settings.smearing, task.seed), "none", ""
    card = read_card(settings.card)
    if showered is not None:
        records = read_hepmc(showered, settings.block_size)
        chunks = detected_records(records, task.sample.nominal_weights, card, task.seed, task.report, showered)
        return chunks, card.name, "showered by another program"
    chunks = simulated_blocks(task, card, hepmc, tally)
    return chunks, card.name, "; ".join(pythia_lines(settings.shower, task.seed))


def _delphes(
    task: ShowerTask,
    settings: SimulationSettings,
    log: Path,
    hepmc: Path | None,
    showered: Path | None,
    tally: ShowerTally,
) -> tuple[Iterator[ak.Array], str, str]:
    """Return what `_chunks` does, for Delphes."""
    if settings.card is None:
        raise SimulationError("no card of Delphes", expected="a TCL card", mend="give one in 'detector: card'")
    find_delphes(settings.program)  # before anything is showered
    chunks = delphes_blocks(task, settings.card, settings.program, log, tally, hepmc=hepmc, showered=showered)
    text = "showered by another program" if showered else "; ".join(pythia_lines(settings.shower, task.seed))
    return chunks, f"Delphes ({settings.program})", text


def _silent(done: int, total: int) -> None:
    """Report nothing."""
