"""What all stages have in common: verified inputs, an own folder, a journal, a manifest, and nothing done twice."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import assay
from assay.errors import FolderError
from assay.files import write_text
from assay.manifest import Manifest, content_key, is_complete, outputs_of, source_digest, verified_inputs
from assay.study.model import Study
from assay.study.resolve import derive_seed, resolved, study_hash
from assay.tracking.journal import RunIdentity
from assay.tracking.tracker import Tracker, tracked

log = logging.getLogger("assay")

CHECKPOINT = ".checkpoint.pt"
"""A training killed in the middle goes on from it; it tells by itself whether it belongs to the same training."""
MARK = ".assay-stage"
"""Says whose folder it is: nothing else is ever emptied."""
ENGINE = "_packtivity"
"""The workflow engine's own records; a folder that has them is a step's."""


@dataclass(frozen=True)
class Stage:
    """What determines a stage's outputs, besides its input files.

    Attributes
    ----------
    name
        The stage.
    sections
        The sections of the study that it reads; a change elsewhere leaves its outputs valid.
    rooms
        The rooms of the package whose code it runs.
    names_its_folder
        Whether outputs hold the folder's own name; a folder that was moved or copied is then out of date.
    """

    name: str
    sections: tuple[str, ...]
    rooms: tuple[str, ...]
    names_its_folder: bool = False


_THEORY = ("parameters", "benchmarks", "reference", "morphing")
_PHYSICS_ROOMS = ("study", "theory", "events")
STAGES = {
    stage.name: stage
    for stage in (
        Stage("configure", tuple(Study.model_fields), (*_PHYSICS_ROOMS, "generation", "simulation"), True),
        Stage("prepare", (*_THEORY, "process", "seed"), (*_PHYSICS_ROOMS, "generation")),
        Stage("generate", (*_THEORY, "process", "seed"), ("study", "theory", "generation")),
        Stage("simulate", ("shower", "detector", "seed"), ("study", "generation", "simulation")),
        Stage("extract", ("observables", "cuts"), (*_PHYSICS_ROOMS, "generation", "simulation", "observables")),
        Stage("combine", ("observables", "cuts", "seed"), _PHYSICS_ROOMS),
        Stage("sample", (*_THEORY, "sampling", "methods", "observables", "seed"), (*_PHYSICS_ROOMS, "sampling"), True),
        Stage(
            "train",
            (*_THEORY, "sampling", "training", "methods", "observables", "seed"),
            ("study", "sampling", "estimators"),
        ),
        Stage(
            "evaluate",
            (*_THEORY, "sampling", "methods", "observables", "luminosity", "limits", "seed"),
            (*_PHYSICS_ROOMS, "sampling", "estimators", "inference", "cli/sample"),
        ),
        Stage(
            "plot",
            tuple(Study.model_fields),
            (*_PHYSICS_ROOMS, "sampling", "estimators", "inference", "reporting", "tracking"),
        ),
    )
}


@dataclass(frozen=True)
class StageRun:
    """What a stage's work is given: where to write, its seed, its records for MLflow."""

    folder: Path
    seed: int
    tracker: Tracker


def run_stage(
    name: str,
    study: Study,
    folder: Path,
    inputs: Mapping[str, Iterable[Path]],
    work: Callable[[StageRun], None],
    job: str = "",
) -> None:
    """Run a stage's work unless its folder is complete for exactly these inputs, this study and this code.

    Parameters
    ----------
    name
        The stage, a key of `STAGES`.
    study
        The study.
    folder
        The stage's own folder; what it holds of an incomplete or outdated run is removed.
    inputs
        Files or folders by role; verified against the manifests beside them.
    work
        Writes the outputs.
    job
        Tells the steps of one stage apart: the job or method.

    Raises
    ------
    AssayError
        What the work raises; the folder is then left without a manifest.
    ManifestError
        If inputs are not what the stages before wrote.
    FolderError
        If the folder is not this stage's: it holds other files, or inputs.
    """
    stage = STAGES[name]
    given = {role: tuple(paths) for role, paths in inputs.items()}
    _check_folder(name, folder, [path for paths in given.values() for path in paths])
    records = verified_inputs(given)
    key = _key(stage, study, job, folder, tuple(record.sha256 for record in records))
    label = f"{name} {job}".strip()
    if is_complete(folder, key):
        log.info("%s: complete and valid, kept (%s)", label, folder)
        return
    _empty(folder)
    write_text(folder / MARK, name + "\n")
    seed = derive_seed(study.seed, label)
    log.info("%s: writing to %s", label, folder)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    with _tracked(study, folder, name, job) as tracker:
        work(StageRun(folder, seed, tracker))
    wall_time = time.monotonic() - clock
    Manifest(
        stage=name,
        job=job,
        version=assay.__version__,
        study=study.name,
        study_hash=study_hash(study),
        seed=seed,
        key=key,
        inputs=records,
        outputs=outputs_of(folder),
        started=started,
        wall_time=round(wall_time, 3),
        peak_memory=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    ).write(folder)
    log.info("%s: done in %.1f s", label, wall_time)


def _tracked(study: Study, folder: Path, name: str, job: str) -> AbstractContextManager[Tracker]:
    """Track a training as a run of its own, every other stage as part of the study's run."""
    training = name == "train"
    return tracked(
        folder,
        run_identity(study),
        job if training else study.name,
        stage=name,
        role="training" if training else "study",
        creates_parent=name in ("configure", "plot"),
        ends_study=name == "plot",
    )


def run_identity(study: Study) -> RunIdentity:
    """Name the run that this process is part of: as the launcher or REANA says; else its study has one run."""
    run = os.environ.get("ASSAY_RUN") or os.environ.get("REANA_WORKFLOW_UUID") or study_hash(study)[:16]
    return RunIdentity(run, study.tracking.experiment or study.name)


def _key(stage: Stage, study: Study, job: str, folder: Path, inputs: tuple[str, ...]) -> str:
    sections = resolved(study)
    return content_key(
        {
            "stage": stage.name,
            "job": job,
            "version": assay.__version__,
            "code": source_digest([*stage.rooms, f"cli/{stage.name}", "cli/options", "cli/stage"]),
            "study": {section: sections[section] for section in stage.sections},
            "inputs": inputs,
            "folder": str(folder.resolve()) if stage.names_its_folder else None,
        }
    )


def _check_folder(stage: str, folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder that is not this stage's, since what it holds would be removed."""
    mend = "give --output a folder of its own"
    if folder.exists() and not folder.is_dir():
        raise FolderError("not a folder", where=str(folder), expected="the stage's own folder", mend=mend)
    for path in inputs:
        if path.resolve().is_relative_to(folder.resolve()):
            raise FolderError(f"the stage's folder holds its input {path}", where=str(folder), mend=mend)
    mark = folder / MARK
    if mark.is_file():
        if (owner := mark.read_text().strip()) != stage:
            raise FolderError(f"the folder is of the stage {owner}", where=str(folder), expected=stage, mend=mend)
    elif folder.exists() and not (folder / ENGINE).exists() and any(folder.iterdir()):
        raise FolderError("the folder holds other files", where=str(folder), expected="an empty folder", mend=mend)


def _empty(folder: Path) -> None:
    """Make the folder empty but for the workflow engine's own records and a training's checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.name in (ENGINE, CHECKPOINT):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
