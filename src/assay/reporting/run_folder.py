"""Where in a run's folder its results are: of a whole study, or of the part that starts from an event file."""

from __future__ import annotations

from pathlib import Path

from assay.errors import AssayError
from assay.manifest import NAME, Manifest
from assay.reporting.run import RunFiles, RunResults, read_run, run_files
from assay.study.resolve import from_resolved
from assay.study.training_jobs import method_of_job

_STUDIES = ("ml/plot/data/study.json", "plot/data/study.json", "physics/configure/study.json", "configure/study.json")
_EVENTS = ("physics/combine/combined.h5", "combine/combined.h5", "input/events.h5")
_LEARNING = ("train_*", "evaluate_*", "ml/train_*", "ml/evaluate_*")


def find_run(folder: str | Path) -> RunFiles:
    """Find the study, the events, the trainings and the evaluations of a run that `assay run` wrote.

    Parameters
    ----------
    folder
        The run's folder, such as `runs/wbf-higgs-hww`.

    Raises
    ------
    AssayError
        If it is no run's folder, or the run has not come to its first evaluation.
    """
    folder = Path(folder)
    found = sorted(
        (manifest.parent for pattern in _LEARNING for manifest in folder.glob(f"{pattern}/{NAME}")),
        key=lambda stage: (len(stage.name), stage.name),
    )
    if not any(stage.name.startswith("evaluate") for stage in found):
        raise AssayError(
            "no results are here",
            where=str(folder),
            expected="the folder of a run that has come to its stage evaluate",
            mend="`assay status` shows where a run stands; the command that began it continues it",
        )
    study = _first(folder, _STUDIES)
    methods = from_resolved(study).methods  # the folders of methods that the study had once are still there
    stages = [stage for stage in found if method_of_job(Manifest.read(stage).job) in methods]
    return run_files(study, _first(folder, _EVENTS), stages)


def read_run_folder(folder: str | Path) -> RunResults:
    """Read the results of a run that `assay run` wrote: see `find_run`."""
    return read_run(find_run(folder))


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise AssayError("the run is not complete", where=str(folder), expected=" or ".join(names))
