"""Capabilities are examined apart: a crash is a finding, and the others go on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from assay.running.health import CAPABILITIES, examine
from assay.running.health import core as core_checks
from assay.running.health import madgraph as madgraph_checks
from assay.running.health import physics as physics_checks

pytestmark = pytest.mark.fast

CRASHING = """
import os, signal
from assay.running.health.finding import Check
def crash():
    os.kill(os.getpid(), signal.SIGILL)
CHECKS = (Check("first", lambda: "fine"), Check("second", crash), Check("third", lambda: "fine"))
"""


@pytest.fixture
def capability(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A capability whose second check crashes; known here and in the processes that examine."""
    package = tmp_path / "assay" / "running" / "health"
    package.mkdir(parents=True)
    (package / "crashing.py").write_text(CRASHING)
    (tmp_path / "sitecustomize.py").write_text(f"import assay.running.health as h; h.__path__.append({str(package)!r})")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    import assay.running.health as health

    monkeypatch.setattr(health, "__path__", [*health.__path__, str(package)])
    return "crashing"


def test_a_crash_is_a_finding_of_the_check_that_crashed(capability: str) -> None:
    first, second = examine([capability])
    sys.modules.pop("assay.running.health.crashing", None)
    assert (first.name, first.state) == ("first", "ok")
    assert (second.name, second.state, second.found) == ("second", "broken", "crashed with SIGILL")


def test_core_is_well_here() -> None:
    assert {finding.name: finding.state for finding in examine(["core"])} == {
        check.name: "ok" for check in core_checks.CHECKS
    }


def test_every_capability_has_checks_with_names_of_their_own() -> None:
    for capability in CAPABILITIES:
        checks = __import__(f"assay.running.health.{capability}", fromlist=["CHECKS"]).CHECKS
        assert len({check.name for check in checks}) == len(checks) > 0
        assert all(check.mend for check in checks if capability != "core")


def test_folders_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "absent"))
    with pytest.raises(OSError, match=r"home .*absent: No such file"):
        core_checks.folders()


def test_little_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{2**30}\n")
    monkeypatch.setattr(core_checks, "_LIMITS", (str(limit),))
    with pytest.raises(RuntimeError, match=r"1\.0 GiB; steps need 2"):
        core_checks.memory()
    limit.write_text("max\n")
    assert core_checks.memory().endswith("GiB")


def test_a_wrong_matrix_element_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "agrees with MadGraph" in physics_checks.generator()
    monkeypatch.setattr(
        "assay.generation.matrix_element.squared_matrix_element", lambda *arguments: np.array([7.3549161e-07 * 1.0001])
    )
    with pytest.raises(ValueError, match="at CWL2 = 0"):
        physics_checks.generator()


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo tool version 3.5.7", "tool 3.5.7"),
        ("echo 'libx.so.1: error while loading shared libraries'; exit 127", "error while loading shared libraries"),
        ("echo nothing", "exit status 0; nothing"),
        ("kill -ILL $$", "crashed with signal 4"),
    ],
)
def test_programs_are_started_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str
) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    look = madgraph_checks.program("tool", "--version")
    if found.startswith("tool"):
        assert look().endswith(found)
    else:
        with pytest.raises(RuntimeError, match=found):
            look()


def test_a_variable_may_name_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "elsewhere"
    tool.write_text("#!/bin/sh\necho version 3.5.7\n")
    tool.chmod(0o755)
    look = madgraph_checks.program("no_such_tool", "--version", variable="TOOL")
    monkeypatch.setenv("TOOL", str(tool))
    assert look() == f"{tool} 3.5.7"
    monkeypatch.setenv("TOOL", str(tmp_path / "absent"))
    with pytest.raises(madgraph_checks.MissingError, match="TOOL names no program"):
        look()
    monkeypatch.delenv("TOOL")
    with pytest.raises(madgraph_checks.MissingError, match="no no_such_tool on PATH"):
        look()


def test_programs_that_are_not_here_are_missing() -> None:
    assert {finding.state for finding in examine(["madgraph"])} <= {"missing", "ok"}
