"""MadGraph5_aMC@NLO, Delphes, ROOT and the Fortran compiler that MadGraph's processes need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable

from assay.generation.madgraph.program import PROGRAM, VARIABLE
from assay.running.health.finding import Check, MissingError

_MEND = "use the image assay-madgraph"
_PATIENCE = 60.0
_UNUSABLE = re.compile(r"error while loading shared libraries|not found|cannot execute|Traceback|GLIBC", re.IGNORECASE)


def program(
    name: str, *arguments: str, version: str = r"\d+\.\d+[.\d]*", variable: str | None = None
) -> Callable[[], str]:
    """Make a check that a program is found, starts and tells its version.

    Parameters
    ----------
    name
        The program.
    arguments
        What to start it with.
    version
        Regular expression of what its output has to hold; empty: it only has to start.
    variable
        Environment variable that may name the program in place of PATH.
    """

    def look() -> str:
        named = os.environ.get(variable, "") if variable else ""
        path = shutil.which(named or name)
        if path is None:
            raise MissingError(f"{variable} names no program ({named})" if named else f"no {name} on PATH")
        done = subprocess.run(
            [path, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        output = done.stdout + done.stderr
        if wrong := _UNUSABLE.search(output):
            line = next(line for line in output.splitlines() if wrong.group() in line)
            raise RuntimeError(f"{path}: {line.strip()}")
        if done.returncode < 0:
            raise RuntimeError(f"{path}: crashed with signal {-done.returncode}")
        found = re.search(version, output) if version else None
        if version and found is None:
            first = (output.strip().splitlines() or [""])[0]
            raise RuntimeError(f"{path}: exit status {done.returncode}; {first}")
        return f"{path} {found.group()}" if found else path

    return look


CHECKS = (
    Check("MadGraph", program(PROGRAM, "--help", version="", variable=VARIABLE), _MEND),
    Check("Delphes", program("DelphesLHEF", version=""), _MEND, optional=True),
    Check("Delphes with Pythia", program("DelphesPythia8", version=""), _MEND),
    Check("ROOT", program("root-config", "--version"), _MEND, optional=True),
    Check("Fortran", program("gfortran", "--version"), _MEND),
)
