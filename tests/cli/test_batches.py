"""Batches: every job by itself complete or not, whatever happens to the others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from assay.cli.batches import run_batch
from assay.cli.folders import BATCH, MARK, files_of_jobs
from assay.cli.stage import StageRun
from assay.errors import AssayError, EventFileError, FolderError, GenerationError, JobsError, ManifestError
from assay.generation.jobs import Job, write_batches
from assay.manifest import NAME, Manifest, job_of, verified_inputs
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.resolve import resolve

pytestmark = pytest.mark.fast

JOBS = tuple(Job(f"sm_{n}", "sm", n, 10, 100 + n) for n in range(4))


@pytest.fixture
def study(small_study: Callable[..., Path]) -> Study:
    return resolve(load_study(small_study()))


class Batch:
    """A step whose jobs write their own number in capitals; its work can be watched, and made to fail."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.input = folder / "generate_0", folder / "input.txt"
        self.input.write_text("input")
        self.worked: list[str] = []
        self.fails: dict[str, BaseException] = {}

    def inputs(self, job: Job) -> Mapping[str, list[Path]]:
        return {"process": [self.input]}

    def work(self, job: Job, run: StageRun) -> None:
        self.worked.append(job.name)
        (run.folder / "events.txt").write_text(f"{job.name} {job.seed}")
        if job.name in self.fails:
            raise self.fails[job.name]

    def run(self, study: Study, jobs: tuple[Job, ...] = JOBS) -> list[str]:
        """Run it; return the jobs that had to work."""
        self.worked = []
        run_batch("generate", study, self.folder, jobs, self.inputs, self.work)
        return self.worked

    def complete(self) -> set[str]:
        return {path.parent.name for path in self.folder.glob(f"*/{NAME}")}

    def times(self) -> dict[str, int]:
        """When every file was last written."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.stat().st_mtime_ns for path in paths}


def test_every_job_has_a_stage_of_its_own(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    assert batch.run(study) == [job.name for job in JOBS]
    for job in JOBS:
        manifest = Manifest.read(batch.folder / job.name)
        assert (manifest.stage, manifest.job) == ("generate", job.name)
        assert [record.path for record in manifest.outputs] == ["events.txt"]
        assert (batch.folder / job.name / "journal.jsonl").is_file()
        assert job_of(batch.folder / job.name / "events.txt") == job.name
    assert len({Manifest.read(batch.folder / job.name).seed for job in JOBS}) == len(JOBS)
    assert {entry.name for entry in batch.folder.iterdir()} == {MARK, BATCH, *(job.name for job in JOBS)}


def test_nothing_is_done_or_written_twice(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    before = batch.times()
    assert batch.run(study) == []
    assert batch.times() == before


def test_a_job_is_done_again_for_its_own_sake_alone(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    changed = (*JOBS[:2], Job("sm_2", "sm", 2, 11, 102), JOBS[3])
    assert batch.run(study, changed) == ["sm_2"]
    (batch.folder / "sm_1" / "events.txt").write_text("damaged")
    assert batch.run(study, changed) == ["sm_1"]


def test_a_job_does_not_depend_on_its_batch(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    alone = Batch(tmp_path)
    alone.folder = tmp_path / "generate_7"
    alone.run(study, JOBS[2:3])
    assert Manifest.read(alone.folder / "sm_2").key == Manifest.read(batch.folder / "sm_2").key


def test_how_a_study_is_executed_changes_nothing(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    execution = study.execution.model_copy(update={"jobs_per_step": 3, "retries": 7})
    assert batch.run(study.model_copy(update={"execution": execution})) == []
    assert len(batch.run(study.model_copy(update={"seed": 99}))) == 4


def test_jobs_that_the_batch_no_longer_has_are_removed(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    (batch.folder / "_packtivity").mkdir()
    (batch.folder / "events.lhe.gz").touch()  # of a version that had one job to a step
    before = batch.times()
    assert batch.run(study, JOBS[1:3]) == []
    kept = {entry.name for entry in batch.folder.iterdir()}
    assert kept == {MARK, BATCH, "_packtivity", "sm_1", "sm_2"}
    after = batch.times()
    assert {name for name in after if after[name] != before[name]} == {BATCH}
    assert batch.run(study) == ["sm_0", "sm_3"]


def test_one_failing_job_does_not_stop_the_others(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.fails = {"sm_0": GenerationError("too hot", where="oven"), "sm_2": EventFileError("too cold")}
    with pytest.raises(JobsError) as caught:
        batch.run(study)
    message = str(caught.value)
    assert batch.worked == [job.name for job in JOBS]
    assert message.startswith("2 of 4 jobs failed: sm_0, sm_2\nsm_0: oven: too hot\nsm_2: too cold\n")
    assert batch.complete() == {"sm_1", "sm_3"}
    before = batch.times()
    batch.fails = {}
    assert batch.run(study) == ["sm_0", "sm_2"]
    assert {name: time for name, time in batch.times().items() if name in before and name[:4] in ("sm_1", "sm_3")} == {
        name: time for name, time in before.items() if name[:4] in ("sm_1", "sm_3")
    }


def test_a_fault_that_is_no_users_is_told_as_such(study: Study, tmp_path: Path) -> None:
    """It may pass with another try, so it must not hide behind a fault that cannot."""
    batch = Batch(tmp_path)
    full = OSError(28, "No space left on device")
    batch.fails = {"sm_0": GenerationError("too hot"), "sm_1": full}
    with pytest.raises(ExceptionGroup, match="2 of 4 jobs failed: sm_0, sm_1") as caught:
        batch.run(study)
    assert caught.value.exceptions == (full,)
    assert batch.complete() == {"sm_2", "sm_3"}


def test_the_only_jobs_fault_is_the_steps(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.fails = {"sm_0": GenerationError("too hot")}
    with pytest.raises(GenerationError, match="too hot"):
        batch.run(study, JOBS[:1])
    assert batch.complete() == set()


def test_an_interruption_stops_the_batch(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    batch.fails = {"sm_1": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        batch.run(study)
    assert batch.worked == ["sm_0", "sm_1"]
    assert batch.complete() == {"sm_0"}


KILLED = """
import os, signal, sys
from pathlib import Path
from assay.cli.batches import run_batch
from assay.cli.options import read_study
from assay.generation.jobs import read_batch

