"""The results of a run are found in its folder: of the whole study, and of the part that starts from an event file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from assay.errors import AssayError
from assay.manifest import Manifest
from assay.reporting.run_folder import find_run, read_run_folder

pytestmark = pytest.mark.fast

PLACES = {
    "all": ("physics/configure/study.json", "physics/combine/combined.h5", "ml"),
    "ml": ("plot/data/study.json", "input/events.h5", "."),
}


def laid_out(run: Any, folder: Path, part: str) -> Path:
    """Copy a run's files to where `assay run` puts them; the numbers of folders are not in the methods' order."""
    study, events, learning = PLACES[part]
    for source, place in ((run.study, study), (run.combined, events)):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, folder / place)
    for stage, folders in (("train", run.trainings), ("evaluate", run.evaluations)):
        for number, (method, source) in enumerate(reversed(list(folders.items()))):
            place = folder / learning / f"{stage}_{number}"
            shutil.copytree(source, place)
            Manifest(stage, method, "0.1.0", "toy", "hash", 1, "key", (), (), "2026-11-22", 1.0, 1.0).write(place)
    return folder


@pytest.mark.parametrize("part", PLACES)
def test_results_are_those_of_the_files(toy_run: Any, tmp_path: Path, part: str) -> None:
    folder = laid_out(toy_run, tmp_path, part)
    files = find_run(folder)
    assert set(files.evaluations) == set(toy_run.evaluations)
    assert files.combined == folder / PLACES[part][1]
    results = read_run_folder(str(folder))
    assert results.limits[0].method == next(iter(results.study.methods))
    assert set(results.trainings) == set(toy_run.trainings) - {"histogram"}
    assert results.checks


def test_what_the_study_no_longer_has_is_left_out(toy_run: Any, tmp_path: Path) -> None:
    folder = laid_out(toy_run, tmp_path, "all")
    old = folder / "ml" / "evaluate_9"
    shutil.copytree(folder / "ml" / "evaluate_0", old)
    Manifest("evaluate", "gone", "0.1.0", "toy", "hash", 1, "key", (), (), "2026-11-22", 1.0, 1.0).write(old)
    assert "gone" not in find_run(folder).evaluations


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("ml/evaluate_*", "no results are here"),
        ("physics/configure/study.json", "not complete"),
        ("physics/combine/combined.h5", "not complete"),
    ],
)
def test_a_run_that_has_not_come_so_far(toy_run: Any, tmp_path: Path, remove: str, message: str) -> None:
    folder = laid_out(toy_run, tmp_path, "all")
    for path in folder.glob(remove):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(AssayError, match=message):
        find_run(folder)
