"""Small commands of container engines and batch systems: asked for an answer, never waited for without end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """What a command answered; status None: it could not be started, or did not answer in time."""

    status: int | None
    output: str
    complaint: str

    @property
    def ok(self) -> bool:
        """Whether the command did what it was asked to."""
        return self.status == 0

    @property
    def lines(self) -> list[str]:
        """Non-empty lines of the output."""
        return [line for line in self.output.splitlines() if line.strip()]

    @property
    def reason(self) -> str:
        """The last line of the complaint."""
        lines = self.complaint.strip().splitlines()
        return lines[-1] if lines else f"status {self.status}"


def ask(command: Sequence[str]) -> Answer:
    """Run a command to its end and return its answer."""
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Answer(None, "", f"{command[0]} does not answer within {_PATIENCE:.0f} s")
    except OSError as error:
        return Answer(None, "", f"{command[0]}: {error.strerror}")
    return Answer(done.returncode, done.stdout, done.stderr)