def work(job, run):
    (run.folder / "events.txt").write_text(f"{job.name} {job.seed}")
    if job.name == "sm_2":
        (run.folder / "half").touch()
        os.kill(os.getpid(), signal.SIGKILL)

study, folder, jobs, given = map(Path, sys.argv[1:])
run_batch("generate", read_study(study), folder, read_batch(jobs), lambda job: {"process": [given]}, work)
"""


def test_a_batch_that_was_killed_goes_on_from_its_complete_jobs(
    small_study: Callable[..., Path], study: Study, tmp_path: Path
) -> None:
    batch = Batch(tmp_path)
    (jobs,) = write_batches(tmp_path / "jobs", [JOBS])
    arguments = [small_study(), batch.folder, jobs, batch.input]
    done = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert batch.complete() == {"sm_0", "sm_1"}
    with pytest.raises(ManifestError, match="not complete: sm_2, sm_3"):
        files_of_jobs([batch.folder], "events.txt")
    before = batch.times()
    assert batch.run(study) == ["sm_2", "sm_3"]
    after = batch.times()
    assert all(after[name] == before[name] for name in before if name.startswith(("sm_0", "sm_1")))
    assert not (batch.folder / "sm_2" / "half").exists()


def test_a_job_killed_before_its_folder_was_marked_goes_on(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    (batch.folder / "sm_0").mkdir(parents=True)
    (batch.folder / "sm_0" / ".partial-abc").write_text("genera")
    (batch.folder / MARK).write_text("generate\n")
    assert len(batch.run(study)) == 4
    assert not list(batch.folder.rglob(".partial-*"))
    another = Batch(tmp_path)
    another.folder = tmp_path / "generate_1"
    another.folder.mkdir()
    (another.folder / ".partial-abc").write_text("genera")
    assert len(another.run(study)) == 4


def test_a_folder_of_somebody_else_is_never_emptied(study: Study, tmp_path: Path) -> None:
    batch = Batch(tmp_path)
    (batch.folder / "letters").mkdir(parents=True)
    with pytest.raises(FolderError, match="holds other files"):
        batch.run(study)
    (batch.folder / "letters").rename(tmp_path / "letters")
    (batch.folder / MARK).write_text("simulate\n")
    with pytest.raises(FolderError, match="of the stage simulate"):
        batch.run(study)
    (batch.folder / MARK).write_text("generate\n")
    batch.input = batch.input.rename(batch.folder / "input.txt")
    with pytest.raises(FolderError, match="holds its input"):
        batch.run(study)
    assert batch.input.exists()
    assert batch.worked == []


def test_files_of_jobs_are_in_the_order_of_the_jobs(study: Study, tmp_path: Path) -> None:
    """Neither that of the file system nor that of the alphabet."""
    batch = Batch(tmp_path)
    jobs = (Job("w_0", "w", 0, 1, 1), Job("sm_10", "sm", 10, 1, 2), Job("sm_9", "sm", 9, 1, 3))
    batch.run(study, jobs)
    own = tmp_path / "mine.txt"
    found = files_of_jobs([own, batch.folder], "events.txt")
    assert found == [own, *(batch.folder / name / "events.txt" for name in ("w_0", "sm_10", "sm_9"))]
    assert len(verified_inputs({"events": found[1:]})) == 3


@pytest.mark.parametrize("content", ["[]", "{", "{}", '["sm_0", 3]', '"sm_0"'])
def test_a_damaged_list_of_jobs_is_a_fault_that_can_be_mended(study: Study, tmp_path: Path, content: str) -> None:
    batch = Batch(tmp_path)
    batch.run(study)
    (batch.folder / BATCH).write_text(content)
    with pytest.raises(AssayError, match=r"generate_0"):
        files_of_jobs([batch.folder], "events.txt")
    batch.run(study)
    assert json.loads((batch.folder / BATCH).read_text()) == [job.name for job in JOBS]
