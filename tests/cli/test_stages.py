"""Every stage's command on real files of the stages before it, few events without shower, in one process."""

from __future__ import annotations

import functools
import importlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

import assay.cli.prepare
import assay.inference.from_study
import assay.sampling.from_study
from assay.cli.main import cli
from assay.cli.stage import STAGES, StageRun
from assay.errors import AssayError, EventFileError, GenerationError, LHEError, ModelError, StudyError
from assay.events.eventfile import read_event_file, read_setup_file
from assay.generation.jobs import Job
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.prepared import PreparedProcess
from assay.manifest import Manifest
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import Study

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
WRONG = "wrong"
"""Folder of stages that are expected to be refused."""
CHANGES = {
    "process": {"events_per_benchmark": 300, "jobs_per_benchmark": 2},
    "sampling": {
        "hypotheses": 20,
        "train_samples": 400,
        "validation_samples": 200,
        "test_samples": 200,
        "min_effective_events": 1,
    },
    "training": {"hidden_layers": [8], "epochs": 2, "batch_size": 128},
    "methods": {"also_sally": {"kind": "sally"}},
}


@dataclass(frozen=True)
class Chain:
    """The folders of a study's stages."""

    folder: Path

    @property
    def study(self) -> Path:
        return self.folder / "configure" / "study.json"

    @property
    def setup(self) -> Path:
        return self.folder / "configure" / "setup.h5"

    @property
    def combined(self) -> Path:
        return self.folder / "combine" / "combined.h5"

    @property
    def jobs(self) -> list[Path]:
        return [Path(job) for job in self.published("configure")["jobs"]]

    def published(self, stage: str) -> dict[str, list[str]]:
        content: dict[str, list[str]] = yaml.safe_load((self.folder / stage / "published.yml").read_text())
        return content

    def run(self, stage: str, output: str, *arguments: object) -> Result:
        study = self.folder / "input.yml" if stage == "configure" else self.study
        if output == WRONG:
            shutil.rmtree(self.folder / WRONG, ignore_errors=True)
        given = [stage, "--study", study, "--output", self.folder / output, *arguments]
        return CliRunner().invoke(cli, [str(argument) for argument in given])

    def generate(self, output: str, job: Path) -> Result:
        return self.run("generate", output, "--process", self.folder / "prepare/process.npz", "--job", job)

    def simulate(self, output: str, job: Path, events: Path) -> Result:
        detector = self.folder / "configure" / "detector.yml"
        return self.run("simulate", output, "--job", job, "--detector", detector, "--events", events)

    def extract(self, output: str, job: Path, events: Path, objects: Path) -> Result:
        return self.run(
            "extract", output, "--setup", self.setup, "--job", job, "--events", events, "--objects", objects
        )

    def train(self, output: str, method: str, samples: object) -> Result:
        return self.run("train", output, "--method", method, "--samples", samples)

    def evaluate(self, output: str, method: str, samples: object, model: Path) -> Result:
        return self.run(
            "evaluate", output, "--method", method, "--events", self.combined, "--samples", samples, "--model", model
        )

    def events(self, number: int) -> Path:
        return self.folder / f"generate_{number}" / "events.lhe.gz"

    def objects(self, number: int) -> Path:
        return self.folder / f"simulate_{number}" / "detector.root"


