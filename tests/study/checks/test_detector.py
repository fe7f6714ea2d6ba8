from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.study.checks.detector import DETECTOR_CHECKS
from assay.study.checks.draft import Draft
from assay.study.model import DetectorSection, FilesProcess, SampleSection
from assay.study.problems import Finding

pytestmark = pytest.mark.fast


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("card.yml", "card.tcl", "events.lhe.gz", "events.h5", "objects.root"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def findings(folder: Path, sample: dict[str, Any] | None = None, **detector: Any) -> list[Finding]:
    samples = {"z_jets": SampleSection.model_validate(sample)} if sample else {}
    draft = Draft(folder, detector=DetectorSection.model_validate(detector), samples=samples)
    return [finding for check in DETECTOR_CHECKS for finding in check(draft)]


@pytest.mark.parametrize(
    "detector",
    [
        {},
        {"card": "card.yml"},
        {"card": "ATLAS"},
        {"card": "HL-LHC"},
        {"kind": "delphes", "card": "card.tcl"},
        {"kind": "delphes", "card": "card.tcl", "program": "DelphesHepMC2"},
        {"kind": "none"},
        {
            "kind": "none",
            "smearing": {"all": {"energy_resolution_rel": 0.1}},
            "missing_momentum_noise": {"absolute": 5.0},
        },
        {"program": "DelphesHepMC3", "smearing": {}},  # as a resolved study has them
    ],
)
def test_what_goes_together(folder: Path, detector: dict[str, Any]) -> None:
    assert findings(folder, **detector) == []


@pytest.mark.parametrize(
    ("detector", "key", "found"),
    [
        ({"card": "absent.yml"}, "card", "'absent.yml', which is not a file"),
        ({"card": "CMS2"}, "card", "'CMS2', which is not a file"),
        ({"card": "../card.yml"}, "card", "a path out of the study's folder"),
        ({"card": "/card.yml"}, "card", "a path out of the study's folder"),
        ({"card": "card\\x.yml"}, "card", "a path out of the study's folder"),
        ({"card": "\0"}, "card", "which is not a file"),
        ({"card": "card.tcl"}, "card", "'card.tcl' although kind is parametrised"),
        ({"kind": "delphes", "card": "card.yml"}, "card", "'card.yml' although kind is delphes"),
        ({"kind": "delphes"}, "card", "no card of Delphes"),
        ({"kind": "delphes", "card": "CMS"}, "card", "CMS, a card of the parametrised detector"),
        ({"kind": "none", "card": "card.yml"}, "card", "a card although kind is none"),
        ({"kind": "none", "card": "ATLAS"}, "card", "a card although kind is none"),
        ({"smearing": {"j": {}}}, "smearing", "smearing although kind is parametrised"),
        ({"missing_momentum_noise": {"relative": 0.1}}, "missing_momentum_noise", "although kind is parametrised"),
        ({"kind": "none", "program": "Other"}, "program", "program although kind is none"),
    ],
)
def test_what_does_not(folder: Path, detector: dict[str, Any], key: str, found: str) -> None:
    (finding,) = findings(folder, **detector)
    assert finding.location == ("detector", key)
    assert found in finding.found


@pytest.mark.parametrize("program", ["", "/bin/sh", "a b", "../x", "x;y"])
def test_programs_are_names(program: str) -> None:
    with pytest.raises(ValueError, match="program"):
        DetectorSection.model_validate({"kind": "delphes", "program": program})


def test_names_of_types_are_known() -> None:
    with pytest.raises(ValueError, match="smearing"):
        DetectorSection.model_validate({"kind": "none", "smearing": {"tau": {}}})


def test_objects_go_with_lhe_files(folder: Path) -> None:
    assert findings(folder, {"events": "events.lhe.gz", "objects": "objects.root"}) == []


@pytest.mark.parametrize(
    ("sample", "found"),
    [
        ({"events": "events.h5", "objects": "objects.root"}, "objects without the files of events of z_jets"),
        ({"objects": "objects.root"}, "objects without the files of events of z_jets"),
        ({"events": "events.lhe.gz", "objects": "absent.root"}, "'absent.root', which is not a file"),
        ({"events": "events.lhe.gz", "objects": "../objects.root"}, "a path out of the study's folder"),
        ({"events": "events.lhe.gz", "objects": "events.h5"}, "'events.h5'"),
    ],
)
def test_objects_that_cannot_be_used(folder: Path, sample: dict[str, Any], found: str) -> None:
    (finding,) = findings(folder, sample)
    assert finding.location == ("samples", "z_jets", "objects")
    assert found in finding.found


def of_process(folder: Path, **process: Any) -> list[Finding]:
    draft = Draft(folder, process=FilesProcess.model_validate({"generator": "files", **process}))
    return [finding for check in DETECTOR_CHECKS for finding in check(draft)]


def test_objects_of_a_process_of_files(folder: Path) -> None:
    files = {"sm": ("events.lhe.gz",), "bsm": ("events.lhe.gz",)}
    assert of_process(folder, files=files) == []
    assert of_process(folder, files=files, objects={"sm": ("objects.root",)}) == []
    for objects, key, found in (
        ({"sm": ("objects.root", "objects.root")}, ("sm",), "objects without the files of events of sm"),
        ({"other": ("objects.root",)}, ("other",), "objects without the files of events of other"),
        ({"sm": ("absent.root",)}, ("sm", 0), "'absent.root', which is not a file"),
    ):
        (finding,) = of_process(folder, files=files, objects=objects)
        assert finding.location == ("process", "objects", *key)
        assert found in finding.found
