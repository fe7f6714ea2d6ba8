"""The state of each step of a run, kept in a small file in the step's folder that the launcher reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from assay.errors import AssayError
from assay.files import read_json, write_json

STATE = "assay-step.json"
State = Literal["running", "done", "failed"]


@dataclass(frozen=True)
class StepState:
    """Where a step stands; times in seconds since the epoch."""

    name: str
    state: State
    log: str
    started: float
    ended: float | None = None

    @property
    def stage(self) -> str:
        """The stage that the step belongs to: `generate` for `generate_3`."""
        head, _, index = self.name.rpartition("_")
        return head if index.isdigit() else self.name

    def write(self, metadata_folder: Path) -> None:
        """Write the state into a step's metadata folder."""
        write_json(metadata_folder / STATE, asdict(self))


def read_states(run_folder: Path) -> list[StepState]:
    """Read the states of all steps of a run, in the order in which they started."""
    states = []
    for path in run_folder.glob(f"**/_packtivity/{STATE}"):
        try:
            states.append(StepState(**read_json(path)))
        except (AssayError, TypeError):
            continue
    return sorted(states, key=lambda state: state.started)


def last_lines(log: Path, count: int = 20) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return f"(no log at {log})"
