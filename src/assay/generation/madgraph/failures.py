"""What MadGraph's log says when something went wrong: MadGraph ends with status 0 nevertheless.

Each known failure has a sentence and a way to mend it; any other error gets MadGraph's own words. Failures are listed
from the cause to what follows from it: the first that is found is reported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from assay.errors import GenerationError

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_START = re.compile(r"^(?:root: )?running shell command.*$|^set \w+ \w+ --no_save$", re.MULTILINE)
"""What MadGraph says before it has begun with its work are warnings of what this installation lacks."""
_EXCEPTION = re.compile(r"^[\w.]*(?:Error|Exception)\b.*", re.MULTILINE)
_ERROR = re.compile(
    r"interrupted in sub-command|Error detected in|^Command .* not recognized|^Traceback ", re.MULTILINE
)
_IDLE = re.compile(
    r"^(Please report|More information|Please attach|command not executed|write debug|If you need help|Help might|"
    r"If you think|INFO|Defined|quit|exit)\b"
)
_BEFORE, _AFTER, _AFTER_UNKNOWN, _TAIL_LINES, _LONGEST = 4, 2, 6, 4, 300
_IN_IMAGE = "or use the image assay-madgraph"


@dataclass(frozen=True)
class Known:
    """A failure that is recognised: a pattern in the log, what it means, how to mend it."""

    pattern: str
    what: str
    mend: str


KNOWN = (
    Known(
        r"requires the six module|No module named '?six",
        "MadGraph's Python lacks the module six",
        f"install it there, {_IN_IMAGE}",
    ),
    Known(
        r"works only with python",
        "MadGraph does not work with this version of Python",
        f"put another python3 first on PATH, {_IN_IMAGE}",
    ),
    Known(
        r"Model not found locally",
        "MadGraph does not have the model and cannot download it",
        "put the model into MadGraph's folder models, or name another in the proc card",
    ),
    Known(
        r"UFOError|has not (?:yet )?been updated for python3|need to be converted|not python3 compatible",
        "MadGraph cannot use the model (models written for Python 2 have to be converted)",
        "run `convert model` in MadGraph, or set auto_convert_model to True there",
    ),
    Known(
        r"NoDiagramException|No amplitudes generated",
        "the process has no diagrams",
        "mend process, coupling orders and exclusions in the proc card; orders hold for one piece of a decay chain",
    ),
    Known(
        r"(?i)no (?:valid )?fortran compiler|fortran compiler.{0,40}not (?:found|present|installed)|"
        r"(?:gfortran|g77|f77)\S*: (?:command )?not found",
        "MadGraph finds no Fortran compiler",
        f"install gfortran, {_IN_IMAGE}",
    ),
    Known(
        r"make: (?:command )?not found|No such file or directory: '?make",
        "MadGraph finds no make",
        f"install make, {_IN_IMAGE}",
    ),
    Known(r"No space left on device|Disk quota exceeded", "the disk is full", "make room, or choose another folder"),
    Known(
        r"zero cross.section|ZeroResult|failed to generate enough events",
        "the cross section is zero, or too few events pass the cuts",
        "loosen the cuts of the run card; give massive s-channel particles a width; check beams and parton densities",
    ),
    Known(
        r"InvalidParamCard",
        "MadGraph refuses the parameter card",
        "leave out what the model's restriction fixes, or import the model without it (MODEL-full)",
    ),
    Known(r"InvalidRunCard", "MadGraph refuses the run card", "mend the run card"),
    Known(
        r"lhapdf-config.*(?:not|fail)|fail to load lhapdf|lhapdf.*(?:not available|not installed)",
        "MadGraph needs LHAPDF for the parton densities of the run card and has none",
        "take densities that come with MadGraph (pdlabel nn23lo1), or install LHAPDF with the set",
    ),
    Known(
        r"f2py.*(?:not found|No such file|[Ff]ail)|No module named '?(?:numpy|distutils)|"
        r"fail(?:s|ed)? to import.*(?:matrix[23]py|f2py)|allmatrix[23]py.* (?:not found|No such)",
        "MadGraph cannot build or load the library of its reweighting",
        f"give its Python numpy before 2 and setuptools before 70, {_IN_IMAGE}",
    ),
    Known(
        r"[Cc]ompilation [Ee]rror|A compilation Error|\*\*\* \[[^\]]+\] Error",
        "the process does not compile",
        "read the log; MadGraph's process folder has to be written with this machine's compiler",
    ),
    Known(
        r"SIGSEGV|SIGFPE|Segmentation fault|Floating point exception",
        "a program that MadGraph compiled has crashed",
        "read the log; run prepare again on this machine",
    ),
    Known(
        r"No processes generated|not recognized, please try again|No particle \S+ in model|not valid for this model",
        "MadGraph does not understand the proc card",
        "mend the proc card",
    ),
)


@dataclass(frozen=True)
class Failure:
    """What went wrong, with the lines of the log that say so."""

    what: str
    mend: str
    lines: tuple[str, ...]

    def error(self, doing: str, log: Path) -> GenerationError:
        """Return it as an error of one paragraph, while `doing` something; `log` has the rest."""
        said = " | ".join(self.lines)
        return GenerationError(
            f"{self.what}, in {doing}" + (f"; MadGraph says: {said}" if said else ""), where=str(log), mend=self.mend
        )


def failure_in(log: str, status: int = 0, missing: str = "") -> Failure | None:
    """Return the failure that a log of MadGraph tells of, None if all is well.

    Parameters
    ----------
    log
        All that MadGraph said.
    status
        Its exit status; negative if a signal ended it.
    missing
        What it should have written and has not; empty: nothing is missing.
    """
    text = _COLOUR.sub("", log)
    started = list(_START.finditer(text))
    text = text[started[-1].end() :] if started else text
    lines = [line.strip() for line in text.splitlines()]
    error = _ERROR.search(text)
    if error is None and status == 0 and not missing:
        return None
    for known in KNOWN:
        found = re.search(known.pattern, text)
        if found is not None:
            return Failure(known.what, known.mend, _around(lines, text.count("\n", 0, found.start())))
    if error is not None:
        raised = _EXCEPTION.search(text, error.end()) if error.group().startswith("Traceback") else None
        number = text.count("\n", 0, (raised or error).start())
        said = (lines[number][:_LONGEST],) if raised else _around(lines, number, _AFTER_UNKNOWN)
        return Failure("MadGraph failed", "read the log", said)
    ended = f"MadGraph was ended by signal {-status}" if status < 0 else f"MadGraph ended with status {status}"
    what = ended if status else f"MadGraph has not written {missing}"
    return Failure(what, "read the log", tuple(filter(None, lines))[-_TAIL_LINES:])


def _around(lines: list[str], number: int, after: int = _AFTER) -> tuple[str, ...]:
    """Return the line of that number with its context: what MadGraph had been told, and what it said next."""
    first = max(number - _BEFORE, 0)
    chosen = [line for line in lines[first : number + after + 1] if line and not _IDLE.match(line)]
    return tuple(line[:_LONGEST] for line in chosen)
