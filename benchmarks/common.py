"""What all benchmarks share: time and memory of work in a process of its own, madminer beside us, the machine."""

from __future__ import annotations

import argparse
import ctypes
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
PEER_PYTHON = ROOT / ".venv-madminer" / "bin" / "python"
PEER_PROGRAM = Path(__file__).with_name("madminer_peer.py")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}
PACKAGES = ("numpy", "scipy", "torch", "h5py", "awkward", "zuko")


@dataclass(frozen=True)
class Measured:
    """What some work took, by repetition.

    Attributes
    ----------
    processor, clock
        Seconds of the processor and of the clock.
    memory
        By how much the largest resident memory is above that before the work, in MiB.
    value
        A number that the work gave, a loss for example.
    """

    processor: tuple[float, ...]
    clock: tuple[float, ...]
    memory: float
    value: float | None = None

    @property
    def seconds(self) -> float:
        """The median of the processor's seconds."""
        return float(np.median(self.processor))


@dataclass(frozen=True)
class Comparison:
    """The same work done by Assay and by madminer, in one run.

    Attributes
    ----------
    area
        Sampling, training and so on.
    what
        Which work.
    amount, unit
        How much of what; rates are amounts per second.
    ours, peer
        What it took.
    target
        The ratio that is aimed at.
    command
        What measures this alone.
    """

    area: str
    what: str
    amount: float
    unit: str
    ours: Measured
    peer: Measured
    target: float | None
    command: str

    @property
    def ratio(self) -> float:
        """How many times faster, by the medians of the processor's seconds."""
        return self.peer.seconds / self.ours.seconds

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio of single repetitions."""
        ours, peer = self.ours.processor, self.peer.processor
        return min(peer) / max(ours), max(peer) / min(ours)

    def __str__(self) -> str:
        low, high = self.spread
        aim = "" if self.target is None else f", aimed at {self.target:g}"
        return (
            f"{self.area}: {self.what}: {self.ours.seconds:.3g} s, madminer {self.peer.seconds:.3g} s: "
            f"{self.ratio:.3g} times ({low:.3g} to {high:.3g}{aim})"
        )


def in_own_process(work: Callable[[], float | None], repeat: int = 3, warm: bool = True) -> Measured:
    """Measure some work in a forked process; its memory is not that of other work.

    Parameters
    ----------
    work
        What to do; what it returns in the last repetition is kept if it is a number.
    repeat
        How often.
    warm
        Whether it is done once before, without being measured.
    """
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(work, repeat, warm, sender))
    process.start()
    sender.close()
    try:
        answer = receiver.recv()
    except EOFError:
        answer = "it ended without an answer"
    process.join()
    if not isinstance(answer, Measured):
        raise SystemExit(f"a measurement failed: {answer}")
    return answer


def _report(work: Callable[[], float | None], repeat: int, warm: bool, sender: Connection) -> None:
    try:
        sender.send(measured(work, repeat, warm))
    except BaseException as error:
        sender.send(repr(error))
        raise


def measured(work: Callable[[], float | None], repeat: int, warm: bool) -> Measured:
    """Measure some work in this process."""
    if warm:
        work()
    _give_memory_back()
    before, processor, clock, value = resident("VmRSS"), [], [], None
    for _ in range(repeat):
        started = processor_seconds(), time.perf_counter()
        value = work()
        processor.append(processor_seconds() - started[0])
        clock.append(time.perf_counter() - started[1])
    return Measured(
        tuple(processor),
        tuple(clock),
        max(0.0, resident("VmHWM") - before),
        float(value) if isinstance(value, (int, float, np.floating)) else None,
    )


def processor_seconds() -> float:
    """Return the processor's seconds of this process and of those that it has started and waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def resident(what: str) -> float:
    """Return this process's resident memory in MiB: VmRSS, now, or VmHWM, its peak."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{what}:")[1].split()[0]) / 1024


def _give_memory_back() -> None:
    """Return freed memory to the system, and forget the peak so far, where Linux lets us."""
    ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def of_peer(task: str, repeat: int, **arguments: object) -> dict[str, Measured]:
    """Have madminer do some tasks in its own environment, on one thread; return what each took.

    Raises
    ------
    SystemExit
        If there is no such environment (`make .venv-madminer/.ready`), or madminer fails.
    """
    if not PEER_PYTHON.exists():
        raise SystemExit(f"{PEER_PYTHON} is missing: make .venv-madminer/.ready")
    request = json.dumps({"task": task, "repeat": repeat, **arguments}, default=str)
    with tempfile.TemporaryDirectory(prefix="peer-") as folder:  # madminer writes logs and figures where it stands
        ended = subprocess.run(
            [PEER_PYTHON, PEER_PROGRAM, request],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={**os.environ, **ONE_THREAD},
        )
    if ended.returncode:
        raise SystemExit(f"madminer ended with status {ended.returncode}:\n{ended.stderr[-3000:]}")
    found = json.loads(ended.stdout.splitlines()[-1])
    return {
        name: Measured(tuple(one["processor"]), tuple(one["clock"]), one["memory"], one.get("value"))
        for name, one in found.items()
    }


def machine(packages: Sequence[str] = PACKAGES) -> dict[str, object]:
    """Describe what figures depend on, with the versions of some packages."""
    models: list[str] = []
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
    return {
        "system": platform.system() + " " + platform.release().partition("-")[0],
        "processor": models[0].partition(":")[2].strip() if models else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "versions": {package: importlib.metadata.version(package) for package in packages},
    }


def shown(comparisons: Callable[[int], Iterable[Comparison]], description: str | None) -> None:
    """Run a module's comparisons as a program, and print them."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--repeat", type=int, default=3)
    repeat = parser.parse_args().repeat
    one_thread()
    for comparison in comparisons(repeat):
        print(comparison, flush=True)


def one_thread() -> None:
    """Start this program again with one thread for all libraries, unless it has that already."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})  # noqa: S606 - ourselves
