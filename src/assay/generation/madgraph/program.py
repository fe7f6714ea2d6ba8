"""Finding and running MadGraph.

Everything is run through the one program `mg5_aMC`, scripts of a process by its command `shell`: whatever a wrapper of
that program sets up (an environment, a Python of its own) then holds for them, too.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import GenerationError
from assay.generation.madgraph.failures import failure_in

VARIABLE = "ASSAY_MG5"
PROGRAM = "mg5_aMC"
QUIET = ("set auto_update 0 --no_save", "set automatic_html_opening False --no_save", "set run_mode 0 --no_save")
"""No look for updates, no browser, one core: a job takes what its step has."""


@dataclass(frozen=True)
class MadGraph:
    """A MadGraph that can be run.

    Attributes
    ----------
    executable
        Its `mg5_aMC`.
    """

    executable: Path

    def run(self, commands: Sequence[str], folder: Path, log: Path, doing: str, writes: Path) -> str:
        """Run commands of MadGraph in a folder and return what it said.

        Parameters
        ----------
        commands
            As they would be typed.
        folder
            The working folder; MadGraph writes there.
        log
            File that gets MadGraph's output.
        doing
            What this is about, for errors: "writing the process".
        writes
            What has to be there afterwards.

        Raises
        ------
        GenerationError
            If MadGraph cannot be started, speaks of an error, or has not written what it should have.
        """
        script = folder / "assay_commands.mg5"
        script.write_text("\n".join([*QUIET, *commands, "exit"]) + "\n", encoding="utf-8")
        status = _run([str(self.executable), script.name], folder, log)
        text = log.read_text(encoding="utf-8", errors="replace")
        failure = failure_in(text, status, "" if writes.exists() else writes.name)
        if failure is not None:
            raise failure.error(doing, log)
        return text

    def call(self, line: Sequence[str], folder: Path, log: Path, doing: str, writes: Path) -> str:
        """Run a process's own program in a folder, in MadGraph's environment: see `run`."""
        return self.run([f"shell cd {shlex.quote(str(folder))} && {shlex.join(line)}"], folder, log, doing, writes)


def find_madgraph() -> MadGraph:
    """Return the MadGraph that the variable ASSAY_MG5 names, else the one on PATH.

    Raises
    ------
    GenerationError
        If there is none.
    """
    named = os.environ.get(VARIABLE, "")
    found = shutil.which(named or PROGRAM)
    if found is None:
        raise GenerationError(
            f"{VARIABLE} names no program ({named})" if named else f"no {PROGRAM} on PATH",
            where="generator: madgraph",
            expected="MadGraph5_aMC@NLO, 2.9 or 3",
            mend=f"set {VARIABLE} to its bin/{PROGRAM}, or use the image assay-madgraph",
        )
    return MadGraph(Path(found).absolute())


def _run(line: list[str], folder: Path, log: Path) -> int:
    """Run a program to its end, output into a file; however this ends, nothing that it started goes on."""
    with open(log, "wb") as stream:
        try:
            process = subprocess.Popen(
                line, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
            )
        except OSError as error:
            raise GenerationError(f"{line[0]} cannot be started ({error.strerror})", expected="an executable") from None
        try:
            return process.wait()
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()
