"""Pythia 8 (arXiv:2203.11601), block after block of events.

Pythia may reject events, and vetoes events (matching, merging) without saying which. Every event therefore carries its
place in the file through Pythia: it is handed over with weight one and a single further weight, whose value is that
place. Pythia neither unweights nor counts on our behalf; the weights of the physics stay in the LHE file and are joined
to the survivors by number. The weights that merging gives to events (CKKW-L: couplings, densities and Sudakov factors)
multiply both of Pythia's weights, and are read from the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pythia8mc

from assay.errors import SimulationError
from assay.simulation.numbering import WEIGHT_NAME, Block
from assay.simulation.record import Record

_MAXIMUM_SEED = 900_000_000  # Pythia's own limit; 0 would mean the time of day
_OURS = ("beams:", "random:", "main:", "leshouches:")
_CARD_VALUE = re.compile(r"^\s*([-+0-9.eE]+)\s*=\s*(ickkw|xqcut)\b", re.MULTILINE)
_AT_A_TIME = 100  # events of which Pythia's whole records are in memory
_MERGING = (
    "doUserMerging",
    "doMGMerging",
    "doKTMerging",
    "doPTLundMerging",
    "doCutBasedMerging",
    "doUMEPSTree",
    "doUMEPSSubt",
    "doUNLOPSTree",
    "doUNLOPSSubt",
    "doUNLOPSLoop",
    "doUNLOPSSubtNLO",
    "doNL3Tree",
    "doNL3Loop",
    "doNL3Subt",
)


@dataclass(frozen=True)
class ShowerSettings:
    """How Pythia is run.

    Parameters
    ----------
    multiparton_interactions
        The underlying event; with it an event takes several times as long.
    hadronisation
        Hadrons and their decays; without it jets are made of partons.
    dipole_recoil
        Recoil within colour dipoles for initial-state radiation (arXiv:1710.00391): needed for colour-singlet exchange
        such as vector-boson fusion, where Pythia's default radiates too much between the tagging jets.
    higgs_decay
        PDG ids of the products of Higgs bosons that come undecayed; None leaves their decays to Pythia's branching
        ratios. The branching ratio is not applied to the weights.
    settings
        Further lines for Pythia (of a card, then of the study), applied last.
    maximum_rejected
        Largest acceptable share of rejected events; those that matching or merging vetoes do not count.
    """

    multiparton_interactions: bool = False
    hadronisation: bool = True
    dipole_recoil: bool = True
    higgs_decay: tuple[int, ...] | None = (22, 22)
    settings: tuple[str, ...] = ()
    maximum_rejected: float = 0.01


class Shower:
    """A Pythia for block after block; what it makes of one does not depend on those before it.

    Attributes
    ----------
    rejected
        Places of the events of the latest block that Pythia gave up, without those that were vetoed.

    Raises
    ------
    SimulationError
        If Pythia does not know a setting.
    """

    def __init__(self, settings: ShowerSettings, seed: int) -> None:
        self.rejected: tuple[int, ...] = ()
        self._settings, self._seed = settings, seed
        self._configure()

    def _configure(self) -> None:
        self._pythia = configured(self._settings, pythia_lines(self._settings, self._seed))
        self._vetoes = vetoes(self._pythia)
        if self._vetoes == "matching":
            self._matching = pythia8mc.CombineMatchingInput()  # which lives as long as it is kept
            self._matching.setHook(self._pythia)  # in place of all hooks before it
        self._failures = _Failures(self._pythia)
        self._pythia.addUserHooksPtr(self._failures)
        self._started = False

    def records(self, block: Block, where: str) -> Iterator[Record]:
        """Shower a block.

        Parameters
        ----------
        block
            The events.
        where
            The file that they are of, for messages.

        Yields
        ------
        Record
            Events in the order of the file; rejected and vetoed ones are missing.

        Raises
        ------
        SimulationError
            If Pythia refuses the file, or returns events out of order.
        """
        self._open(block.path, where)
        self._pythia.rndm.init(block_seed(self._seed, block.number))
        self._failures.found.clear()
        last, calls = block.first - 1, block.n_events + 1  # every call takes an event, and the last one meets the end
        while calls > 0:
            record = _record(self._pythia.nextBatch(min(calls, _AT_A_TIME)))
            calls -= _AT_A_TIME
            if len(record.event_number):
                last = _checked(record, last, block, where)
                yield record
            if self._pythia.infoPython().atEndOfFile():
                break
        else:
            raise SimulationError(f"Pythia stopped after event {last}", where=where)
        self.rejected = tuple(self._failures.found)

    def _open(self, path: Path, where: str) -> None:
        if self._started and self._vetoes == "merging":
            self._configure()  # a second file corrupts the memory of one that merges
        if self._vetoes == "matching" and self._pythia.settings.flag("JetMatching:setMad"):
            _check_run_card(path, where)
        lines = [f"Beams:LHEF = {path}"]
        lines.append("Beams:newLHEFsameInit = on" if self._started else "Beams:frameType = 4")
        for line in lines:
            self._pythia.readString(line)
        if not self._pythia.init():
            raise SimulationError(
                "Pythia could not be initialised",
                where=where,
                mend="check <init> and the shower's settings; the setting 'Print:quiet = off' shows Pythia's reasons",
            )
        self._started = True


class _Failures(pythia8mc.UserHooks):  # type: ignore[misc]
    """Notes the events that Pythia gives up; those that it vetoes, it replaces without a word by the next."""

    def __init__(self, pythia: Any) -> None:
        super().__init__()
        self.found: list[int] = []
        self._pythia = pythia
        self._within = False

    def onBeginEvent(self) -> None:  # noqa: N802
        self._within = True

    def onEndEvent(self, status: Any) -> None:  # noqa: N802 - told more than once per event
        if self._within and int(status) != 0 and not (info := self._pythia.infoPython()).atEndOfFile():
            self.found.append(int(info.getWeightsDetailedValue(WEIGHT_NAME)))
        self._within = False


def block_seed(seed: int, block: int | None = None) -> int:
    """Return Pythia's seed for a block of a job's events, or without one for its start, from 1 to 900 000 000."""
    words = [seed, 1] if block is None else [seed, 1, 1 + block]  # a zero at the end would count for nothing
    return 1 + int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0] % _MAXIMUM_SEED)


def pythia_lines(settings: ShowerSettings, seed: int) -> tuple[str, ...]:
    """Return the settings as lines that Pythia reads."""
    lines = [
        "Print:quiet = on",
        "Random:setSeed = on",
        f"Random:seed = {block_seed(seed)}",
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
    vetoes(configured(settings, pythia_lines(settings, 1)))


def vetoing(settings: ShowerSettings) -> str:
    """Return what vetoes events, on purpose: "matching", "merging", or nothing."""
    return vetoes(configured(settings, pythia_lines(settings, 1)))


def vetoes(pythia: Any) -> str:
    """Return what vetoes events by a Pythia's settings: "matching", "merging", or nothing.

    Raises
    ------
    SimulationError
        If both would.
    """
    matching = pythia.settings.flag("JetMatching:merge")
    merging = any(pythia.settings.flag(f"Merging:{name}") for name in _MERGING)
    if matching and merging:
        mend = "choose one: MLM matching (JetMatching:) or a merging of Pythia's (Merging:)"
        raise SimulationError("both matching and merging are switched on", mend=mend)
    return "matching" if matching else "merging" if merging else ""


def configured(settings: ShowerSettings, lines: Iterable[str]) -> Any:
    """Return a Pythia that has read the settings.

    Raises
    ------
    SimulationError
        If it does not know one, or one is not the user's to set.
    """
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


def _check_run_card(path: Path, where: str) -> None:
    """Check that a file has what matching is to take from it; Pythia would take its own defaults without it."""
    with open(path, encoding="ascii") as stream:
        head = "".join(takewhile(lambda line: not line.startswith("<event"), stream))
    values = {name: float(value) for value, name in _CARD_VALUE.findall(head)}
    if not (values.get("ickkw", 0.0) > 0.0 and values.get("xqcut", 0.0) > 0.0):
        raise SimulationError(
            "matching is to take its parameters from MadGraph's run card, which has none or is not in the file",
            where=where,
            expected="ickkw and xqcut above zero in the file's header",
            mend="write JetMatching:setMad = off and JetMatching:qCut, nQmatch and clFact as events were generated",
        )


def _record(batch: ak.Array) -> Record:
    if not len(batch):
        return Record(np.zeros(0, np.int64), np.zeros(0), ak.Array([]))
    weights = batch.info.weights
    if not ak.all(ak.num(weights) >= 2):
        raise SimulationError("Pythia lost the numbers of events", mend="take settings of weights and variations out")
    factor = np.asarray(weights[:, 0], dtype=np.float64)
    kept = factor != 0.0  # merging vetoes by a weight of zero
    batch, factor = batch[kept], factor[kept]
    number = np.rint(np.asarray(batch.info.weights[:, 1]) / factor).astype(np.int64)
    prt = batch.prt
    columns = {name: prt[name] for name in ("id", "status", "mother1", "mother2")}
    momenta = {name: prt.p[name] for name in ("px", "py", "pz", "e")}
    return Record(number, factor, ak.zip({**columns, **momenta, "m": prt.m}))


def _checked(record: Record, last: int, block: Block, where: str) -> int:
    """Return the number of the last event, if the numbers are what they must be."""
    numbers = record.event_number
    increasing = np.all(np.diff(np.concatenate([[last], numbers])) > 0)
    if not increasing or numbers[-1] >= block.first + block.n_events:
        raise SimulationError("Pythia returned events out of order", where=where, mend="report this with the file")
    return int(numbers[-1])
