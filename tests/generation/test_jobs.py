"""Jobs: their shares, names and seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.jobs import batches_of, jobs_of, read_batch, write_batches
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.seeds import pythia_seed

pytestmark = pytest.mark.fast

BENCHMARKS = ("sm", "w", "basis_1")
Write = Callable[..., Path]


@pytest.fixture
def study(small_study: Write) -> Study:
    return load_study(small_study(process={"events_per_benchmark": 1000, "jobs_per_benchmark": 7}))


def test_no_two_jobs_share_a_seed_or_a_name(study: Study) -> None:
    """The trap: several jobs of one benchmark with one seed repeat the same events."""
    jobs = jobs_of(study, BENCHMARKS)
    assert len(jobs) == 21
    assert len({job.name for job in jobs}) == 21
    assert len({job.seed for job in jobs}) == 21
    assert len({pythia_seed(study.seed, f"simulate {job.name}") for job in jobs}) == 21


def test_jobs_of_a_benchmark_share_its_events(study: Study) -> None:
    for benchmark in BENCHMARKS:
        shares = [job.n_events for job in jobs_of(study, BENCHMARKS) if job.benchmark == benchmark]
        assert sum(shares) == 1000
        assert max(shares) - min(shares) <= 1


def test_another_study_seed_gives_other_events(study: Study) -> None:
    other = study.model_copy(update={"seed": study.seed + 1})
    seeds = {job.seed for job in jobs_of(study, BENCHMARKS)}
    assert not seeds & {job.seed for job in jobs_of(other, BENCHMARKS)}


def test_no_job_is_without_events(study: Study) -> None:
    process = study.process.model_copy(update={"events_per_benchmark": 2, "jobs_per_benchmark": 7})
    assert [job.n_events for job in jobs_of(study.model_copy(update={"process": process}), ("sm",))] == [1, 1]


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 21), (8, [8, 8, 5]), (21, [21]), (100, [21])])
def test_batches_hold_every_job_once_and_in_order(study: Study, size: int, sizes: list[int]) -> None:
    jobs = jobs_of(study, BENCHMARKS)
    batches = list(batches_of(jobs, size))
    assert [len(batch) for batch in batches] == sizes
    assert [job for batch in batches for job in batch] == jobs


def test_batches_come_back_from_their_files(study: Study, tmp_path: Path) -> None:
    batches = list(batches_of(jobs_of(study, BENCHMARKS), 8))
    paths = write_batches(tmp_path, batches)
    assert [path.name for path in paths] == ["000.json", "001.json", "002.json"]
    assert [read_batch(path) for path in paths] == batches


JOB = {"name": "sm_0", "benchmark": "sm", "replica": 0, "n_events": 1, "seed": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"name": "x"}, "not a batch of jobs"),
        ([{"name": "x"}], "not a batch of jobs"),
        (JOB, "not a batch of jobs"),
        ("text", "not a batch of jobs"),
        (None, "not a batch of jobs"),
        ([], "none at all"),
        ([JOB, JOB], "sm_0, sm_0"),
        ([{**JOB, "name": "../elsewhere"}], "elsewhere"),
        ([{**JOB, "name": ""}], "without a name"),
        ([{**JOB, "name": 1}], "without a name"),
    ],
)
def test_what_is_no_batch_is_refused(tmp_path: Path, content: object, message: str) -> None:
    (tmp_path / "other.json").write_text(json.dumps(content))
    with pytest.raises(GenerationError, match=message):
        read_batch(tmp_path / "other.json")
