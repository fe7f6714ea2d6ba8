"""`assay toys`: a batch of experiments repeated in simulation."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, method_of, output_option, read_study, study_option
from assay.cli.own import own_folders
from assay.cli.stage import StageRun, run_stage
from assay.errors import StudyError
from assay.study.model import Study
from assay.study.toy_jobs import NO_TOYS, ToyJob, toy_jobs


@click.command("toys", short_help="Stage 9: a batch of toys of one method.")
@study_option
@click.option("--job", "name", required=True, help="A job of toys, such as alices~toys1; `none` without toys.")
@file_option("--events", help="combined.h5.")
@output_option
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(study_path: Path, name: str, events: Path, output: Path, models: tuple[Path, ...]) -> None:
    """Draw and analyse toys with the job's own of all MODELS: writes toys.h5. Without toys there is nothing to do.

    \b
    Example:
      assay toys --study configure/study.json --job alices~toys1 --events combine/combined.h5 --output toys_0 train_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)
    job = job_of_toys(study, name)

    def work(run: StageRun) -> None:
        if job.name == NO_TOYS:
            click.echo("  the study asks for no toys")
            return
        from assay.cli.work.toys import run_toy_job

        run_toy_job(study, job, events, own, run)

    if job.name == NO_TOYS:
        run_stage("toys", study, output, {}, work, name)
        return
    own, _ = own_folders(job.method, models)
    settings = {"method": method_of(study, job.method).model_dump(mode="json"), "n_toys": job.n_toys}
    run_stage("toys", study, output, {"events": [events], "model": own}, work, name, settings)


def job_of_toys(study: Study, name: str) -> ToyJob:
    """Return a job of toys by its name.

    Raises
    ------
    StudyError
        If the study has no such job.
    """
    jobs = {job.name: job for job in toy_jobs(study)}
    if name not in jobs:
        raise StudyError(f"no job of toys {name!r} in the study", expected=f"one of {', '.join(jobs)}")
    return jobs[name]
