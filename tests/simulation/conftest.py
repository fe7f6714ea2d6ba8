"""LHE files and showered events for the tests of the simulation."""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.simulation.record import ShoweredEvents

MADGRAPH = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


@pytest.fixture(scope="session")
def madgraph() -> Path:
    """200 events of MadGraph, compressed, with ten reweighting weights."""
    return MADGRAPH


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[int, Mapping[int, Callable[[str], str]]], Path]:
    """The first events of the MadGraph file, some of them changed: n_events, {event: change of its text} -> path."""

    def edit(n_events: int, changes: Mapping[int, Callable[[str], str]]) -> Path:
        head, *events = gzip.decompress(MADGRAPH.read_bytes()).decode().split("<event>")
        events = [event.split("</event>")[0] for event in events[:n_events]]
        events = [changes[i](event) if i in changes else event for i, event in enumerate(events)]
        path = tmp_path / "edited.lhe"
        path.write_text(head + "".join(f"<event>{event}</event>\n" for event in events) + "</LesHouchesEvents>\n")
        return path

    return edit


@pytest.fixture
def delphes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Delphes in PATH, under its name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    path = folder / "DelphesHepMC3"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).parent / "stand_in_delphes.py"}" "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("ASSAY_DELPHES", raising=False)
    return path


@pytest.fixture(scope="session")
def gun() -> Callable[..., ShoweredEvents]:
    """Events made of given particles: gun([[(pdgid, pt, eta, phi), ...], ...]) -> showered events."""

    def shoot(
        events: list[list[tuple[int, float, float, float]]],
        heavy: list[list[tuple[int, float, float, float]]] | None = None,
        taus: list[list[tuple[int, float, float, float]]] | None = None,
    ) -> ShoweredEvents:
        return ShoweredEvents(
            event_number=np.arange(len(events)),
            particles=_massless(events, "pdgid", with_energy=True),
            heavy=_massless(heavy or [[] for _ in events], "flavour", with_energy=False),
            taus=_massless(taus or [[] for _ in events], "pdgid", with_energy=True),
            weight=np.ones(len(events)),
        )

    return shoot


def _massless(events: list[list[tuple[int, float, float, float]]], label: str, with_energy: bool) -> ak.Array:
    flat = np.array([particle for event in events for particle in event], dtype=np.float64).reshape(-1, 4)
    code, pt, eta, phi = flat.T
    columns = {label: code.astype(np.int64), "px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta)}
    if with_energy:
        columns["e"] = pt * np.cosh(eta)
    return ak.unflatten(ak.zip(columns), [len(event) for event in events])
