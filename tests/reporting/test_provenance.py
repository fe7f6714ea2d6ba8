from pathlib import Path

import pytest

from assay.errors import ManifestError
from assay.manifest import FileRecord, Manifest
from assay.reporting.provenance import upstream
from assay.reporting.run import run_files

pytestmark = pytest.mark.fast


def stage(folder: Path, name: str, job: str = "", inputs: tuple[Path, ...] = ()) -> Path:
    folder.mkdir(parents=True)
    records = tuple(FileRecord(f"role:{path}", "0", 1) for path in inputs)
    Manifest(name, job, "0.1.0", "toy", "hash", 1, "key", records, (), "2026-11-22", 1.0, 1.0).write(folder)
    return folder


@pytest.fixture
def run(tmp_path):
    configure = stage(tmp_path / "configure", "configure", inputs=(tmp_path / "input.yml",))
    jobs = [
        stage(
            tmp_path / f"generate_{n}",
            "generate",
            f"job_{n}",
            (configure / "setup.h5", configure / "jobs" / f"{n}.json"),
        )
        for n in (0, 10, 2)
    ]
    combine = stage(tmp_path / "combine", "combine", inputs=tuple(job / "events.h5" for job in jobs))
    train = stage(tmp_path / "train_0", "train", "alices", (combine / "combined.h5",))
    evaluate = stage(
        tmp_path / "evaluate_0", "evaluate", "alices", (train / "model" / "model.json", combine / "combined.h5")
    )
    return tmp_path, [evaluate, train]


def test_all_stages_before_are_found_once_and_in_order(run):
    folder, last = run
    names = [path.relative_to(folder.resolve()).name for path in upstream(last)]
    assert names == ["configure", "generate_0", "generate_2", "generate_10", "combine", "train_0", "evaluate_0"]


def test_a_copied_run_is_not_counted_twice(run):
    folder, (evaluate, train) = run
    copy = stage(folder / "copy" / "train_0", "train", "alices", (folder / "combine" / "combined.h5",))
    found = upstream([evaluate, copy])  # evaluate still names the training in the first place
    assert copy.resolve() in found
    assert train.resolve() not in found
    assert len(found) == 7


def test_stages_that_have_gone_are_left_out(run):
    folder, last = run
    (folder / "combine" / "manifest.json").unlink()
    assert [path.name for path in upstream(last)] == ["train_0", "evaluate_0"]


def test_folders_are_sorted_by_what_their_manifests_say(run):
    folder, last = run
    files = run_files(folder / "study.json", folder / "combined.h5", last)
    assert files.trainings == {"alices": folder / "train_0"}
    assert files.evaluations == {"alices": folder / "evaluate_0"}
    assert len(files.stages) == 7


def test_a_folder_without_a_manifest_is_an_error(tmp_path):
    with pytest.raises(ManifestError):
        upstream([tmp_path])
