"""`assay sample`: stage 7, augmented data for training, validation and test."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.files import write_text
from assay.study.model import Method, RatioMethod, ScoreMethod


@click.command("sample", short_help="Stage 7: augmented data for training.")
@study_option
@file_option("--events", help="combined.h5, or an event file of MadMiner.")
@output_option
def command(study_path: Path, events: Path, output: Path) -> None:
    """Draw training, validation and test samples from disjoint events: writes ratio/ and score/."""
    study = read_study(study_path)
    kinds = {name: _kind(method) for name, method in study.methods.items()}

    def work(run: StageRun) -> None:
        from assay.cli.work.sample import draw_samples

        draw_samples(study, events, set(kinds.values()), run)
        folders = [str(run.folder / kind) for kind in kinds.values()]
        write_text(run.folder / "published.yml", yaml.safe_dump({"methods": list(kinds), "samples": folders}))

    run_stage("sample", study, output, {"events": [events]}, work, settings={"samples": list(kinds.items())})


def _kind(method: Method) -> str:
    """Return the samples that a method learns from; a baseline learns from none."""
    if isinstance(method, RatioMethod):
        return "ratio"
    return "score" if isinstance(method, ScoreMethod) else ""
