"""`assay sample`: stage 7, augmented data for training, validation and test."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.files import write_text
from assay.study.toy_jobs import toy_jobs
from assay.study.training_jobs import training_jobs


@click.command("sample", short_help="Stage 7: augmented data for training.")
@study_option
@file_option("--events", help="combined.h5, or an event file of MadMiner.")
@output_option
def command(study_path: Path, events: Path, output: Path) -> None:
    """Draw training, validation and test samples from disjoint events: writes a folder for each kind, as ratio/.

    \b
    Example:
      assay sample --study configure/study.json --events combine/combined.h5 --output sample
    """  # noqa: D301 - click wants the character
    from assay.sampling.requests import sample_request

    study = read_study(study_path)
    requests = {name: sample_request(method) for name, method in study.methods.items()}
    kinds = {name: "" if request is None else request.name for name, request in requests.items()}
    trainings, toys = training_jobs(study), [job.name for job in toy_jobs(study)]

    def work(run: StageRun) -> None:
        from assay.cli.work.sample import draw_samples

        draw_samples(study, events, (request for request in requests.values() if request is not None), run)
        folders = {name: str(run.folder / kind) for name, kind in kinds.items()}
        published = {
            "methods": list(folders),
            "samples": list(folders.values()),
            "trainings": [job.name for job in trainings],
            "training_samples": [folders[job.method] for job in trainings],
            "toys": toys,
        }
        write_text(run.folder / "published.yml", yaml.safe_dump(published))

    lists = {"samples": list(kinds.items()), "trainings": [job.name for job in trainings], "toys": toys}
    run_stage("sample", study, output, {"events": [events]}, work, settings=lists)
