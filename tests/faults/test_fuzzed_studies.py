"""Two thousand mutated studies, or more: each is refused with what, where and how to mend it, or passes a dry run."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
import yaml
from click.testing import CliRunner

from assay.cli.checks import load_checked
from assay.cli.main import cli
from assay.cli.work.train import Trained, architecture_of, settings_of
from assay.sampling.from_study import hypothesis_prior
from assay.sampling.requests import sample_request
from assay.study.load import load_study
from assay.study.problems import StudyErrors
from assay.study.resolve import from_resolved, resolve
from assay.study.schema import study_schema
from assay.study.toy_jobs import toy_jobs
from assay.study.training_jobs import training_jobs

from .mutants import Mutant, Mutator
from .size import FACTOR

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STUDIES = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "input").glob("*.yml"))]
N_PARTS, N_MUTANTS = 10, 2_000 * FACTOR
SEED = 20261123
SECONDS = 120  # for one mutant: a hang is a fault


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Interrupt what takes longer."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(mutant: Mutant, folder: Path) -> str:
    """Return `refused` or `accepted`, if it is what it has to be; raise otherwise."""
    path = folder / "input.yml"
    path.write_bytes(mutant.text)
    try:
        load_study(path)  # quickly refuses most
        load_checked(path)
    except StudyErrors as errors:
        told(errors, path, mutant)
        return "refused"
    dry_run(path, folder / "configure")
    return "accepted"


def told(errors: StudyErrors, path: Path, mutant: Mutant) -> None:
    """Assert that every problem says where it is, what was found and expected, and what to do."""
    assert errors.problems
    for problem in errors.problems:
        assert 0 < problem.line <= mutant.text.count(b"\n") + mutant.text.count(b"\r") + 2 or str(path) in str(
            errors
        ), problem
        assert all((problem.found, problem.expected, problem.mend)), problem
        assert len(problem.render(path.name)) < 2_000, problem


def dry_run(path: Path, folder: Path) -> None:
    """Configure the study as its first stage does, and derive from what that wrote what later stages do."""
    done = CliRunner().invoke(cli, ["configure", "--study", str(path), "--output", str(folder)])
    assert done.exit_code == 0, (done.output, done.exception)
    study = from_resolved(folder / "study.json")
    assert study == resolve(study)
    hypothesis_prior(study)
    toy_jobs(study)
    training_jobs(study)
    for method in study.methods.values():
        sample_request(method)
        if isinstance(method, Trained):
            settings_of(method, study.seed)
            architecture_of(method)
    shutil.rmtree(folder)


@pytest.mark.parametrize("part", range(N_PARTS))
def test_mutated_studies(part: int, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "input" / "cards", tmp_path / "cards")
    faults, counts = [], {"refused": 0, "accepted": 0}
    for number, mutant in enumerate(Mutator(STUDIES, study_schema(), SEED + part).mutants(N_MUTANTS // N_PARTS)):
        try:
            with no_longer_than(SECONDS):
                counts[outcome(mutant, tmp_path)] += 1
        except Exception as error:  # all are shown, not the first alone
            faults.append(f"{number} of part {part}: {'; '.join(mutant.changes)}: {type(error).__name__}: {error}")
    assert not faults, "\n".join(faults)
    print(f"part {part}: {counts}")
    assert min(counts.values()) > 10, counts  # both happen, or the grammar is not worth its name
