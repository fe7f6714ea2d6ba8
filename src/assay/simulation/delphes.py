"""Delphes (arXiv:1307.6346): its program run on a HepMC file, its failures recognised.

`DelphesHepMC3` can end with status 0 although it stopped at a damaged event, and its random numbers differ from run to
run unless the card says otherwise. So events are counted, the log is read, and the seed is written into the card.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO, cast

from assay.errors import SimulationError
from assay.generation.hepmc import opened
from assay.simulation.root import n_entries

PROGRAM = "DelphesHepMC3"
VARIABLE = "ASSAY_DELPHES"
"""Environment variable with the program's path, which goes before any name."""

_DECISIVE = re.compile(
    r"error|fatal|can't|cannot|terminate called|segmentation|abort|no such file|exception", re.IGNORECASE
)
_FAILED = re.compile(r"\*\* ERROR|terminate called|segmentation violation", re.IGNORECASE)
_SHOWN, _SEEDS = 6, 900_000_000


def find_delphes(program: str = PROGRAM) -> Path:
    """Return the program's path: what `ASSAY_DELPHES` says, or else the name found in PATH.

    Raises
    ------
    SimulationError
        If there is no such program.
    """
    wanted = os.environ.get(VARIABLE) or program
    found = shutil.which(wanted)
    if found is None:
        raise SimulationError(
            f"there is no program {wanted!r}",
            expected=f"Delphes' program in PATH, or its path in the environment variable {VARIABLE}",
            mend="run in the image assay-madgraph, install Delphes, or write detector: {kind: parametrised}",
        )
    return Path(found)


def check_card(card: Path) -> None:
    """Check that a file looks like a card of Delphes and stands alone.

    Raises
    ------
    SimulationError
        If it does not.
    """
    try:
        text = card.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SimulationError(f"the card of Delphes cannot be read ({error})", where=str(card)) from None
    commands = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not any(re.match(r"set\s+ExecutionPath\b", command) for command in commands):
        raise SimulationError(
            "not a card of Delphes: there is no ExecutionPath",
            where=str(card),
            expected="a TCL card such as those in Delphes' folder `cards`",
        )
    for command in commands:
        if re.match(r"source\s", command):
            raise SimulationError(
                f"the card reads another file: {command!r}",
                where=str(card),
                expected="a card that stands alone, since it travels with the run",
                mend="put that file's content into the card",
            )


def run_delphes(
    hepmc: Path, card: Path, output: Path, log: Path, n_events: int, seed: int, program: str = PROGRAM
) -> None:
    """Simulate a detector by Delphes.

    Parameters
    ----------
    hepmc
        Events in HepMC3's text format, compressed (.gz) or not.
    card
        Delphes' card.
    output
        The ROOT file to write, which does not exist yet.
    log
        File for everything that Delphes says.
    n_events
        How many events it has to write.
    seed
        Of its random numbers.
    program
        Name of its program.

    Raises
    ------
    SimulationError
        If there is no such program, it fails, or it writes another number of events; with the log's decisive lines.
    """
    path = find_delphes(program)
    check_card(card)
    with tempfile.TemporaryDirectory(prefix="assay-delphes-") as folder:
        seeded = Path(folder) / "card.tcl"
        text = card.read_text(encoding="utf-8", errors="replace")
        seeded.write_text(f"{text}\nset RandomSeed {1 + seed % _SEEDS}\n", encoding="utf-8")
        with open(log, "wb") as lines:
            status = _piped([str(path), str(seeded), str(output)], hepmc, lines)
    _check_outcome(status, output, log, n_events)


def _piped(command: list[str], hepmc: Path, log: IO[bytes]) -> int:
    """Run a program that reads the events from its standard input, whatever compresses them."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT) as process:
        try:
            with opened(hepmc) as events, cast(IO[bytes], process.stdin) as pipe:
                shutil.copyfileobj(events, pipe, 1 << 20)
        except BrokenPipeError:
            pass  # it has ended before the events have, and says why in its log
        except BaseException:
            process.kill()
            raise
        return process.wait()


def _check_outcome(status: int, output: Path, log: Path, n_events: int) -> None:
    said = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
    if status < 0:
        raise _failure(f"Delphes crashed ({_signal_name(-status)})", said, log)
    if status > 0 or any(_FAILED.search(line) for line in said):
        raise _failure(f"Delphes failed (status {status})", said, log)
    if not output.is_file():
        raise _failure("Delphes wrote no file", said, log)
    written = n_entries(output)
    if written != n_events:
        raise _failure(f"Delphes wrote {written} of {n_events} events", said, log)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _failure(what: str, said: list[str], log: Path) -> SimulationError:
    lines = decisive_lines(said)
    quoted = "".join(f"\n    {line}" for line in lines) if lines else " without a word"
    mend = "look into the log; check the detector's card, whose modules must be those of this Delphes"
    return SimulationError(f"{what}:{quoted}" if lines else what + quoted, where=str(log), mend=mend)


def decisive_lines(said: list[str]) -> list[str]:
    """Return the lines of a log that tell of a failure, each once, or else its last ones."""
    lines = [line.strip() for line in said if line.strip()]
    telling = list(dict.fromkeys(line for line in lines if _DECISIVE.search(line)))
    return telling[:_SHOWN] or lines[-_SHOWN:]
