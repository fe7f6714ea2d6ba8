"""A process's folder as MadGraph writes it: its cards, its configuration, its programs, the runs in it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import GenerationError
from assay.generation.madgraph.cards import RunValue, run_card
from assay.generation.madgraph.program import MadGraph

RUN = "assay"
_COMMANDS = "assay_commands.txt"
EVENTS = "unweighted_events.lhe.gz"
_CONFIGURATION = ("automatic_html_opening = False", "run_mode = 0", "nb_core = 1", "auto_update = 0")
SEEDS = 900_000_000
"""MadGraph's random numbers take seeds from 1 to a little more."""


@dataclass(frozen=True)
class Workplace:
    """A folder in which a process of MadGraph is run.

    Attributes
    ----------
    madgraph
        What runs it.
    folder
        The process's own folder, with `bin/madevent` or, from a grid pack, `run.sh` beside it.
    log
        File for MadGraph's words.
    name
        Of the process, for errors.
    """

    madgraph: MadGraph
    folder: Path
    log: Path
    name: str

    def configure(self, installation: str) -> None:
        """Tell the process where MadGraph is, and to use one core and no browser."""
        path = self.folder / "Cards" / "me5_configuration.txt"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("mg5_path")]
        path.write_text("\n".join([*lines, *_CONFIGURATION, f"mg5_path = {installation}"]) + "\n", encoding="utf-8")

    def keep_model_card(self) -> None:
        """Keep the model's own parameter card where runs look for it.

        They would have the model write it, by a script that fails for many models converted from Python 2.
        """
        model = self.folder / "bin" / "internal" / "ufomodel"
        if model.is_dir() and not (model / "param_card.dat").exists():
            shutil.copy(self.folder / "Cards" / "param_card.dat", model / "param_card.dat")

    def write_card(self, name: str, text: str) -> None:
        """Write a card of the process."""
        (self.folder / "Cards" / name).write_text(text, encoding="utf-8")

    def set_run(self, values: Mapping[str, RunValue]) -> None:
        """Change values of the run card."""
        path = self.folder / "Cards" / "run_card.dat"
        path.write_text(run_card(path.read_text(encoding="utf-8"), values), encoding="utf-8")

    def madevent(self, commands: Sequence[str], doing: str, writes: Path) -> str:
        """Run commands of the process's own program, and return what it said."""
        (self.folder / _COMMANDS).write_text("\n".join([*commands, "exit"]) + "\n", encoding="utf-8")
        return self.madgraph.call(
            ["bin/madevent", _COMMANDS], self.folder, self.log, f"{doing} of {self.name}", self.folder / writes
        )

    def grid_run(self, n_events: int, seed: int) -> Path:
        """Generate events from the grid pack that the folder is of, and return their file."""
        place = self.folder.parent
        events = place / "events.lhe.gz"
        line = ["bash", "run.sh", str(n_events), str(seed)]
        self.madgraph.call(line, place, self.log, f"the generation of {self.name}", events)
        return events

    def reweight(self, events: Path, card: str) -> Path:
        """Give events further weights, and return their file, which is another one."""
        self.write_card("reweight_card.dat", card)
        inside = Path("Events") / RUN / EVENTS
        target = self.folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        events.replace(target)
        self.madevent([f"reweight {RUN} -f"], "the reweighting", inside)
        return target


def madgraph_seed(seed: int, number: int = 0) -> int:
    """Return a seed that MadGraph takes, for one of several runs with the same seed of ours."""
    if seed < 0:
        raise GenerationError(f"the seed is {seed}", expected="an integer that is not negative")
    return 1 + (seed + number) % SEEDS
