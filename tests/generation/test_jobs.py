"""Jobs: their shares, names and seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.generation.jobs import Job, jobs_of
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


def test_a_job_comes_back_from_its_file(study: Study, tmp_path: Path) -> None:
    job = jobs_of(study, BENCHMARKS)[5]
    assert Job.read(job.write(tmp_path)) == job
    (tmp_path / "other.json").write_text('{"name": "x"}')
    with pytest.raises(AssayError, match="not a job"):
        Job.read(tmp_path / "other.json")
