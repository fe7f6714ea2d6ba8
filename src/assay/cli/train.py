"""`assay train`: stage 8, one method's estimator."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, method_of, method_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.files import write_json
from assay.study.model import HistogramMethod, RateMethod

_OF_EVALUATION = {"bins", "normalise"}
"""What a method with a network says about its evaluation alone."""


@click.command("train", short_help="Stage 8: one method's estimator.")
@study_option
@method_option
@file_option("--samples", help="ratio/ or score/ of sample; not read for a baseline.")
@output_option
def command(study_path: Path, method: str, samples: Path, output: Path) -> None:
    """Train a method's network: writes model/ and history.json. Histograms and the rate have nothing to train."""
    study = read_study(study_path)
    section = method_of(study, method)
    baseline = isinstance(section, HistogramMethod | RateMethod)
    content = section.model_dump(mode="json", exclude=set() if baseline else _OF_EVALUATION)

    def work(run: StageRun) -> None:
        if isinstance(section, HistogramMethod | RateMethod):
            write_json(run.folder / "model" / "model.json", {"method": section.kind, **content})
            click.echo(f"  {method}: nothing to train")
            return
        from assay.cli.work.train import train

        train(section, samples, run)

    inputs = {} if baseline else {"samples": [samples]}
    run_stage("train", study, output, inputs, work, method, settings={"method": content})
