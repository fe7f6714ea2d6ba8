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
    "--part", type=click.Choice(["all", "physics", "ml"]), default="all", help="Stages 1-6, 7-10 or all of them."
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
    study = load_for_part(study_path, part, events)
    folder = (output or Path("runs") / study.name).resolve()
    check_project(project)
    specification = folder / "specification"
    run = replace(
        _run(study_path.resolve(), part, events, folder, specification),
        processes=processes or (os.cpu_count() or 1 if batch_system == "none" else _JOBS),
        containers=containers,
        batch_system=batch_system,
        retries=Retries(study.execution.retries, study.execution.retry_delay),
    )
    click.echo(f"study {study.name}: running in {folder}")

    def prepare() -> None:
        write_specification(project, specification, study)
        if events is not None:
            bring_inputs(study, study_path.resolve(), events, folder / _INPUT)

    states = launch(run, sys.stdout, prepare)
    click.echo(f"{len(states)} steps done")
    _tell_where(folder / _OUTPUTS[part])


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
