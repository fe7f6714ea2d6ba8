"""The stage `simulate`: an LHE file in, a ROOT file with reconstructed objects out, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import awkward as ak
import numpy as np

from assay.errors import SimulationError
from assay.generation.lhe import LHESample, read_lhe
from assay.simulation.card import DetectorCard, read_card
from assay.simulation.detector import detect
from assay.simulation.parton_level import parton_level
from assay.simulation.root import SimulationSummary, write_objects
from assay.simulation.shower import ShowerSettings, pythia_lines, shower

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class SimulationSettings:
    """How events are simulated.

    Parameters
    ----------
    detector
        `parametrised` (after Pythia 8), or `none`: the generator's final state taken as it is.
    shower
        How Pythia is run; unused by the detector `none`.
    card
        Detector card; None for the one that comes with Assay.
    chunk_size
        Events per step: memory grows with it, and the detector's random numbers depend on it.
    """

    detector: Literal["parametrised", "none"] = "parametrised"
    shower: ShowerSettings = field(default_factory=ShowerSettings)
    card: Path | None = None
    chunk_size: int = 500


def simulate(
    lhe_path: Path, output_path: Path, settings: SimulationSettings, seed: int, progress: Progress | None = None
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

    Raises
    ------
    LHEError, StudyError, SimulationError
        If the events, the detector card or the settings are wrong, or too many events are rejected.
    """
    sample = read_lhe(lhe_path)
    if not len(sample):
        raise SimulationError("there are no events", where=str(lhe_path), mend="generate at least one event")
    report = progress or _silent
    if settings.detector == "none":
        chunks, name, text = iter([parton_level(sample)]), "none", ""
    else:
        card = read_card(settings.card)
        chunks = _simulated(lhe_path, sample, settings, card, seed, report)
        name, text = card.name, "; ".join(pythia_lines(settings.shower, seed))

    def summarise(n_written: int) -> SimulationSummary:
        return SimulationSummary(
            detector=name,
            events_read=len(sample),
            events_rejected=len(sample) - n_written,
            events_written=n_written,
            seed=seed,
            settings=text,
        )

    summary = write_objects(output_path, chunks, summarise)
    report(len(sample), len(sample))
    return summary


def _simulated(
    lhe_path: Path,
    sample: LHESample,
    settings: SimulationSettings,
    card: DetectorCard,
    seed: int,
    report: Progress,
) -> Iterator[ak.Array]:
    random = np.random.default_rng([seed, 2])
    for events in shower(lhe_path, settings.shower, seed, settings.chunk_size):
        yield detect(events, sample.nominal_weights[events.event_number], card, random)
        report(int(events.event_number[-1]) + 1, len(sample))


def _silent(done: int, total: int) -> None:
    """Report nothing."""
