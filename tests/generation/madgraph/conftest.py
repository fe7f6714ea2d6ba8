"""A stand-in for MadGraph, and a process for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.generation.madgraph.prepare import prepare_process
from assay.generation.madgraph.settings import MadGraphSettings

HERE = Path(__file__).parent
RECORDED = HERE.parents[1] / "data" / "madgraph"
CARDS = HERE.parents[2] / "input" / "cards" / "madgraph"

Notes = Callable[[str], list[dict[str, Any]]]


def _entries(cw: float, cpw: float) -> dict[tuple[str, tuple[int, ...]], float]:
    return {("dim6", (2,)): cw, ("dim6", (5,)): cpw}


def _settings(**changes: Any) -> MadGraphSettings:
    given: dict[str, Any] = {
        "name": "signal",
        "proc": (CARDS / "proc_card.dat").read_text(),
        "run": (CARDS / "run_card.dat").read_text(),
        "param": (CARDS / "param_card.dat").read_text(),
        "reweight": "",
        "points": {"sm": _entries(0.0, 0.0), "w": _entries(19.824, 0.0), "b1": _entries(-9.912, 14.868)},
        "generated": ("sm", "w"),
        "accuracy": 0.02,
    }
    return MadGraphSettings(**{**given, **changes})


@pytest.fixture
def settings() -> Callable[..., MadGraphSettings]:
    """Return a function that makes the process of the record, with changes: events at sm and w, weights at b1, too."""
    return _settings


def _stand_in(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("ASSAY_MG5", str(HERE / "mg5_aMC"))
    monkeypatch.setenv("STAND_IN_RECORDED", str(RECORDED))
    monkeypatch.setenv("STAND_IN_NOTES", str(file))
    monkeypatch.delenv("STAND_IN_FAILS", raising=False)


def _reader(file: Path) -> Notes:
    def of(step: str) -> list[dict[str, Any]]:
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return [line for line in lines if line["step"] == step]

    return of


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """Put the stand-in in MadGraph's place; what it has been told at a step can be asked for."""
    _stand_in(monkeypatch, tmp_path / "notes.jsonl")
    return _reader(tmp_path / "notes.jsonl")


@dataclass(frozen=True)
class Prepared:
    """The archive of a prepared process, and what the stand-in was told for it."""

    archive: Path
    notes: Notes


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Return the prepared process of the record."""
    folder = tmp_path_factory.mktemp("prepared")
    file = tmp_path_factory.mktemp("notes") / "notes.jsonl"
    with pytest.MonkeyPatch.context() as monkeypatch:
        _stand_in(monkeypatch, file)
        prepare_process(folder / "signal.tar.gz", _settings(), 7)
    return Prepared(folder / "signal.tar.gz", _reader(file))


@pytest.fixture
def archive(prepared: Prepared) -> Path:
    """Return the archive of the prepared process of the record."""
    return prepared.archive
