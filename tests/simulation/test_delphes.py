"""Delphes run on HepMC, by a stand-in that writes what Delphes writes and fails as it fails."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.errors import SimulationError
from assay.simulation.delphes import check_card, decisive_lines, find_delphes, run_delphes
from assay.simulation.root import read_objects, read_summary

pytestmark = pytest.mark.fast

CARD = "set ExecutionPath {\n  ParticlePropagator\n}\n\nset RandomSeed 77\n"


@pytest.fixture
def hepmc(tmp_path: Path) -> Path:
    """Three events in HepMC3's text: numbers 0, 2, 5."""
    lines = ["HepMC::Version 3.02.06", "HepMC::Asciiv3-START_EVENT_LISTING", "W nominal"]
    for number, weight in ((0, 0.25), (2, 0.5), (5, -0.25)):
        lines += [f"E {number} 1 5", "U GEV MM", f"W {weight}", "P 1 0 2212 0 0 6500 6500 0.938 4", "V -1 0 [1]"]
        lines += [
            f"P 2 -1 22 {30.0 + number} 0 10 {np.hypot(30.0 + number, 10)} 0 1",
            "P 3 -1 5 -60 0 20 63.4 4.7 1",
            "P 4 -1 -13 0 25 5 25.5 0.1 1",
            "P 5 -1 12 0 -7 0 7 0 1",
        ]
    path = tmp_path / "events.hepmc.gz"
    path.write_bytes(gzip.compress(("\n".join([*lines, "HepMC::Asciiv3-END_EVENT_LISTING"]) + "\n").encode()))
    return path


@pytest.fixture
def run(hepmc: Path, delphes: Path, tmp_path: Path) -> Callable[..., Path]:
    def with_card(text: str = CARD, n_events: int = 3, seed: int = 4) -> Path:
        (tmp_path / "card.tcl").write_text(text)
        run_delphes(hepmc, tmp_path / "card.tcl", tmp_path / "delphes.root", tmp_path / "delphes.log", n_events, seed)
        return tmp_path / "delphes.root"

    return with_card


def test_events_pass_through_delphes(run: Callable[..., Path], tmp_path: Path) -> None:
    root = run()
    objects = read_objects(root)
    assert read_summary(root) is None
    assert ak.to_list(objects.event_number) == [0, 2, 5]
    np.testing.assert_allclose(objects.weight, [0.25, 0.5, -0.25])
    np.testing.assert_allclose(ak.flatten(objects.photons.pt), [30.0, 32.0, 35.0])
    np.testing.assert_allclose(ak.flatten(objects.jets.pt), 60.0)
    assert ak.to_list(ak.flatten(objects.jets.btag)) == [1, 1, 1]  # the first of the bits
    assert ak.to_list(ak.flatten(objects.muons.charge)) == [1, 1, 1]
    np.testing.assert_allclose(objects.met.pt, 7.0)
    assert ak.to_list(ak.num(objects.particles)) == [0, 0, 0]  # Delphes' history is no final state
    assert "** Exiting..." in (tmp_path / "delphes.log").read_text()


def test_the_seed_replaces_that_of_the_card(run: Callable[..., Path], tmp_path: Path) -> None:
    said = []
    for seed in (4, 2**62):
        run(seed=seed).unlink()
        said.append(
            next(line for line in (tmp_path / "delphes.log").read_text().splitlines() if line.startswith("seed"))
        )
    assert said[0] == "seed 5"
    assert said[1] not in ("seed 77", said[0])
    assert 0 < int(said[1].split()[1]) < 2**31


def test_uncompressed_events(run: Callable[..., Path], hepmc: Path) -> None:
    hepmc.write_bytes(gzip.decompress(hepmc.read_bytes()))
    assert len(read_objects(run())) == 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("card", "can't access input list 'NoSuch/array'"),
        ("early", "failed \\(status 3\\)"),
        ("crash", "crashed \\(SIGSEGV\\)(.|\n)*segmentation violation"),
        ("damaged", "failed \\(status 0\\)(.|\n)*invalid event format"),
        ("short", "wrote 2 of 3 events"),
        ("none", "wrote 0 of 3 events"),
        ("nothing", "wrote no file"),
    ],
)
def test_failures_are_recognised(run: Callable[..., Path], fault: str, message: str) -> None:
    with pytest.raises(SimulationError, match=message) as caught:
        run(f"{CARD}# stand-in: {fault}\n")
    assert "delphes.log" in str(caught.value)


def test_a_program_that_ends_before_it_has_read_everything(run: Callable[..., Path], hepmc: Path) -> None:
    hepmc.write_bytes(gzip.decompress(hepmc.read_bytes()) * 20_000)
    with pytest.raises(SimulationError, match="status 3"):
        run(f"{CARD}# stand-in: early\n")


def test_an_existing_file_is_not_overwritten(run: Callable[..., Path], tmp_path: Path) -> None:
    run()
    with pytest.raises(SimulationError, match="can't create output file"):
        run()


def test_a_missing_program(hepmc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ASSAY_DELPHES", raising=False)
    with pytest.raises(SimulationError, match=r"no program 'DelphesHepMC3'(.|\n)*ASSAY_DELPHES(.|\n)*assay-madgraph"):
        find_delphes()
    monkeypatch.setenv("ASSAY_DELPHES", str(tmp_path / "absent"))
    with pytest.raises(SimulationError, match="absent"):
        find_delphes()


def test_the_environment_names_the_program(delphes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert find_delphes() == delphes
    monkeypatch.setenv("ASSAY_DELPHES", str(other))
    assert find_delphes() == other


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: ATLAS\n", "no ExecutionPath"),
        ("# set ExecutionPath {}\n", "no ExecutionPath"),
        (f"{CARD}source other.tcl\n", "reads another file"),
    ],
)
def test_wrong_cards(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "card.tcl").write_text(text)
    with pytest.raises(SimulationError, match=message):
        check_card(tmp_path / "card.tcl")
    with pytest.raises(SimulationError, match="cannot be read"):
        check_card(tmp_path / "absent.tcl")


def test_decisive_lines() -> None:
    said = ["** Reading", "", "** ERROR: bad", "** ERROR: bad", "progress", "terminate called after throwing"]
    assert decisive_lines(said) == ["** ERROR: bad", "terminate called after throwing"]
    assert decisive_lines([f"line {i}" for i in range(20)]) == [f"line {i}" for i in range(14, 20)]
    assert decisive_lines([]) == []
