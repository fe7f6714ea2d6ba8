"""`assay simulate`: stage 4, shower and detector of a batch of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from assay.cli.batches import jobs_option, read_jobs, run_batch
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.progress import line_progress
from assay.cli.stage import StageRun
from assay.generation.jobs import SHOWERED, Job, is_showered


@click.command("simulate", short_help="Stage 4: shower and detector of a batch of jobs.")
@study_option
@jobs_option
@file_option("--detector", help="Detector card of configure.")
@file_option("--events", help="Folder of the step of generate with these jobs.")
@output_option
def command(study_path: Path, jobs: Path, detector: Path, events: Path, output: Path) -> None:
    """Shower each job's events and reconstruct objects: writes JOB/detector.root.

    \b
    Example:
      assay simulate --study configure/study.json --jobs configure/jobs/000.json \\
        --detector configure/detector.yml --events generate_0 --output simulate_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)

    def inputs(job: Job) -> Mapping[str, list[Path]]:
        found = {"detector": [detector], "events": [events / job.name / "events.lhe.gz"]}
        if study.shower.files:  # configure puts them beside the study
            found["shower"] = [study_path.parent / name for name in study.shower.files]
        if is_showered(job):
            found["showered"] = [events / job.name / SHOWERED]
        elif job.source is not None:
            found["partons"] = [jobs.parent.parent / "samples" / job.source]
        if job.objects is not None:  # configure puts such files beside the folder of the jobs
            found["objects"] = [jobs.parent.parent / "samples" / job.objects]
        return found

    def work(job: Job, run: StageRun) -> None:
        from assay.simulation.from_study import simulation_settings
        from assay.simulation.simulate import simulate
        from assay.study.seeds import pythia_seed

        given = inputs(job)
        partons, showered, objects = (
            given[role][0] if role in given else None for role in ("partons", "showered", "objects")
        )
        (path,) = given["events"]
        job.check_events(path)
        summary = simulate(
            path,
            run.folder / "detector.root",
            simulation_settings(study, study_path.parent, detector, job.shower),
            pythia_seed(study.seed, f"simulate {job.name}"),
            line_progress("events"),
            partons=partons,
            hepmc=run.folder / SHOWERED if study.shower.hepmc else None,
            showered=showered,
            objects=objects,
        )
        vetoed = f"{summary.events_vetoed} vetoed by {summary.vetoing}, " if summary.vetoing else ""
        click.echo(
            f"  {summary.events_read} events read, {summary.events_rejected} rejected, {vetoed}"
            f"{summary.events_written} written"
        )

    run_batch("simulate", study, output, read_jobs(jobs), inputs, work)
