"""Attempts of a step: one that was ended, ran out of memory or of time, or failed without a fault is tried again."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from assay.errors import FINAL, WorkflowError
from assay.machine import may_pass
from assay.running.layers.program import Layer, Program, Step, time_words
from assay.running.processes import run_program
from assay.running.steps import StepState, last_lines

_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_FINAL = FINAL | {_NOT_EXECUTABLE, _NOT_FOUND}
"""Statuses of a fault that the next attempt would meet, too, and of an interrupt."""
_REFUSED = 125
_MOST = 20_000
_JITTER = 0.25
_NUMBER, _DELAY = "ASSAY_RETRIES", "ASSAY_RETRY_DELAY"


@dataclass(frozen=True)
class Retries:
    """How often a step is tried again, and after how many seconds first; the delay doubles each time."""

    number: int = 0
    delay: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Retries:
        """Read from an engine's environment."""
        return cls(int(environment.get(_NUMBER, 0)), float(environment.get(_DELAY, 0.0)))

    def variables(self) -> dict[str, str]:
        """Return the environment variables that tell an engine."""
        return {_NUMBER: str(self.number), _DELAY: str(self.delay)}

    def delay_before(self, attempt: int, label: str) -> float:
        """Return the seconds to wait before an attempt (from 2 on).

        Up to a quarter is added, by the step's label, so that steps that failed together do not come back together.
        """
        part = hashlib.sha256(f"{label} {attempt}".encode()).digest()[0] / 255
        return float(self.delay * 2 ** (attempt - 2) * (1 + _JITTER * part))


@dataclass(frozen=True)
class Outcome:
    """How an attempt has ended: its exit status and, if it failed, in words; and whether another may do better."""

    status: int
    words: str = ""
    worth_another: bool = False


def run_step(step: Step, layers: Sequence[Layer], environment: Mapping[str, str], retries: Retries) -> None:
    """Run a step, in as many attempts as it takes, with its output in a log and its state beside it.

    Parameters
    ----------
    step
        The step.
    layers
        What is put around its program, from the inside out.
    environment
        Its environment variables.
    retries
        How often it is tried again.

    Raises
    ------
    RuntimeError
        If it fails for good; the workflow engine marks it as failed.
    """
    step.records.mkdir(parents=True, exist_ok=True)
    log, started = step.records / f"{step.name}.run.log", time.time()
    with open(log, "wb") as output:
        _say(output, f"$ {step.arguments[-1]}")
        for attempt in range(1, retries.number + 2):
            StepState(step.name, "running", str(log), started, attempt=attempt).write(step.records)
            outcome = _attempt(step, f"{step.label}.{attempt}", layers, environment, output)
            if outcome.status == 0 or not outcome.worth_another or attempt > retries.number:
                break
            delay = retries.delay_before(attempt + 1, step.label)
            _say(output, f"\n{outcome.words}; attempt {attempt + 1} of {retries.number + 1} in {delay:.1f} s\n")
            time.sleep(delay)
        if outcome.status != 0:
            _say(output, f"\n{outcome.words}")
    done = outcome.status == 0
    StepState(step.name, "done" if done else "failed", str(log), started, time.time(), attempt).write(step.records)
    if not done:
        raise RuntimeError(f"step {step.name}: {outcome.words}; log {log}\n{last_lines(log)}")


def _attempt(
    step: Step, name: str, layers: Sequence[Layer], environment: Mapping[str, str], output: IO[bytes]
) -> Outcome:
    held = any(layer.holds_time_limit for layer in layers)
    program = Program(step.arguments, environment, step.folder)
    causes: list[str | None] = []
    begin = output.tell()
    try:
        for layer in layers:
            program = layer.wrap(program, step, name)
        ending = run_program(program, step.stdin, output, None if held else step.resources.time_limit)
        said = _read_from(output.name, begin)
        if ending.status == 0 and ending.in_time and not any(layer.ended_early(said) for layer in layers):
            return Outcome(0)
        causes = [layer.cause(step, name, said) for layer in layers] if ending.in_time else [time_words(step)]
    except (OSError, WorkflowError) as error:
        return Outcome(_NOT_FOUND, f"could not be started: {error}", may_pass(error))
    finally:
        for layer in reversed(layers):
            layer.end(step, name)
    status = ending.status or 1  # too late is too late, and too early too early
    cause = next(filter(None, causes), None)
    return Outcome(status, cause or _in_words(status), cause is not None or status not in _FINAL)


def _read_from(log: str, begin: int) -> str:
    """Return what has been put out since, at most the end of it."""
    with open(log, "rb") as written:
        written.seek(max(begin, os.path.getsize(log) - _MOST))
        return written.read().decode(errors="replace")


def _say(output: IO[bytes], line: str) -> None:
    output.write(f"{line}\n".encode())
    output.flush()


def _in_words(status: int) -> str:
    """Say how a step that failed has ended; a shell and Docker report a signal as 128 more than its number."""
    number = status - 128
    if number not in signal.valid_signals():
        hint = " (Docker or Slurm could not start it)" if status == _REFUSED else ""
        return f"ended with exit status {status}{hint}"
    hint = " (out of memory?)" if number == signal.SIGKILL else ""
    return f"was ended by signal {number}, {signal.Signals(number).name}{hint}"
