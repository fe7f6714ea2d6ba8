"""Finding and running MadGraph: which program, what it is told, and nothing that goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.madgraph.program import MadGraph, find_madgraph

pytestmark = pytest.mark.fast


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


class TestFinding:
    def test_the_variable_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(program(tmp_path / "path" / "mg5_aMC", "").parent))
        assert find_madgraph().executable == tmp_path / "path" / "mg5_aMC"
        monkeypatch.setenv("ASSAY_MG5", str(program(tmp_path / "named" / "other", "")))
        assert find_madgraph().executable == tmp_path / "named" / "other"

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("ASSAY_MG5", raising=False)
        with pytest.raises(GenerationError, match="no mg5_aMC on PATH") as error:
            find_madgraph()
        assert "ASSAY_MG5" in str(error.value)
        monkeypatch.setenv("ASSAY_MG5", "/no/such/program")
        with pytest.raises(GenerationError, match="names no program"):
            find_madgraph()


class TestRunning:
    def test_what_it_is_told_and_what_it_says(self, tmp_path: Path) -> None:
        madgraph = MadGraph(program(tmp_path / "mg5_aMC", 'cat "$1"; touch written'))
        said = madgraph.run(["generate x"], tmp_path, tmp_path / "log", "a test", tmp_path / "written")
        assert said.splitlines()[-2:] == ["generate x", "exit"]
        assert "set auto_update 0 --no_save" in said, "no look for updates: a job has no network"
        assert (tmp_path / "log").read_text() == said

    def test_a_process_s_own_programs_run_in_its_environment(self, tmp_path: Path) -> None:
        madgraph = MadGraph(program(tmp_path / "mg5_aMC", 'grep ^shell "$1"; touch written'))
        folder = tmp_path / "with space"
        folder.mkdir()
        said = madgraph.call(["bin/madevent", "a file"], folder, tmp_path / "log", "a test", tmp_path)
        assert said.strip() == f"shell cd '{folder}' && bin/madevent 'a file'"

    def test_what_is_missing_is_told(self, tmp_path: Path) -> None:
        madgraph = MadGraph(program(tmp_path / "mg5_aMC", "echo all well"))
        with pytest.raises(GenerationError, match=r"has not written events, in a test; MadGraph says: all well"):
            madgraph.run([], tmp_path, tmp_path / "log", "a test", tmp_path / "events")

    def test_a_program_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(GenerationError, match="cannot be started"):
            MadGraph(tmp_path / "absent").run([], tmp_path, tmp_path / "log", "a test", tmp_path)

    def test_nothing_goes_on_afterwards(self, tmp_path: Path) -> None:
        text = f"sleep 60 & echo $! > {tmp_path}/child\n"
        MadGraph(program(tmp_path / "mg5_aMC", text)).run([], tmp_path, tmp_path / "log", "a test", tmp_path)
        child = int((tmp_path / "child").read_text())
        for _ in range(100):
            if not alive(child):
                return
            time.sleep(0.05)
        pytest.fail("what MadGraph had started goes on")


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
    finally:
        os.sched_yield()
