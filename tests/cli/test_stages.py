"""Every stage's command on real files of the stages before it, few events without shower, in one process."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import assay.cli.batches
import assay.events.against_study
import assay.inference.from_study
import assay.sampling.from_study
from assay.cli.main import cli
from assay.cli.stage import STAGES, StageRun
from assay.errors import AssayError, EventFileError, GenerationError, LHEError, ManifestError, ModelError, StudyError
from assay.events.eventfile import read_event_file, read_setup_file
from assay.generation.jobs import read_batch
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.prepared import PreparedProcess
from assay.manifest import Manifest
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import Study

pytestmark = pytest.mark.fast

WRONG = "wrong"
"""Folder of stages that are expected to be refused: it is removed before."""
Chain = Any


def ends_well(results: Sequence[Result]) -> None:
    for result in results:
        if result.exception is not None:
            raise result.exception


def refused(result: Result, error: type[Exception], message: str) -> None:
    assert isinstance(result.exception, error), result.exception
    assert message in str(result.exception)


def test_configure_writes_what_it_publishes(chain: Chain) -> None:
    published = chain.published("configure")
    assert set(published) == {"study", "setup", "detector", "jobs"}
    paths = [published["study"], published["setup"], published["detector"], *published["jobs"]]
    for path in map(Path, map(str, paths)):
        assert path.is_absolute()
        assert path.is_file()
        assert path.is_relative_to(chain.folder / "configure")
    names = read_setup_file(chain.setup).space.benchmark_names
    assert [job.name for job in chain.all_jobs] == [f"{name}_{replica}" for name in names for replica in range(2)]
    assert sorted((chain.folder / "configure" / "jobs").iterdir()) == chain.jobs


def test_prepare_knows_all_benchmarks(chain: Chain) -> None:
    names = read_setup_file(chain.setup).space.benchmark_names
    prepared = PreparedProcess.load(chain.folder / "prepare" / "signal.npz")
    assert list(prepared.cross_sections) == list(names)
    assert all(0 < error < 0.1 * value for value, error in prepared.cross_sections.values())


def test_generate_writes_the_jobs_events_with_all_weights(chain: Chain) -> None:
    names = read_setup_file(chain.setup).space.benchmark_names
    for number, job in enumerate(chain.all_jobs):
        sample = read_lhe(chain.events(number) / job.name / "events.lhe.gz")
        assert len(sample) == job.n_events == 150
        assert sample.metadata["job"] == job.name
        assert set(sample.weight_names) == set(names)
        nominal = sample.weights[:, sample.weight_names.index(job.benchmark)]
        np.testing.assert_allclose(nominal, sample.nominal_weights, rtol=1e-6)


def test_generate_refuses_a_benchmark_that_was_not_prepared(chain: Chain, tmp_path: Path) -> None:
    (job,) = json.loads(chain.jobs[0].read_text())
    (tmp_path / "jobs.json").write_text(json.dumps([{**job, "benchmark": "nowhere"}]))
    refused(chain.generate(WRONG, tmp_path / "jobs.json"), GenerationError, "nowhere")


def test_what_is_no_batch_is_refused(chain: Chain) -> None:
    refused(chain.generate(WRONG, chain.study), GenerationError, "not a batch of jobs")


def test_steps_that_were_paired_wrongly_are_refused(chain: Chain) -> None:
    """A fan-out pairs them by their order alone."""
    jobs = chain.jobs[0]
    missing = "generate_1/sm_0/events.lhe.gz: input 'events' not found"
    refused(chain.simulate(WRONG, jobs, chain.events(1)), ManifestError, missing)
    refused(chain.extract(WRONG, jobs, chain.events(1), chain.objects(0)), ManifestError, missing)
    missing = "simulate_1/sm_0/detector.root: input 'objects' not found"
    refused(chain.extract(WRONG, jobs, chain.events(0), chain.objects(1)), ManifestError, missing)


def test_events_of_another_job_under_a_jobs_name_are_refused(chain: Chain, tmp_path: Path) -> None:
    shutil.copytree(chain.events(1) / "sm_1", tmp_path / "sm_0")
    refused(chain.simulate(WRONG, chain.jobs[0], tmp_path), EventFileError, "of job 'sm_1'")
    refused(chain.extract(WRONG, chain.jobs[0], tmp_path, chain.objects(0)), EventFileError, "of job 'sm_1'")


def test_extract_refuses_objects_of_other_events(chain: Chain, tmp_path: Path) -> None:
    """Two jobs of one benchmark have the same event numbers and weights: only the manifest tells them apart."""
    shutil.copytree(chain.objects(1) / "sm_1", tmp_path / "sm_0")
    refused(chain.extract(WRONG, chain.jobs[0], chain.events(0), tmp_path), EventFileError, "of job 'sm_1'")


def test_extract_refuses_events_without_a_benchmarks_weights(chain: Chain, tmp_path: Path) -> None:
    sample = read_lhe(chain.events(0) / "sm_0" / "events.lhe.gz")
    names = ("renamed", *sample.weight_names[1:])
    write_lhe(tmp_path / "sm_0" / "events.lhe.gz", type(sample)(**{**vars(sample), "weight_names": names}))
    lost = sample.weight_names[0]
    refused(chain.extract(WRONG, chain.jobs[0], tmp_path, chain.objects(0)), LHEError, lost)


def test_combine_takes_files_one_by_one(chain: Chain) -> None:
    files = [chain.extracted(number) / job.name / "events.h5" for number, job in enumerate(chain.all_jobs)]
    ends_well([chain.run("combine", "combined_files", "--setup", chain.setup, *files)])
    same_events(chain.combined, chain.folder / "combined_files" / "combined.h5")


def same_events(one: Path, other: Path) -> None:
    first, second = read_event_file(one), read_event_file(other)
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.sample_index, second.sample_index)
    assert first.samples == second.samples
    assert first.cut_flow == second.cut_flow


def test_batches_change_nothing(chain: Chain) -> None:
    """Five jobs to a step, two in the last one: the same events, bit for bit."""
    content = yaml.safe_load((chain.folder / "input.yml").read_text())
    study = chain.folder / "batched.yml"
    study.write_text(yaml.safe_dump({**content, "execution": {"jobs_per_step": 5}}, sort_keys=False))
    shutil.copytree(chain.folder / "prepare", chain.folder / "batched" / "prepare")
    ends_well([CliRunner().invoke(cli, f"configure --study {study} --output {chain.folder}/batched/configure".split())])
    batched = type(chain)(chain.folder / "batched")
    assert [len(read_batch(path)) for path in batched.jobs] == [5, 5, 2]
    assert batched.all_jobs == chain.all_jobs
    for number, jobs in enumerate(batched.jobs):
        ends_well([batched.generate(f"generate_{number}", jobs)])
        ends_well([batched.simulate(f"simulate_{number}", jobs, batched.events(number))])
        ends_well([batched.extract(f"extract_{number}", jobs, batched.events(number), batched.objects(number))])
    steps = [batched.extracted(number) for number in range(3)]
    ends_well([batched.run("combine", "combine", "--setup", batched.setup, *steps)])
    same_events(chain.combined, batched.combined)


@pytest.mark.parametrize("missing", ["events.h5", "manifest.json"])
def test_combine_names_the_jobs_that_are_not_complete(chain: Chain, tmp_path: Path, missing: str) -> None:
    shutil.copytree(chain.extracted(0), tmp_path / "extract_0")
    (tmp_path / "extract_0" / "sm_0" / missing).unlink()
    result = chain.run("combine", WRONG, "--setup", chain.setup, tmp_path / "extract_0", chain.extracted(1))
    refused(result, ManifestError, "extract_0: not complete: sm_0")


def test_combine_refuses_a_folder_without_events(chain: Chain, tmp_path: Path) -> None:
    result = chain.run("combine", WRONG, "--setup", chain.setup, chain.extracted(0), tmp_path)
    refused(result, ManifestError, f"{tmp_path}: no events.h5 of any job here")


def test_combine_keeps_every_job_apart(chain: Chain) -> None:
    table = read_event_file(chain.combined)
    assert [sample.name for sample in table.samples] == [job.name for job in chain.all_jobs]
    parts = [read_event_file(chain.extracted(n) / job.name / "events.h5") for n, job in enumerate(chain.all_jobs)]
    assert len(table.x) == sum(len(part.x) for part in parts)
    # each of the two jobs of a benchmark stands for its whole cross section; together they do so once
    np.testing.assert_allclose(table.weights.sum(axis=0), sum(part.weights.sum(axis=0) for part in parts) / 2)


def test_sample_lists_methods_and_their_samples_in_step(chain: Chain) -> None:
    published = chain.published("sample")
    methods = json.loads(chain.study.read_text())["methods"]
    assert published["methods"] == list(methods)
    assert len(published["samples"]) == len(methods)
    for method, folder in zip(published["methods"], published["samples"], strict=True):
        kind = {"alice": "ratio", "alices": "ratio", "sally": "score"}.get(methods[method]["kind"], "")
        assert Path(folder) == chain.folder / "sample" / kind  # baselines learn from no samples
        if kind:
            loader = RatioSample if kind == "ratio" else ScoreSample
            sizes = {name: len(loader.load(Path(folder) / name)) for name in ("train", "validation", "test")}
            assert sizes == {"train": 400, "validation": 200, "test": 200}


def test_train_refuses_a_method_that_the_study_does_not_have(chain: Chain) -> None:
    refused(chain.train(WRONG, "nonsense", chain.folder / "sample" / "ratio"), StudyError, "no training 'nonsense'")


def test_evaluate_refuses_the_model_of_another_method(chain: Chain) -> None:
    """Also one of the same kind, and those that have nothing to train."""
    samples = chain.folder / "sample" / "score"
    for method in ("sally", "rate", "histogram_2d"):
        ends_well([chain.train(f"train_{method}", method, samples)])
    for method, other in (("also_sally", "sally"), ("sally", "rate"), ("rate", "histogram_2d"), ("alice", "sally")):
        result = chain.evaluate(WRONG, method, samples, chain.folder / f"train_{other}" / "model")
        refused(result, ModelError, f"the models are of {other}")
    ends_well([chain.evaluate("evaluate", "sally", samples, chain.folder / "train_sally" / "model")])
    assert Manifest.read(chain.folder / "evaluate").job == "sally"


def test_evaluate_refuses_a_model_of_another_kind_without_a_manifest(chain: Chain, tmp_path: Path) -> None:
    samples = chain.folder / "sample" / "score"
    ends_well([chain.train("train_alone", "sally", samples)])
    shutil.copytree(chain.folder / "train_alone" / "model", tmp_path / "model")
    refused(chain.evaluate(WRONG, "alice", samples, tmp_path / "model"), ModelError, "the model is of sally")


@pytest.mark.parametrize("damage", ["missing", "empty", "nonsense", "first bytes alone"])
@pytest.mark.parametrize(
    "what", ["setup", "process", "jobs", "events", "objects", "combined", "samples", "model", "study"]
)
def test_damaged_and_missing_files_are_faults_that_can_be_mended(
    chain: Chain, tmp_path: Path, what: str, damage: str
) -> None:
    bad = tmp_path / "bad"
    folder = tmp_path / "folder"
    inside = {"events": "events.lhe.gz", "objects": "detector.root"}
    if what == "process":
        bad = folder / "signal.npz"
        folder.mkdir()
    if what in inside:
        bad = folder / "sm_0" / inside[what]
        bad.parent.mkdir(parents=True)
    first = {"process": b"PK\x03\x04", "events": b"\x1f\x8b\x08", "objects": b"root", "jobs": b"{", "study": b"{"}
    if damage != "missing":
        contents = {"empty": b"", "nonsense": b"nonsense", "first bytes alone": first.get(what, b"\x89HDF\r\n\x1a\n")}
        bad.write_bytes(contents[damage])
    jobs, process = chain.jobs[0], chain.folder / "prepare"
    start: dict[str, Callable[[], Result]] = {
        "setup": lambda: chain.run("prepare", WRONG, "--setup", bad),
        "process": lambda: chain.run("generate", WRONG, "--process", bad.parent, "--jobs", jobs),
        "jobs": lambda: chain.run("generate", WRONG, "--process", process, "--jobs", bad),
        "events": lambda: chain.simulate(WRONG, jobs, folder),
        "objects": lambda: chain.extract(WRONG, jobs, chain.events(0), folder),
        "combined": lambda: chain.run("sample", WRONG, "--events", bad),
        "samples": lambda: chain.train(WRONG, "sally", bad),
        "model": lambda: chain.evaluate(WRONG, "sally", chain.folder / "sample" / "score", bad),
        "study": lambda: CliRunner().invoke(
            cli, ["combine", "--study", str(bad), "--setup", "a", "--output", "b", "c"]
        ),
    }
    error = start[what]().exception
    assert isinstance(error, AssayError), (what, error)
    assert bad.name in str(error)


class Watched(Study):
    """A study that notes which of its sections a stage reads for its work, and to tell `run_stage` what it is."""

    working: ClassVar[bool] = False
    read: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        if Watched.working and name in Study.model_fields:
            Watched.read.add(name)
        return super().__getattribute__(name)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have a stage's work run on a watched study."""

    def watch(stage: str) -> None:
        module = importlib.import_module(f"assay.cli.{stage}")
        runs_stages = assay.cli.batches if stage in ("generate", "simulate", "extract") else module
        original, run_stage = module.read_study, runs_stages.run_stage

        def watched_stage(
            name: str, study: Study, folder: Path, inputs: Any, work: Callable[..., None], *more: Any, **options: Any
        ) -> None:
            def watched_work(run: StageRun) -> None:
                Watched.working = True
                work(run)
                Watched.working = False

            Watched.working = False
            run_stage(name, study, folder, inputs, watched_work, *more, **options)

        def read_study(path: Path) -> Study:
            study = Watched.model_construct(**dict(original(path)))
            Watched.working = True
            return study

        Watched.read = set()
        monkeypatch.setattr(Watched, "working", False)
        monkeypatch.setattr(module, "read_study", read_study)
        monkeypatch.setattr(runs_stages, "run_stage", watched_stage)
        for again in (
            assay.events.against_study,
            assay.inference.from_study,
            assay.sampling.from_study,
        ):  # resolving twice changes nothing
            monkeypatch.setattr(again, "resolve", lambda study: study)

    return watch


