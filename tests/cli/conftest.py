from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from assay.cli.main import cli, main
from assay.generation import embedded
from assay.generation.jobs import Job, read_batch
from assay.generation.sampling import Effort

ROOT = Path(__file__).parents[2]
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

    def run(self, stage: str, output: str, *arguments: object, study: Path | None = None) -> Result:
        study = study or (self.folder / "input.yml" if stage == "configure" else self.study)
        if output == "wrong":
            shutil.rmtree(self.folder / output, ignore_errors=True)
        given = [stage, "--study", study, "--output", self.folder / output, *arguments]
        return CliRunner().invoke(cli, [str(argument) for argument in given])

    def generate(self, output: str, jobs: Path) -> Result:
        return self.run("generate", output, "--process", self.folder / "prepare", "--jobs", jobs)

    def simulate(self, output: str, jobs: Path, events: Path) -> Result:
        detector = self.folder / "configure" / "detector.yml"
        return self.run("simulate", output, "--jobs", jobs, "--detector", detector, "--events", events)

    def extract(self, output: str, jobs: Path, events: Path, objects: Path, study: Path | None = None) -> Result:
        given = ("--setup", self.setup, "--jobs", jobs, "--events", events, "--objects", objects)
        return self.run("extract", output, *given, study=study)

    def train(self, output: str, method: str, samples: object) -> Result:
        return self.run("train", output, "--job", method, "--samples", samples, "--events", self.combined)

    def evaluate(self, output: str, method: str, samples: object, model: Path) -> Result:
        return self.run("evaluate", output, "--method", method, "--events", self.combined, "--samples", samples, model)

    def events(self, number: int) -> Path:
        return self.folder / f"generate_{number}"

    def objects(self, number: int) -> Path:
        return self.folder / f"simulate_{number}"

    def extracted(self, number: int) -> Path:
        return self.folder / f"extract_{number}"

    @property
    def all_jobs(self) -> list[Job]:
        return [job for path in self.jobs for job in read_batch(path)]


def ends_well(results: Sequence[Result]) -> None:
    for result in results:
        if result.exception is not None:
            raise result.exception


def small_content() -> dict[str, Any]:
    """Return the default study with few events, without detector and with small networks."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "input" / "input.yml").read_text())
    for section, changes in CHANGES.items():
        content[section].update(changes)
    content["detector"] = {"kind": "none"}
    for axis in content["limits"]["grid"].values():
        axis["points"] = 5
    return content


def through(folder: Path, content: dict[str, Any]) -> Chain:
    """Run all stages of a study up to the samples."""
    (folder / "input.yml").write_text(yaml.safe_dump(content, sort_keys=False))
    chain = Chain(folder)
    quick = functools.partial(embedded.prepare, effort=Effort(5000, iterations=4, n_points_per_iteration=4000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "prepare", quick)
        ends_well([chain.run("configure", "configure"), chain.run("prepare", "prepare", "--setup", chain.setup)])
    for number, job in enumerate(chain.jobs):
        ends_well([chain.generate(f"generate_{number}", job)])
        ends_well([chain.simulate(f"simulate_{number}", job, chain.events(number))])
        ends_well([chain.extract(f"extract_{number}", job, chain.events(number), chain.objects(number))])
    extracted = [chain.extracted(number) for number in range(len(chain.jobs))]
    ends_well([chain.run("combine", "combine", "--setup", chain.setup, *extracted)])
    ends_well([chain.run("sample", "sample", "--events", chain.combined)])
    return chain


@pytest.fixture(scope="session")
def small_chain() -> Callable[..., Chain]:
    """Run the stages up to the samples of the small study with further sections, in a folder."""
    return lambda folder, **sections: through(folder, {**small_content(), **sections})


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """All stages up to the samples."""
    folder = tmp_path_factory.mktemp("chain")
    yield through(folder, small_content())
    shutil.rmtree(folder)


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command line in this process, expect an exit status, and return what it prints."""

    def run(*arguments: object, expect: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            main()
        shown = "".join(capfd.readouterr())
        assert (ending.value.code or 0) == expect, shown
        return shown

    return run
