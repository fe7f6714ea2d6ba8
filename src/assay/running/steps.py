"""The state of each step of a run, kept in a small file in the step's folder that the launcher reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from assay.errors import AssayError
from assay.files import read_json, write_json

STATE = "assay-step.json"
State = Literal["running", "done", "failed"]


@dataclass(frozen=True)
class StepState:
    """Where a step stands; times in seconds since the epoch; a step that failed may be in a further attempt."""

    name: str
    state: State
    log: str
    started: float
    ended: float | None = None
    attempt: int = 1

    @property
    def stage(self) -> str:
        """The stage that the step belongs to."""
        return stage_of(self.name)

    def write(self, metadata_folder: Path) -> None:
        """Write the state into a step's metadata folder."""
        write_json(metadata_folder / STATE, asdict(self))


def stage_of(name: str) -> str:
    """Return the stage that a step of this name belongs to: `generate` for `generate_3`."""
    head, _, number = name.rpartition("_")
    return head if number.isdigit() else name


def read_steps(run_folder: Path) -> dict[Path, StepState]:
    """Read the states of all steps of a run by their folders, in the order in which they started."""
    found = {}
    for depth in ("*", "*/*"):  # steps of the run itself, and of its sub-workflows
        for path in run_folder.glob(f"{depth}/_packtivity/{STATE}"):
            try:
                found[path.parents[1]] = _read_state(path, path.stat().st_mtime_ns)
            except (AssayError, TypeError, OSError):
                continue
    return dict(sorted(found.items(), key=lambda entry: entry[1].started))


def read_states(run_folder: Path) -> list[StepState]:
    """Read the states of all steps of a run, in the order in which they started."""
    return list(read_steps(run_folder).values())


@lru_cache(maxsize=10_000)  # a run's states are read twice a second, and most steps are done
def _read_state(path: Path, modified: int) -> StepState:
    return StepState(**read_json(path))


def last_lines(log: Path, count: int = 20) -> str:
    """Return the last lines of a log."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return f"(no log at {log})"
