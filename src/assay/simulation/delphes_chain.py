"""Showered events through Delphes: HepMC in, its ROOT file out, read as our own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.generation.hepmc import count_events
from assay.simulation.delphes import run_delphes
from assay.simulation.existing import matched_objects
from assay.simulation.root import iterate_objects
from assay.simulation.showering import ShowerTally, ShowerTask, simulated_blocks

_TOLERANCE = 1e-4  # of weights, which Delphes writes in single precision


def delphes_blocks(
    task: ShowerTask,
    card: Path,
    program: str,
    log: Path,
    tally: ShowerTally,
    *,
    hepmc: Path | None = None,
    showered: Path | None = None,
) -> Iterator[ak.Array]:
    """Shower events and simulate them by Delphes; HepMC and ROOT files lie beside the log meanwhile.

    Parameters
    ----------
    task
        The events.
    card, program
        Delphes' card and the name of its program.
    log
        File for everything that Delphes says.
    tally
        Counts what becomes of the events.
    hepmc
        Where to keep the showered events (.hepmc.gz); None: nowhere.
    showered
        Events as another program showered them, in place of the shower; numbers are places in the LHE file.

    Yields
    ------
    ak.Array
        Events as `assay.simulation.objects` describes them.

    Raises
    ------
    StudyError, SimulationError
        If shower or Delphes fail.
    """
    with tempfile.TemporaryDirectory(prefix=".delphes-", dir=log.parent) as folder:
        events = showered or hepmc or Path(folder) / "events.hepmc.gz"
        if showered is None:
            for _ in simulated_blocks(task, None, events, tally):
                pass
        n_events = tally.n_accepted if showered is None else count_events(events)
        root = Path(folder) / "delphes.root"
        run_delphes(events, card, root, log, n_events, task.seed, program)
        if showered is not None:  # its weights are the generator's up to a factor, which made the cross section
            yield from matched_objects(root, task.sample.event_number, task.sample.nominal_weights)
            return
        for objects in iterate_objects(root):
            yield with_shower_weight(objects, task.sample.nominal_weights, tally.vetoing == "merging", str(log))


def with_shower_weight(objects: ak.Array, nominal: NDArray[np.float64], merging: bool, where: str) -> ak.Array:
    """Give objects that Delphes made of our HepMC their weights in double precision.

    Parameters
    ----------
    objects
        Their numbers are places in the generator's file.
    nominal
        The generator's nominal weights in pb, shape `(n_generated,)`.
    merging
        Whether a shower's weights differ from these by a factor.
    where
        For messages.

    Raises
    ------
    SimulationError
        If numbers or weights are not those that Delphes was given.
    """
    number = np.asarray(objects.event_number, dtype=np.int64)
    if len(number) and not 0 <= number.min() <= number.max() < len(nominal):
        raise SimulationError(
            f"Delphes has event numbers from {number.min()} to {number.max()}",
            where=where,
            expected=f"those of the generator's {len(nominal)} events",
        )
    wanted, found = nominal[number], np.asarray(objects.weight, dtype=np.float64)
    factor = np.divide(found, wanted, out=np.ones(len(found)), where=wanted != 0.0)
    factor = np.where(np.abs(factor - 1.0) < _TOLERANCE, 1.0, factor)
    if not merging and np.any(factor != 1.0):
        first = int(np.argmax(factor != 1.0))
        raise SimulationError(
            f"Delphes gives event {number[first]} the weight {found[first]:.6g} pb in place of {wanted[first]:.6g} pb",
            where=where,
            expected="the weights of the generator's events",
            mend="check that the HepMC file is of this LHE file",
        )
    objects = ak.with_field(objects, wanted * factor, "weight")
    return ak.with_field(objects, factor, "shower_weight")
