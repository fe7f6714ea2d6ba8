"""What all stages have in common: verified inputs, an own folder, a journal, a manifest, and nothing done twice."""

from __future__ import annotations

import logging
import os
import resource
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import assay
from assay.cli.folders import check_folder, take_folder
from assay.machine import nothing_swallowed
from assay.manifest import FileRecord, Manifest, content_key, is_complete, outputs_of, source_digest, verified_inputs
from assay.study.model import Study
from assay.study.resolve import derive_seed, resolved, study_hash
from assay.tracking.journal import RunIdentity
from assay.tracking.tracker import Tracker, tracked

log = logging.getLogger("assay")


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


_ALL = tuple(section for section in Study.model_fields if section != "execution")
"""How a study is run does not enter what comes out."""
_THEORY = ("parameters", "benchmarks", "reference", "morphing")
_SAMPLES = ("samples", "systematics")
_PHYSICS_ROOMS = ("study", "theory", "events")
_LEARNING = ("sample", "train", "toys", "evaluate", "plot")
"""Stages whose image has MLflow, which measures the machine."""
_MEASURING = ("cli/own", "cli/work/pool", "cli/work/measuring")
_ANSWERING = ("cli/work/information", "cli/work/posterior", "cli/work/toys")
STAGES = {
    stage.name: stage
    for stage in (
        Stage("configure", _ALL, (*_PHYSICS_ROOMS, "generation", "simulation", "cli/work/samples"), True),
        Stage("prepare", (*_THEORY, "process", "seed"), (*_PHYSICS_ROOMS, "generation")),
        Stage("generate", (*_THEORY, "process", "seed"), ("study", "theory", "generation", "cli/batches")),
        Stage("simulate", ("shower", "detector", "seed"), ("study", "generation", "simulation", "cli/batches")),
        Stage(
            "extract",
            (*_SAMPLES, "functions", "observables", "cuts"),
            (*_PHYSICS_ROOMS, "generation", "simulation", "observables", "cli/batches", "cli/work/samples"),
        ),
        Stage("combine", ("observables", "cuts", "process", "samples", "seed"), (*_PHYSICS_ROOMS, "generation/jobs")),
        Stage(
            "sample",
            (*_THEORY, *_SAMPLES, "sampling", "observables", "seed"),
            (*_PHYSICS_ROOMS, "sampling", "cli/work/pool"),
            True,
        ),
        Stage("train", ("seed",), (*_PHYSICS_ROOMS, "sampling", "estimators", "cli/work/pool")),
        Stage(
            "toys",
            (*_THEORY, *_SAMPLES, "sampling", "observables", "luminosity", "limits", "seed"),
            (*_PHYSICS_ROOMS, "sampling", "estimators", "inference", *_MEASURING),
        ),
        Stage(
            "evaluate",
            (*_THEORY, *_SAMPLES, "sampling", "observables", "luminosity", "limits", "seed"),
            (*_PHYSICS_ROOMS, "sampling", "estimators", "inference", *_MEASURING, *_ANSWERING),
        ),
        Stage("plot", _ALL, (*_PHYSICS_ROOMS, "sampling", "estimators", "inference", "reporting", "tracking")),
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
    settings: Mapping[str, object] | None = None,
    check: Callable[[], None] | None = None,
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
        Tells the runs of one stage apart: the job or method.
    settings
        What else determines the outputs, as JSON has it: a job's content, parts of sections that are not read whole.
    check
        Called when there is work, before anything is removed; raises if the work cannot be done.

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
    check_folder(name, folder, [path for paths in given.values() for path in paths])
    records = verified_inputs(given)
    key = _key(stage, study, job, folder, records, settings or {})
    label = f"{name} {job}".strip()
    if is_complete(folder, key):
        _note_inputs(folder, records)
        log.info("%s: complete and valid, kept (%s)", label, folder)
        return
    if check is not None:
        check()
    take_folder(name, folder)
    seed = derive_seed(study.seed, label)
    log.info("%s: writing to %s", label, folder)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    with _tracked(study, folder, name, job) as tracker, nothing_swallowed():
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
        system_metrics=study.tracking.system_metrics and name in _LEARNING,
    )


def run_identity(study: Study) -> RunIdentity:
    """Name the run that this process is part of: as the launcher or REANA says; else its study has one run."""
    run = os.environ.get("ASSAY_RUN") or os.environ.get("REANA_WORKFLOW_UUID") or study_hash(study)[:16]
    return RunIdentity(run, study.tracking.experiment or study.name)


def _note_inputs(folder: Path, records: tuple[FileRecord, ...]) -> None:
    """Write down where the inputs of a complete stage are now, if their folders have changed but not they."""
    manifest = Manifest.read(folder)
    if manifest.inputs != records:
        replace(manifest, inputs=records).write(folder)


def _key(
    stage: Stage,
    study: Study,
    job: str,
    folder: Path,
    inputs: tuple[FileRecord, ...],
    settings: Mapping[str, object],
) -> str:
    sections = resolved(study)
    own_code = [f"cli/{stage.name}", f"cli/work/{stage.name}", "cli/options", "cli/stage", "hdf5"]
    return content_key(
        {
            "stage": stage.name,
            "job": job,
            "version": assay.__version__,
            "code": source_digest([*stage.rooms, *own_code]),
            "study": {section: sections[section] for section in stage.sections},
            "settings": dict(settings),
            "inputs": [record.sha256 for record in inputs],
            "folder": str(folder.resolve()) if stage.names_its_folder else None,
        }
    )