def ends_well(results: Sequence[Result]) -> None:
    for result in results:
        if result.exception is not None:
            raise result.exception


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """All stages up to the samples."""
    folder = tmp_path_factory.mktemp("chain")
    content = yaml.safe_load((ROOT / "input" / "input.yml").read_text())
    for section, changes in CHANGES.items():
        content[section].update(changes)
    content["detector"] = {"kind": "none"}
    for axis in content["limits"]["grid"].values():
        axis["points"] = 5
    (folder / "input.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    chain = Chain(folder)
    quick = functools.partial(assay.cli.prepare.prepare, n_points=5000, iterations=4, n_points_per_iteration=4000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assay.cli.prepare, "prepare", quick)
        ends_well([chain.run("configure", "configure"), chain.run("prepare", "prepare", "--setup", chain.setup)])
    for number, job in enumerate(chain.jobs):
        ends_well([chain.generate(f"generate_{number}", job)])
        ends_well([chain.simulate(f"simulate_{number}", job, chain.events(number))])
        ends_well([chain.extract(f"extract_{number}", job, chain.events(number), chain.objects(number))])
    extracted = [folder / f"extract_{number}" / "events.h5" for number in range(len(chain.jobs))]
    ends_well([chain.run("combine", "combine", "--setup", chain.setup, *extracted)])
    ends_well([chain.run("sample", "sample", "--events", chain.combined)])
    yield chain
    shutil.rmtree(folder)


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
    jobs = [Job.read(job) for job in chain.jobs]
    names = read_setup_file(chain.setup).space.benchmark_names
    assert [job.name for job in jobs] == [f"{name}_{replica}" for name in names for replica in range(2)]
    assert {path.stem for path in (chain.folder / "configure" / "jobs").iterdir()} == {job.name for job in jobs}


def test_prepare_knows_all_benchmarks(chain: Chain) -> None:
    names = read_setup_file(chain.setup).space.benchmark_names
    prepared = PreparedProcess.load(chain.folder / "prepare" / "process.npz")
    assert list(prepared.cross_sections) == list(names)
    assert all(0 < error < 0.1 * value for value, error in prepared.cross_sections.values())


def test_generate_writes_the_jobs_events_with_all_weights(chain: Chain) -> None:
    names = read_setup_file(chain.setup).space.benchmark_names
    for number, path in enumerate(chain.jobs):
        job, sample = Job.read(path), read_lhe(chain.events(number))
        assert len(sample) == job.n_events == 150
        assert sample.metadata["job"] == job.name
        assert set(sample.weight_names) == set(names)
        nominal = sample.weights[:, sample.weight_names.index(job.benchmark)]
        np.testing.assert_allclose(nominal, sample.nominal_weights, rtol=1e-6)


def test_generate_refuses_a_benchmark_that_was_not_prepared(chain: Chain, tmp_path: Path) -> None:
    job = json.loads(chain.jobs[0].read_text())
    (tmp_path / "job.json").write_text(json.dumps({**job, "benchmark": "nowhere"}))
    refused(chain.generate(WRONG, tmp_path / "job.json"), GenerationError, "nowhere")


def test_what_is_no_job_is_refused(chain: Chain) -> None:
    refused(chain.generate(WRONG, chain.study), GenerationError, "not a job")


def test_simulate_refuses_events_of_another_job(chain: Chain) -> None:
    refused(chain.simulate(WRONG, chain.jobs[0], chain.events(1)), EventFileError, "of job 'sm_1'")


def test_extract_refuses_events_of_another_job(chain: Chain) -> None:
    refused(chain.extract(WRONG, chain.jobs[0], chain.events(1), chain.objects(1)), EventFileError, "of job 'sm_1'")


def test_extract_refuses_objects_of_other_events(chain: Chain) -> None:
    """Two jobs of one benchmark have the same event numbers and weights: only the manifest tells them apart."""
    refused(chain.extract(WRONG, chain.jobs[0], chain.events(0), chain.objects(1)), EventFileError, "of job 'sm_1'")


def test_extract_refuses_events_without_a_benchmarks_weights(chain: Chain, tmp_path: Path) -> None:
    sample = read_lhe(chain.events(0))
    names = ("renamed", *sample.weight_names[1:])
    write_lhe(tmp_path / "events.lhe.gz", type(sample)(**{**vars(sample), "weight_names": names}))
    lost = sample.weight_names[0]
    refused(chain.extract(WRONG, chain.jobs[0], tmp_path / "events.lhe.gz", chain.objects(0)), LHEError, lost)


def test_combine_keeps_every_job_apart(chain: Chain) -> None:
    table = read_event_file(chain.combined)
    assert [sample.name for sample in table.samples] == [Job.read(job).name for job in chain.jobs]
    parts = [read_event_file(chain.folder / f"extract_{n}" / "events.h5") for n in range(len(chain.jobs))]
    assert len(table.x) == sum(len(part.x) for part in parts)
    # each of the two jobs of a benchmark stands for its whole cross section; together they do so once
    np.testing.assert_allclose(table.weights.sum(axis=0), sum(part.weights.sum(axis=0) for part in parts) / 2)


def test_sample_lists_methods_and_their_samples_in_step(chain: Chain) -> None:
    published = chain.published("sample")
    methods = json.loads(chain.study.read_text())["methods"]
    assert published["methods"] == list(methods)
    assert len(published["samples"]) == len(methods)
    for method, folder in zip(published["methods"], published["samples"], strict=True):
        kind = "ratio" if methods[method]["kind"] in ("alice", "alices") else "score"
        assert Path(folder) == chain.folder / "sample" / kind
        loader = RatioSample if kind == "ratio" else ScoreSample
        for name, size in {"train": 400, "validation": 200, "test": 200}.items():
            assert len(loader.load(Path(folder) / name)) == size


def test_train_refuses_a_method_that_the_study_does_not_have(chain: Chain) -> None:
    refused(chain.train(WRONG, "nonsense", chain.folder / "sample" / "ratio"), StudyError, "no method 'nonsense'")


def test_evaluate_refuses_the_model_of_another_method(chain: Chain) -> None:
    """Also one of the same kind, and those that have nothing to train."""
    samples = chain.folder / "sample" / "score"
    for method in ("sally", "rate", "histogram_2d"):
        ends_well([chain.train(f"train_{method}", method, samples)])
    for method, other in (("also_sally", "sally"), ("sally", "rate"), ("rate", "histogram_2d"), ("alice", "sally")):
        result = chain.evaluate(WRONG, method, samples, chain.folder / f"train_{other}" / "model")
        refused(result, ModelError, f"of the method '{other}'")
    ends_well([chain.evaluate("evaluate", "sally", samples, chain.folder / "train_sally" / "model")])
    assert Manifest.read(chain.folder / "evaluate").job == "sally"


def test_evaluate_refuses_a_model_of_another_kind_without_a_manifest(chain: Chain, tmp_path: Path) -> None:
    samples = chain.folder / "sample" / "score"
    ends_well([chain.train("train_alone", "sally", samples)])
    shutil.copytree(chain.folder / "train_alone" / "model", tmp_path / "model")
    refused(chain.evaluate(WRONG, "alice", samples, tmp_path / "model"), ModelError, "the model is of sally")


@pytest.mark.parametrize("damage", ["missing", "empty", "nonsense", "first bytes alone"])
@pytest.mark.parametrize(
    "what", ["setup", "process", "job", "events", "objects", "combined", "samples", "model", "study"]
)
def test_damaged_and_missing_files_are_faults_that_can_be_mended(
    chain: Chain, tmp_path: Path, what: str, damage: str
) -> None:
    bad = tmp_path / "bad"
    first = {"process": b"PK\x03\x04", "events": b"\x1f\x8b\x08", "objects": b"root", "job": b"{", "study": b"{"}
    if damage != "missing":
        contents = {"empty": b"", "nonsense": b"nonsense", "first bytes alone": first.get(what, b"\x89HDF\r\n\x1a\n")}
        bad.write_bytes(contents[damage])
    job, process = chain.jobs[0], chain.folder / "prepare" / "process.npz"
    start: dict[str, Callable[[], Result]] = {
        "setup": lambda: chain.run("prepare", WRONG, "--setup", bad),
        "process": lambda: chain.run("generate", WRONG, "--process", bad, "--job", job),
        "job": lambda: chain.run("generate", WRONG, "--process", process, "--job", bad),
        "events": lambda: chain.simulate(WRONG, job, bad),
        "objects": lambda: chain.extract(WRONG, job, chain.events(0), bad),
        "combined": lambda: chain.run("sample", WRONG, "--events", bad),
        "samples": lambda: chain.train(WRONG, "sally", bad),
        "model": lambda: chain.evaluate(WRONG, "sally", chain.folder / "sample" / "score", bad),
        "study": lambda: CliRunner().invoke(
            cli, ["combine", "--study", str(bad), "--setup", "a", "--output", "b", "c"]
        ),
    }
    error = start[what]().exception
    assert isinstance(error, AssayError), (what, error)
    assert "bad" in str(error)


class Watched(Study):
    """A study that notes which of its sections are read while a stage works."""

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
        original, run_stage = module.read_study, module.run_stage

        def watched_stage(
            name: str, study: Study, folder: Path, inputs: Any, work: Callable[[StageRun], None], job: str = ""
        ) -> None:
            def watched_work(run: StageRun) -> None:
                Watched.working = True
                work(run)
                Watched.working = False

            run_stage(name, study, folder, inputs, watched_work, job)

        Watched.read = set()
        monkeypatch.setattr(Watched, "working", False)
        monkeypatch.setattr(module, "read_study", lambda path: Watched.model_construct(**dict(original(path))))
        monkeypatch.setattr(module, "run_stage", watched_stage)
        for again in (assay.inference.from_study, assay.sampling.from_study):  # resolving twice changes nothing
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
    extracted = [chain.folder / f"extract_{number}" / "events.h5" for number in range(len(chain.jobs))]
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
    assert Manifest.read(tmp_path / "stage").stage == stage
    assert Watched.read <= set(STAGES[stage].sections)
