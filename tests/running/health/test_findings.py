"""What a check finds: here, missing or broken; and what that means for the exit status."""

from __future__ import annotations

import importlib

import pytest

from assay.errors import WorkflowError
from assay.running.health.finding import Check, Finding, MissingError, is_well

pytestmark = pytest.mark.fast


def raising(error: Exception) -> Check:
    def look() -> str:
        raise error

    return Check("thing", look, "mend it")


def absent() -> str:
    return importlib.import_module("no_such_package").__name__


def test_what_is_here_is_ok() -> None:
    assert Check("thing", lambda: "version 1", "mend it").run("ml") == Finding("ml", "thing", "ok", "version 1")


@pytest.mark.parametrize(
    ("check", "state", "found"),
    [
        (raising(MissingError("no thing on PATH")), "missing", "no thing on PATH"),
        (Check("thing", absent, "mend it"), "missing", "No module named 'no_such_package'"),
        (raising(ValueError("2 is\nnot 3")), "broken", "ValueError: 2 is not 3"),
        (raising(ImportError("libx.so: cannot open")), "broken", "ImportError: libx.so: cannot open"),
        (raising(RuntimeError()), "broken", "RuntimeError"),
    ],
)
def test_what_is_not_is_missing_or_broken_and_says_why(check: Check, state: str, found: str) -> None:
    finding = check.run("ml")
    assert (finding.state, finding.found, finding.mend) == (state, found, "mend it")


def test_an_error_of_ours_is_told_in_a_line_with_its_own_mend() -> None:
    fault = WorkflowError("does not answer", where="here", expected="an answer", mend="start it")
    assert raising(fault).run("ml") == Finding("ml", "thing", "broken", "here: does not answer", "start it")
    assert raising(WorkflowError("gone")).run("ml") == Finding("ml", "thing", "broken", "gone", "mend it")


@pytest.mark.parametrize(
    ("states", "well", "well_if_asked_for"),
    [
        (["ok", "ok"], True, True),
        (["ok", "missing"], True, False),
        (["ok", "broken"], False, False),
        (["ok", "optional missing", "optional broken"], True, True),
    ],
)
def test_missing_counts_only_if_asked_for(states: list[str], well: bool, well_if_asked_for: bool) -> None:
    findings = [
        Finding("ml", f"thing {i}", state.split()[-1], "", optional=state.startswith("optional"))  # type: ignore[arg-type]
        for i, state in enumerate(states)
    ]
    assert is_well(findings, asked_for=False) is well
    assert is_well(findings, asked_for=True) is well_if_asked_for
