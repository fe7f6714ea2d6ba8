"""Processes that a run starts: one step's, with everything it starts in turn, and the engine's group."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from assay.running.layers.program import Program

PATIENCE = 10.0
"""Seconds that processes have to end when asked to, before they are killed."""
_POLL = 0.05
_PROC = Path("/proc")


@dataclass(frozen=True)
class Ending:
    """How a program has ended: its exit status (128 more than its number for a signal), and whether in time."""

    status: int
    in_time: bool = True


def run_program(program: Program, stdin: bytes, output: IO[bytes], time_limit: float | None) -> Ending:
    """Run a program to its end; with what it has started it is ended when it takes too long.

    Parameters
    ----------
    program
        The program.
    stdin
        What it reads.
    output
        File for its output.
    time_limit
        Seconds; None: none.
    """
    with subprocess.Popen(
        list(program.arguments),
        cwd=program.folder,
        env=dict(program.environment),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            process.communicate(stdin, timeout=time_limit)
            in_time = True
        except subprocess.TimeoutExpired:
            in_time = False
            _end_tree(process)
        status = process.returncode
    return Ending(128 - status if status < 0 else status, in_time)


def end_group(group: int, reap: Callable[[], object] = lambda: None) -> None:
    """End a group of processes: asked to first, killed then; `reap` takes note of an own child that has ended."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + PATIENCE
        alive = _signal_group(group, number)
        while alive and time.monotonic() < until:
            time.sleep(_POLL)
            reap()
            alive = _signal_group(group, 0)
        if not alive:
            return


def end_marked(variable: str, value: str) -> None:
    """End all processes, but this one, that have an environment variable of this value; does nothing without /proc."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_all(_marked(variable, value), number)
        until = time.monotonic() + PATIENCE
        while (alive := _marked(variable, value)) and time.monotonic() < until:
            time.sleep(_POLL)
        if not alive:
            return


def _marked(variable: str, value: str) -> set[int]:
    """Return the processes that were started with an environment variable of this value."""
    mark = f"{variable}={value}".encode()
    found = set()
    for entry in _PROC.glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):  # empty for those that have ended
                found.add(int(entry.name))
        except OSError:  # gone since, or another user's
            continue
    return found - {os.getpid()}


def start_of(process: int) -> str:
    """Return when a process was started, in the system's own words; empty if it does not run."""
    if not (_PROC / "self" / "stat").exists():
        command = ["ps", "-o", "lstart=", "-p", str(process)]
        return "-".join(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())
    try:
        fields = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def _signal_group(group: int, number: int) -> bool:
    """Send a signal (0: none) to a group of processes; return whether there is any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # the second: nothing but ended processes, on macOS
        return False
    return True


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started: asked to first, killed then."""
    tree = {process.pid, *descendants(process.pid)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_all(tree, number)
        until = time.monotonic() + PATIENCE
        while (alive := tree & set(_parents())) and time.monotonic() < until:
            time.sleep(_POLL)
            process.poll()
        tree = alive | {child for parent in alive for child in descendants(parent)}  # some have begun since
    process.wait()


def _signal_all(processes: Iterable[int], number: int) -> None:
    for process in processes:
        try:
            os.kill(process, number)
        except (ProcessLookupError, PermissionError):
            continue


def descendants(process: int) -> set[int]:
    """Return the numbers of the processes that a process has started, and those have, and so on."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    ahead = [process]
    while ahead:
        new = [child for child in children.get(ahead.pop(), []) if child not in found]
        found.update(new)
        ahead += new
    return found


def _parents() -> dict[int, int]:
    """Return the parents of all processes that run; those that have ended and wait to be reaped do not."""
    if (_PROC / "self" / "stat").exists():
        states = {entry.name: _state(entry) for entry in _PROC.iterdir() if entry.name.isdigit()}
        return {int(pid): int(state[1]) for pid, state in states.items() if state and state[0] != "Z"}
    command = ["ps", "-A", "-o", "pid=,ppid=,stat="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    columns = (line.split() for line in listed.splitlines())
    return {int(pid): int(parent) for pid, parent, state in columns if not state.startswith("Z")}


def _state(entry: Path) -> list[str]:
    """Return the state of a process and its parent; empty if it has gone since."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return []
