"""MadGraph's failures are recognised by what it really said, and said again in one paragraph."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from assay.generation.madgraph.failures import failure_in

pytestmark = pytest.mark.fast

LOGS = Path(__file__).parents[2] / "data" / "madgraph" / "logs"


def log(name: str) -> str:
    return gzip.decompress((LOGS / f"{name}.log.gz").read_bytes()).decode()


@pytest.mark.parametrize(
    ("name", "what", "decisive"),
    [
        ("no_diagrams", "the process has no diagrams", "u d > u u h"),
        ("missing_model", "does not have the model", "import model EWdim7"),
        ("python2_model", "written for Python 2", "import model"),
        ("no_fortran_compiler", "no Fortran compiler", "No Fortran Compiler detected"),
        ("refused_parameters", "refuses the parameter card", "yukawa: 4 is not at zero"),
        ("no_lhapdf", "needs LHAPDF", "lhapdf-config"),
        ("no_numpy", "library of its reweighting", "numpy"),
        ("unknown_particle", "does not understand the proc card", "No particle higgs in model"),
        ("unknown_command", "does not understand the proc card", "generat"),
        ("unknown_order", "does not understand the proc card", "NPP"),
    ],
)
def test_recorded_failures(name: str, what: str, decisive: str) -> None:
    failure = failure_in(log(name))
    assert failure is not None
    assert what in failure.what
    assert any(decisive in line for line in failure.lines)
    assert len(failure.lines) <= 9
    text = str(failure.error("the writing of signal", Path("signal.log")))
    assert text.count("\n") == 1, "one paragraph, and how to mend it"
    assert "\x1b" not in text


@pytest.mark.parametrize("name", ["generation", "reweighting"])
def test_what_went_well_is_no_failure(name: str) -> None:
    assert failure_in(log(name)) is None


def test_a_zero_cross_section_is_told_by_its_cause_when_the_events_are_missing() -> None:
    failure = failure_in(log("zero_cross_section"), missing="events.lhe.gz")
    assert failure is not None
    assert failure.what.startswith("the cross section is zero")


def test_warnings_of_what_the_installation_lacks_are_not_the_cause() -> None:
    warning = "lhapdf-config does not seem to be valid, not found\n"
    text = f"{warning}set run_mode 0 --no_save\nTraceback (most\n  File\nOSError: full"
    failure = failure_in(text)
    assert failure is not None
    assert failure.lines == ("OSError: full",)


@pytest.mark.parametrize(("status", "what"), [(-9, "signal 9"), (3, "status 3")])
def test_a_program_that_ends_badly(status: int, what: str) -> None:
    failure = failure_in("a\nb\n\nc\n", status)
    assert failure is not None
    assert what in failure.what
    assert failure.lines == ("a", "b", "c")


def test_a_program_that_writes_nothing() -> None:
    failure = failure_in("all well\n", missing="events.lhe.gz")
    assert failure is not None
    assert "events.lhe.gz" in failure.what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("madgraph requires the six module.", "lacks the module six"),
        ("MadGraph/MadEvent 5 works only with python 3.7 or later.", "this version of Python"),
        ("/bin/sh: 1: gfortran: not found", "no Fortran compiler"),
        ("Survey return zero cross section.\nZeroResult : See the FAQ", "the cross section is zero"),
        ("Program received signal SIGSEGV: Segmentation fault", "has crashed"),
    ],
)
def test_failures_that_could_not_be_recorded(text: str, what: str) -> None:
    failure = failure_in(text, missing="anything")
    assert failure is not None
    assert what in failure.what
