"""`assay run`: a study, or a part of it, with yadage: as local processes, in containers, on a batch system."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from assay.cli.checks import load_for_part
from assay.cli.options import study_option
from assay.errors import StudyError
from assay.running.attempts import Retries
from assay.running.inputs import EVENTS, bring_inputs
from assay.running.launch import Run, launch
from assay.running.layers import BATCH_SYSTEMS, CONTAINERS, BatchSystem, Containers
from assay.running.specification import check_project, write_specification

_JOBS = 32
"""Steps at a time on a batch system: each takes a process here that waits for it."""
_INPUT = "input"
"""Folder of the run for the inputs of the part `ml`, which may come from anywhere."""
_OUTPUTS = {"all": "ml/plot/report.html", "physics": "combine/combined.h5", "ml": "plot/report.html"}


@click.command("run", short_help="Run a study with yadage.")
@study_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The run's folder; default runs/NAME. A second run continues in it.",
)
@click.option(
    "--part", type=click.Choice(["all", "physics", "ml"]), default="all", help="Stages 1-6, 7-11 or all of them."
)
@click.option("--events", type=click.Path(path_type=Path), help="The event file that the part `ml` starts from.")
@click.option("--processes", type=click.IntRange(min=1), help="Steps at a time; default all cores, or 32 jobs.")
@click.option(
    "--containers",
    type=click.Choice(list(CONTAINERS)),
    default="local",
    help="Steps as processes, or in their images.",
)
@click.option(
    "--batch-system",
    type=click.Choice(list(BATCH_SYSTEMS)),
    default="none",
    help="Steps on this machine, or as jobs of a cluster.",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder of workflow/ and steps/.",
)
def command(
    study_path: Path,
    output: Path | None,
    part: str,
    events: Path | None,
    processes: int | None,
    containers: Containers,
    batch_system: BatchSystem,
    project: Path,
) -> None:
    """Run a study, or a part of it, with yadage: as local processes, in containers, on a batch system.

    \b
    Examples:
      assay run --study input/input.yml
      assay run --study input/input.yml --part ml --events combined.h5
      assay run --study input/input.yml --containers apptainer --batch-system slurm
    """  # noqa: D301 - click wants the character
    output = run_study(study_path, output, part, events, processes, containers, batch_system, project)
    _tell_where(output)


def run_study(
    study: str | Path,
    output: str | Path | None = None,
    part: str = "all",
    events: str | Path | None = None,
    processes: int | None = None,
    containers: Containers = "local",
    batch_system: BatchSystem = "none",
    project: str | Path = ".",
) -> Path:
    """Run a study, or a part of it, to its end; what is complete from an earlier run is kept.

    Its steps are shown on the standard output.

    Parameters
    ----------
    study
        An `input.yml`.
    output
        The run's folder; None: `runs/` and the study's name.
    part
        `all`, `physics` (to the event file), or `ml` (from `events`).
    events
        The event file that `ml` starts from.
    processes
        Steps at a time; None: all cores, or 32 jobs of a batch system.
    containers
        `local`, `docker` or `apptainer`.
    batch_system
        `none` or `slurm`.
    project
        The folder of `workflow/` and `steps/`.

    Returns
    -------
    output
        `report.html`, or the event file of the part `physics`.

    Raises
    ------
    assay.errors.StudyError
        If the study is wrong; nothing has been run.
    assay.errors.WorkflowError
        If a step fails.
    """
    study, project = Path(study), Path(project)
    events = None if events is None else Path(events)
    loaded = load_for_part(study, part, events)
    folder = Path(output or Path("runs") / loaded.name).resolve()
    check_project(project)
    specification = folder / "specification"
    run = replace(
        _run(study.resolve(), part, events, folder, specification),
        processes=processes or (os.cpu_count() or 1 if batch_system == "none" else _JOBS),
        containers=containers,
        batch_system=batch_system,
        retries=Retries(loaded.execution.retries, loaded.execution.retry_delay),
    )
    click.echo(f"study {loaded.name}: running in {folder}")

    def prepare() -> None:
        write_specification(project, specification, loaded)
        if events is not None:
            bring_inputs(loaded, study.resolve(), events, folder / _INPUT)

    states = launch(run, sys.stdout, prepare)
    click.echo(f"{len(states)} steps done")
    return folder / _OUTPUTS[part]


def _run(study: Path, part: str, events: Path | None, folder: Path, specification: Path) -> Run:
    if (part == "ml") != (events is not None):
        raise StudyError("--events goes with --part ml", expected="both or none of them")
    outputs = (_OUTPUTS[part],)
    if part == "all":
        return Run("workflow/workflow.yml", specification, folder, study.parent, {"study": study.name}, outputs)
    if part == "physics":
        return Run("physics.yml", specification / "workflow", folder, study.parent, {"study": study.name}, outputs)
    assert events is not None  # noqa: S101
    if not events.is_file():
        raise StudyError("event file not found", where=str(events), expected="an event file of Assay or MadMiner")
    parameters = {"study": study.name, "events": EVENTS}
    return Run("ml.yml", specification / "workflow", folder, folder / _INPUT, parameters, outputs)


def _tell_where(output: Path) -> None:
    if output.suffix == ".h5":
        click.echo(f"events:   {output}")
        return
    click.echo(f"report:   {output}")
    click.echo(f"figures:  {output.parent / 'figures'}")
    click.echo(f"results:  {output.parent / 'data'}")
    click.echo(
        f"MLflow:   cd {output.parent} && {Path(sys.executable).with_name('mlflow')} ui --backend-store-uri sqlite:///mlflow.db"
    )
