"""The learning part starts from an event file of MadMiner: `make run-yadage-ml STUDY=... EVENTS=file.h5`."""

import json
import shutil
from pathlib import Path

import h5py
import pytest
import yaml

from .test_madminers_in_ours import to_old_layout

pytestmark = pytest.mark.slow

MADMINER = Path(__file__).parents[1] / "data" / "madminer-0.9.6.h5"
STUDY = {
    "assay": 1,
    "name": "from-madminer",
    # no process of ours has these parameters: nothing is generated
    "parameters": {
        "t0": {"lha_block": "dim6", "lha_id": 71, "range": [-1.0, 1.0]},
        "t1": {"lha_block": "dim6", "lha_id": 72, "range": [-1.0, 1.0]},
    },
    "benchmarks": {"sm": {"t0": 0.0, "t1": 0.0}, "a": {"t0": 1.0, "t1": 0.0}},
    "observables": {"x": {"expression": "j[0].pt", "required": True}},
    "luminosity": 0.1,
    "sampling": {
        "prior": {"t0": {"flat": [-0.2, 0.2]}, "t1": {"flat": [-0.2, 0.2]}},
        "hypotheses": 5,
        "train_samples": 200,
        "validation_samples": 100,
        "test_samples": 100,
        "min_effective_events": 0.1,
    },
    "training": {"hidden_layers": [8], "epochs": 2, "batch_size": 64},
    "methods": {"sally": {"kind": "sally", "bins": 2}},
    "limits": {"grid": {name: {"range": [-0.2, 0.2], "points": 3} for name in ("t0", "t1")}},
}


@pytest.fixture
def study(tmp_path):
    """Write the study, with changes of its top level."""

    def write(**changes):
        path = tmp_path / "study.yml"
        path.write_text(yaml.safe_dump({**STUDY, **changes}, sort_keys=False))
        return path

    return write


@pytest.mark.parametrize("layout", ["0.9", "0.8"])
def test_from_events_to_report(assay, study, tmp_path, layout):
    events = Path(shutil.copy(MADMINER, tmp_path / "madminer.h5"))
    if layout == "0.8":
        to_old_layout(events)
    path, output = study(), tmp_path / "run"
    shown = assay("run", "--study", path, "--part", "ml", "--events", events, "--output", output, "--processes", 2)
    assert "report:" in shown
    assert (output / "plot" / "report.html").stat().st_size > 10_000
    limits = json.loads(next(output.glob("evaluate_0/**/limits_rate.json")).read_text())
    assert limits["parameters"] == ["t0", "t1"]
    sample = json.loads(next(output.glob("sample/score/train/sample.json")).read_text())
    assert sample["observables"] == ["x"]  # the study's, of the two in the file
    assert sample["reference"] == [0.0, 0.0]


WRONG = {
    "parameters": (
        {
            "parameters": {"u": STUDY["parameters"]["t0"]},
            "benchmarks": {"sm": {"u": 0.0}},
            "sampling": {},
            "limits": {},
        },
        "parameters: t0, t1 in the file, u in the study",
    ),
    "benchmarks": (
        {"benchmarks": {"sm": {"t0": 0.0, "t1": 0.0}, "a": {"t0": 0.9, "t1": 0.0}}},
        "benchmark a is at 1, 0 in the file, at 0.9, 0 in the study",
    ),
    "observables": (
        {"observables": {"y": {"expression": "met.pt", "default": 0.0}}},
        "observable y of the study is not in the file, which has x, s",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_files_of_another_study_are_refused_before_anything_runs(assay, study, tmp_path, what):
    changes, message = WRONG[what]
    output = tmp_path / "run"
    run = ("run", "--part", "ml", "--study", study(**changes), "--events", MADMINER, "--output", output)
    shown = assay(*run, expect=1)
    assert message in shown
    assert "mend:" in shown
    assert not output.exists()
    assert message in assay("validate", study(**changes), "--events", MADMINER, expect=1)


def test_a_study_of_no_process_is_valid_with_its_events(assay, study):
    assert "valid" in assay("validate", study(), "--events", MADMINER)
    assay("validate", study(), expect=2)  # but cannot generate


def test_a_damaged_file_is_refused_before_anything_runs(assay, study, tmp_path):
    events = Path(shutil.copy(MADMINER, tmp_path / "madminer.h5"))
    with h5py.File(events, "r+") as file:
        del file["morphing"]
    output = tmp_path / "run"
    shown = assay("run", "--part", "ml", "--study", study(), "--events", events, "--output", output, expect=1)
    assert "there is no morphing in it" in shown
    assert not output.exists()
