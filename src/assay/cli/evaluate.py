"""`assay evaluate`: stage 9, one method's limits, information and diagnostics."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, method_of, method_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.errors import ModelError
from assay.manifest import job_of
from assay.study.model import HistogramMethod, RateMethod


@click.command("evaluate", short_help="Stage 9: one method's limits and information.")
@study_option
@method_option
@file_option("--events", help="combined.h5.")
@file_option("--samples", help="ratio/ or score/ of sample, for diagnostics on test samples.")
@file_option("--model", help="model/ of train.")
@output_option
def command(study_path: Path, method: str, events: Path, samples: Path, model: Path, output: Path) -> None:
    """Evaluate a method: writes limits_*.json and .h5, fisher.json and .h5, checks.json and diagnostics.h5."""
    study = read_study(study_path)
    section = method_of(study, method)

    def work(run: StageRun) -> None:
        _check_belongs(method, model)
        from assay.cli.work.evaluate import answer, question_of, write_results

        write_results(answer(question_of(study, method, section, events, samples), model), run)

    tested = {} if isinstance(section, HistogramMethod | RateMethod) else {"samples": [samples / "test"]}
    inputs = {"events": [events], **tested, "model": [model]}
    run_stage("evaluate", study, output, inputs, work, method, {"method": section.model_dump(mode="json")})


def _check_belongs(method: str, model: Path) -> None:
    """Check that a training is of this method: a fan-out pairs methods and models by their order alone."""
    if (found := job_of(model)) not in (method, None):
        raise ModelError(
            f"the model is of the method {found!r}",
            where=str(model),
            expected=f"a model of {method!r}",
            mend="give method and model of the same step, or run train again",
        )
