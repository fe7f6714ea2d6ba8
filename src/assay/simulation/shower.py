"""Shower and hadronisation by Pythia 8 (arXiv:2203.11601) of the events of an LHE file.

Pythia may reject events, and may do so without saying which. Every event therefore carries its place in the file
through Pythia: it is handed over with weight one and a single further weight, whose value is that place. Pythia neither
unweights nor counts on our behalf; the weights of the physics stay in the LHE file and are joined to the survivors by
number.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pythia8mc
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.simulation.numbering import write_numbered

_MAXIMUM_SEED = 900_000_000  # Pythia's own limit; 0 would mean the time of day
_OURS = ("beams:", "random:", "main:", "leshouches:")


@dataclass(frozen=True)
class ShowerSettings:
    """How Pythia is run.

    Parameters
    ----------
    multiparton_interactions
        The underlying event; with it an event takes about seven times as long.
    hadronisation
        Hadrons and their decays; without it jets are made of partons.
    dipole_recoil
        Recoil within colour dipoles for initial-state radiation (arXiv:1710.00391): needed for colour-singlet exchange
        such as vector-boson fusion, where Pythia's default radiates too much between the tagging jets.
    higgs_decay
        PDG ids of the products of Higgs bosons that come undecayed; None leaves their decays to Pythia's branching
        ratios. The branching ratio is not applied to the weights.
    settings
        Further lines for Pythia, applied last.
    maximum_rejected
        Largest acceptable share of rejected events.
    """

    multiparton_interactions: bool = False
    hadronisation: bool = True
    dipole_recoil: bool = True
    higgs_decay: tuple[int, ...] | None = (22, 22)
    settings: tuple[str, ...] = ()
    maximum_rejected: float = 0.01


@dataclass(frozen=True, eq=False)
class ShoweredEvents:
    """Events that Pythia accepted.

    Parameters
    ----------
    event_number
        Places in the LHE file counted from 0, shape `(n_events,)`.
    particles
        Final state of every event: lists of pdgid, px, py, pz, e (GeV).
    heavy
        Hadrons with a b or c quark (or final quarks, without hadronisation): lists of flavour (5 or 4), px, py, pz.
    """

    event_number: NDArray[np.int64]
    particles: ak.Array
    heavy: ak.Array


def shower(lhe: Path, settings: ShowerSettings, seed: int, chunk_size: int = 500) -> Iterator[ShoweredEvents]:
    """Shower all events of an LHE file.

    Parameters
    ----------
    lhe
        The file, compressed or not.
    settings
        How Pythia is run.
    seed
        Same seed, same events.
    chunk_size
        Events per step, which bounds the memory.

    Yields
    ------
    ShoweredEvents
        In the order of the file; rejected events are missing.

    Raises
    ------
    SimulationError
        If Pythia refuses a setting, the file, or more events than `settings.maximum_rejected`.
    """
    with tempfile.TemporaryDirectory(prefix="assay-shower-") as folder:
        numbered = Path(folder) / "numbered.lhe"
        n_events = write_numbered(lhe, numbered)
        pythia = _started(settings, seed, numbered, lhe)
        n_accepted, last = 0, -1
        for _ in range(-(-n_events // chunk_size) + 1):
            events = _converted(pythia.nextBatch(chunk_size))
            if len(events.event_number):
                _check_numbers(events.event_number, last, n_events, lhe)
                last = int(events.event_number[-1])
                n_accepted += len(events.event_number)
                yield events
        if not pythia.infoPython().atEndOfFile():
            raise SimulationError(f"Pythia stopped after event {last} of {n_events}", where=str(lhe))
    check_rejected(n_events, n_events - n_accepted, settings, lhe)


def check_rejected(n_events: int, n_rejected: int, settings: ShowerSettings, lhe: Path) -> None:
    """Check that not more events are rejected than the settings allow.

    Raises
    ------
    SimulationError
        If more are.
    """
    if n_rejected > settings.maximum_rejected * n_events:
        raise SimulationError(
            f"Pythia rejected {n_rejected} of {n_events} events",
            where=str(lhe),
            expected=f"at most {settings.maximum_rejected:.3g} of them",
            mend="check colours and momenta in the LHE file; the setting 'Print:quiet = off' shows Pythia's reasons",
        )


def pythia_lines(settings: ShowerSettings, seed: int) -> tuple[str, ...]:
    """Return the settings as lines that Pythia reads."""
    pythia_seed = 1 + int(np.random.SeedSequence([seed, 1]).generate_state(1, np.uint64)[0] % _MAXIMUM_SEED)
    lines = [
        "Print:quiet = on",
        "Random:setSeed = on",
        f"Random:seed = {pythia_seed}",
        f"PartonLevel:MPI = {_switch(settings.multiparton_interactions)}",
        f"HadronLevel:all = {_switch(settings.hadronisation)}",
        f"SpaceShower:dipoleRecoil = {_switch(settings.dipole_recoil)}",
    ]
    if settings.higgs_decay is not None:
        products = " ".join(str(product) for product in settings.higgs_decay)
        lines += ["25:onMode = off", f"25:onIfMatch = {products}"]
    return (*lines, *settings.settings)


def _switch(on: bool) -> str:
    return "on" if on else "off"


def check_settings(settings: ShowerSettings) -> None:
    """Check that Pythia knows the settings, without any events.

    Raises
    ------
    SimulationError
        If it does not know one, or one is not the user's to set.
    """
    _configured(settings, pythia_lines(settings, 1))


def _configured(settings: ShowerSettings, lines: Iterable[str]) -> Any:
    for line in settings.settings:
        if line.strip().lower().startswith(_OURS):
            mend = "take it out of the shower's settings"
            raise SimulationError(f"the Pythia setting {line!r} belongs to Assay", mend=mend)
    pythia = pythia8mc.Pythia("", False)
    for line in lines:
        if not pythia.readString(line):
            expected = "a line of Pythia 8's manual, such as 'TimeShower:alphaSvalue = 0.13'"
            raise SimulationError(f"Pythia does not know the setting {line!r}", expected=expected)
    return pythia


def _started(settings: ShowerSettings, seed: int, numbered: Path, lhe: Path) -> Any:
    input_lines = ("Beams:frameType = 4", f"Beams:LHEF = {numbered}")
    pythia = _configured(settings, (*pythia_lines(settings, seed), *input_lines))
    if not pythia.init():
        raise SimulationError(
            "Pythia could not be initialised",
            where=str(lhe),
            mend="check <init> and the shower's settings; the setting 'Print:quiet = off' shows Pythia's reasons",
        )
    return pythia


def _converted(batch: ak.Array) -> ShoweredEvents:
    if not len(batch):
        return ShoweredEvents(np.zeros(0, np.int64), ak.Array([]), ak.Array([]))
    weights = batch.info.weights
    if not ak.all(ak.num(weights) == 2):
        raise SimulationError("Pythia lost the numbers of events", mend="take settings of weights and variations out")
    number = np.rint(np.asarray(weights[:, 1])).astype(np.int64)
    identity, final = batch.prt.id, batch.prt.status > 0
    momentum = {"px": batch.prt.p.px, "py": batch.prt.p.py, "pz": batch.prt.p.pz}
    particles = ak.zip({"pdgid": identity, **momentum, "e": batch.prt.p.e})[final]
    flavour = heavy_flavour(identity, final)
    heavy = ak.zip({"flavour": flavour, **momentum})[flavour > 0]
    return ShoweredEvents(number, particles, heavy)


def heavy_flavour(identity: ak.Array, final: ak.Array) -> ak.Array:
    """Return 5 or 4 for hadrons with a b or else a c quark and for final quarks of that flavour, 0 for the rest."""
    code = abs(identity)
    meson, baryon = (code // 100) % 10, (code // 1000) % 10
    hadron = (code > 100) & (code < 1_000_000)
    b = (hadron & ((meson == 5) | (baryon == 5))) | (final & (code == 5))
    c = (hadron & ((meson == 4) | (baryon == 4))) | (final & (code == 4))
    return ak.where(b, 5, ak.where(c, 4, 0))


def _check_numbers(numbers: NDArray[np.int64], last: int, n_events: int, lhe: Path) -> None:
    increasing = np.all(np.diff(np.concatenate([[last], numbers])) > 0)
    if not increasing or numbers[-1] >= n_events:
        raise SimulationError("Pythia returned events out of order", where=str(lhe), mend="report this with the file")
