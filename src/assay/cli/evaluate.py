"""`assay evaluate`: stage 10, one method's limits, information and diagnostics."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, method_of, method_option, output_option, read_study, study_option
from assay.cli.own import own_folders
from assay.cli.stage import StageRun, run_stage
from assay.study.model import Untrained


@click.command("evaluate", short_help="Stage 10: one method's limits and information.")
@study_option
@method_option
@file_option("--events", help="combined.h5.")
@file_option("--samples", help="ratio/ or score/ of sample, for diagnostics on test samples.")
@output_option
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(
    study_path: Path, method: str, events: Path, samples: Path, output: Path, folders: tuple[Path, ...]
) -> None:
    """Evaluate a method with its own of all FOLDERS of models and toys.

    Writes limits_*.json and .h5, fisher.json and .h5, checks.json and diagnostics.h5, toys.json where the study asks
    for toys.

    \b
    Example:
      assay evaluate --study configure/study.json --method alices --events combine/combined.h5 --samples sample/ratio \\
        --output evaluate_0 train_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)
    section = method_of(study, method)
    models, toys = own_folders(method, folders)
    data = None if study.limits.data is None else study_path.parent / study.limits.data.events

    def work(run: StageRun) -> None:
        from assay.cli.work.evaluate import evaluate
        from assay.cli.work.measuring import question_of

        evaluate(question_of(study, method, section, events), models, samples, data, toys, run)

    drawn = [samples / "test", *([samples / "train"] if (samples / "train").exists() else [])]
    tested = {} if isinstance(section, Untrained) else {"samples": drawn}
    inputs = {"events": [events], **tested, **({"data": [data]} if data else {}), "model": models, "toys": toys}
    run_stage("evaluate", study, output, inputs, work, method, {"method": section.model_dump(mode="json")})
