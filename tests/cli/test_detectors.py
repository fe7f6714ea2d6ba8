"""Detectors of a study from `configure` to `simulate`: cards by name, Delphes, files of Delphes, smearing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from assay.cli.main import cli
from assay.simulation.root import read_objects, read_summary

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "tests" / "simulation" / "stand_in_delphes.py"
LHE = ROOT / "tests" / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
CROSS_SECTION = 1.0e-3
QUICK = {"hadronisation": False}


def call(*arguments: object) -> None:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exception is not None:
        raise result.exception


@pytest.fixture
def simulated(small_study: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Run a study's sample of MadGraph's events up to `simulate`, and return the folder of its job."""

    def run(detector: dict[str, Any], name: str = "run", objects: Path | None = None) -> Path:
        sample = {"events": "z.lhe.gz", "cross_section": CROSS_SECTION}
        if objects is not None:
            sample["objects"] = "z.root"
        study = small_study(samples={"z": sample}, shower=QUICK, detector={"card": None, **detector})
        shutil.copyfile(LHE, study.parent / "z.lhe.gz")
        (study.parent / "delphes.tcl").write_text("set ExecutionPath {\n}\n")
        if objects is not None:
            shutil.copyfile(objects, study.parent / "z.root")
        folder = tmp_path / name
        call("configure", "--study", study, "--output", folder / "configure")
        published = yaml.safe_load((folder / "configure" / "published.yml").read_text())
        of_study = ("--study", published["study"], "--jobs", published["jobs"][-1])
        (folder / "prepare").mkdir()
        call("generate", *of_study, "--process", folder / "prepare", "--output", folder / "generate")
        files = ("--detector", published["detector"], "--events", folder / "generate")
        call("simulate", *of_study, *files, "--output", folder / "simulate")
        return folder / "simulate" / "z_0"

    return run


def test_a_card_by_name(simulated: Callable[..., Path]) -> None:
    job = simulated({"kind": "parametrised", "card": "CMS"})
    summary = read_summary(job / "detector.root")
    assert summary is not None
    assert (summary.detector, summary.events_written) == ("CMS", 200)
    assert (job.parents[1] / "configure" / "detector.yml").read_text().startswith("# CMS in Run 2")


def test_delphes_and_its_file_in_place_of_a_simulation(
    simulated: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "delphes"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("ASSAY_DELPHES", str(program))
    job = simulated({"kind": "delphes", "card": "delphes.tcl"})
    assert (job / "delphes.log").is_file()
    assert (job.parents[1] / "configure" / "detector.tcl").is_file()
    objects = read_objects(job / "detector.root")
    np.testing.assert_allclose(np.sum(objects.weight), CROSS_SECTION, rtol=1e-6)
    monkeypatch.delenv("ASSAY_DELPHES")
    monkeypatch.setenv("PATH", os.defpath)  # nothing is simulated any more
    again = simulated({"kind": "delphes", "card": "delphes.tcl"}, "again", job / "detector.root")
    summary, same = read_summary(again / "detector.root"), read_objects(again / "detector.root")
    assert summary is not None
    assert (summary.detector, summary.events_written) == ("Delphes", 200)
    np.testing.assert_array_equal(same.event_number, objects.event_number)
    np.testing.assert_array_equal(ak.flatten(same.jets.pt), ak.flatten(objects.jets.pt))


def test_smearing_without_a_detector(simulated: Callable[..., Path]) -> None:
    exact = read_objects(simulated({"kind": "none"}) / "detector.root")
    smearing = {"a": {"energy_resolution_abs": 2.0}}
    smeared = read_objects(simulated({"kind": "none", "smearing": smearing}, "smeared") / "detector.root")
    mass = [np.asarray((some.photons[:, 0] + some.photons[:, 1]).mass) for some in (exact, smeared)]
    np.testing.assert_allclose(mass[0], 125.0, atol=0.1)
    assert 0.5 < np.std(mass[1]) < 5.0
    np.testing.assert_array_equal(ak.flatten(exact.jets.pt), ak.flatten(smeared.jets.pt))