@pytest.mark.parametrize("stage", ["generate", "simulate", "extract", "combine", "sample", "train", "evaluate"])
def test_a_stage_names_all_the_sections_that_it_reads(
    chain: Chain, watch: Callable[[str], None], stage: str, tmp_path: Path
) -> None:
    """Else its outputs would be kept when such a section changes."""
    samples = chain.folder / "sample" / "score"
    ends_well([chain.train("train_watched", "sally", samples)] if stage == "evaluate" else [])
    job, events, objects = chain.jobs[0], chain.events(0), chain.objects(0)
    output = str(tmp_path / "stage")
    extracted = [chain.extracted(number) for number in range(len(chain.jobs))]
    start: dict[str, Callable[[], Result]] = {
        "generate": lambda: chain.generate(output, job),
        "simulate": lambda: chain.simulate(output, job, events),
        "extract": lambda: chain.extract(output, job, events, objects),
        "combine": lambda: chain.run("combine", output, "--setup", chain.setup, *extracted),
        "sample": lambda: chain.run("sample", output, "--events", chain.combined),
        "train": lambda: chain.train(output, "sally", samples),
        "evaluate": lambda: chain.evaluate(output, "sally", samples, chain.folder / "train_watched" / "model"),
    }
    watch(stage)
    ends_well([start[stage]()])
    (manifest,) = (tmp_path / "stage").rglob("manifest.json")
    assert Manifest.read(manifest.parent).stage == stage
    parts = {"sample": {"methods", "limits"}, "train": {"methods"}, "evaluate": {"methods"}}  # see test_method_keys
    in_parts = parts.get(stage, set())
    # how a study is run, such as on how many cores, changes no results: simulation/test_shower.py
    assert Watched.read - {"execution"} <= {*STAGES[stage].sections, *in_parts}
