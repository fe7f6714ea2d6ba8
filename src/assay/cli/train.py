"""`assay train`: stage 8, one training: a method's, a member's of its ensemble, or a share of its scan."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import STAGES, StageRun, run_stage
from assay.errors import StudyError
from assay.files import write_json
from assay.study.model import Study, Untrained
from assay.study.resolve import resolved
from assay.study.training_jobs import TrainingJob, training_jobs

_OF_EVALUATION = {"bins", "normalise", "statistic", "ensemble"}
"""What a method with a network says about other stages alone."""


@click.command("train", short_help="Stage 8: one training of a method.")
@study_option
@click.option("--job", "name", required=True, help="A training, such as alices, alices~member1 or alices~scan1.")
@file_option("--samples", help="ratio/, score/, ... of sample; not read for a baseline.")
@file_option("--events", help="combined.h5; read by trainings that draw their samples afresh alone.")
@output_option
def command(study_path: Path, name: str, samples: Path, events: Path, output: Path) -> None:
    """Train a network: writes model/ and history.json. Histograms and the rate have nothing to train.

    \b
    Example:
      assay train --study configure/study.json --job alices --samples sample/ratio \\
        --events combine/combined.h5 --output train_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)
    job = training_job(study, name)
    section = study.methods[job.method]
    baseline = isinstance(section, Untrained)
    content = section.model_dump(mode="json", exclude=set() if baseline else _OF_EVALUATION)

    def work(run: StageRun) -> None:
        if isinstance(section, Untrained):
            write_json(run.folder / "model" / "model.json", {"method": section.kind, **content})
            click.echo(f"  {name}: nothing to train")
            return
        from assay.cli.work.train import train

        train(study, section, job, samples, events, run)

    inputs = {} if baseline else {"samples": [samples]}
    settings: dict[str, object] = {"method": content}
    if not isinstance(section, Untrained) and section.training is not None and section.training.source == "streaming":
        inputs["events"] = [events]
        settings["drawn"] = _of_streams(study)
    run_stage("train", study, output, inputs, work, name, settings=settings)


def training_job(study: Study, name: str) -> TrainingJob:
    """Return a training of a study by its name.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    jobs = {job.name: job for job in training_jobs(study)}
    if name not in jobs:
        raise StudyError(f"no training {name!r} in the study", expected=f"one of {', '.join(jobs)}")
    return jobs[name]


def _of_streams(study: Study) -> dict[str, object]:
    """Return what determines samples that are drawn afresh: as for the stage that draws the others."""
    sections = resolved(study)
    return {name: sections[name] for name in STAGES["sample"].sections}
