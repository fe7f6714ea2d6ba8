"""Jobs: their shares, names and seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.jobs import batches_of, cards_of, jobs_of, read_batch, sources_of, write_batches
from assay.study.load import load_study
from assay.study.model import FilesProcess, MadGraphCards, MadGraphProcess, SampleSection, Study
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


CARDS = {"proc": "cards/proc.dat", "run": "cards/run.dat", "reweight": "cards/rw.dat"}


def with_samples(study: Study, **samples: dict[str, object]) -> Study:
    sections = {name: SampleSection.model_validate(content) for name, content in samples.items()}
    return study.model_copy(update={"samples": sections})


def test_a_region_has_a_job_per_benchmark_and_replica_and_a_background_per_replica(study: Study) -> None:
    process = {"events_per_benchmark": 10, "jobs_per_benchmark": 2, "k_factor": 1.5}
    found = with_samples(study, tail={"signal": True, "process": process}, zh={"process": {**process, "name": "zh"}})
    variations = {"signal": ("a",), "tail": ("b",), "zh": ("c", "d")}
    jobs = {job.name: job for job in jobs_of(found, BENCHMARKS, variations)}
    assert len(jobs) == 21 + 6 + 2
    assert len({job.seed for job in jobs.values()}) == len(jobs)
    tail, zh, signal = jobs["tail_basis_1_1"], jobs["zh_1"], jobs["sm_0"]
    assert (tail.benchmark, tail.sample, tail.region, tail.process) == ("basis_1", "tail", "tail", "tail.npz")
    assert (zh.benchmark, zh.sample, zh.region, zh.process) == (None, "zh", "", "zh.npz")
    assert (signal.region, signal.process, signal.k_factor) == ("", "signal.npz", 1.0)
    assert (tail.n_events, tail.k_factor, zh.n_events, zh.k_factor) == (5, 1.5, 5, 1.5)
    assert (signal.variations, tail.variations, zh.variations) == (("a",), ("b",), ("c", "d"))


def test_jobs_of_the_process_do_not_depend_on_other_samples(study: Study) -> None:
    more = with_samples(study, zh={"process": {"name": "zh"}})
    assert jobs_of(more, BENCHMARKS)[:21] == jobs_of(study, BENCHMARKS)


def test_existing_files_are_jobs_of_their_benchmarks(study: Study) -> None:
    files = {"sm": ("a/x.lhe.gz", "a/y.lhe"), "w": ("b/z.lhe",)}
    process = FilesProcess(generator="files", files=files, cross_section={"w": 0.5}, k_factor=2.0)
    other = with_samples(
        study.model_copy(update={"process": process}),
        tail={"signal": True, "process": {"generator": "files", "files": {"sm": ("t.lhe",)}}},
    )
    jobs = jobs_of(other, BENCHMARKS)
    assert [(job.name, job.benchmark, job.source, job.cross_section, job.region) for job in jobs] == [
        ("sm_0", "sm", "sm_0.lhe.gz", None, ""),
        ("sm_1", "sm", "sm_1.lhe", None, ""),
        ("w_0", "w", "w_0.lhe", 0.5, ""),
        ("tail_sm_0", "sm", "tail_sm_0.lhe", None, "tail"),
    ]
    assert {job.k_factor for job in jobs} == {2.0, 1.0}
    assert all(job.process is None and job.sample in ("signal", "tail") for job in jobs)
    assert sources_of(other) == {
        "sm_0.lhe.gz": "a/x.lhe.gz",
        "sm_1.lhe": "a/y.lhe",
        "w_0.lhe": "b/z.lhe",
        "tail_sm_0.lhe": "t.lhe",
    }


def test_reconstructed_objects_travel_with_their_events(study: Study) -> None:
    files, objects = {"sm": ("x.lhe", "y.lhe"), "w": ("z.lhe",)}, {"sm": ("a/x.root", "y.root")}
    other = with_samples(
        study.model_copy(update={"process": FilesProcess(generator="files", files=files, objects=objects)}),
        continuum={"events": "continuum.lhe.gz", "objects": "continuum.root"},
    )
    assert {job.name: job.objects for job in jobs_of(other, BENCHMARKS)} == {
        "sm_0": "sm_0.root",
        "sm_1": "sm_1.root",
        "w_0": None,
        "continuum_0": "continuum.root",
    }
    sources = {name: file for name, file in sources_of(other).items() if name.endswith(".root")}
    assert sources == {"sm_0.root": "a/x.root", "sm_1.root": "y.root", "continuum.root": "continuum.root"}


def test_madgraph_has_an_archive_and_cards_that_travel(study: Study) -> None:
    process = MadGraphProcess(generator="madgraph", cards=MadGraphCards(**CARDS), events_per_benchmark=4)
    other = with_samples(
        study.model_copy(update={"process": process}),
        zh={"process": {"generator": "madgraph", "cards": {"proc": "cards/zh.dat", "run": CARDS["run"]}}},
    )
    jobs = jobs_of(other, ("sm",))
    assert [job.process for job in jobs] == ["signal.tar.gz", "zh.tar.gz"]
    assert cards_of(other) == [*CARDS.values(), "cards/zh.dat"]
    assert cards_of(study) == []
    assert sources_of(study) == {}


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
