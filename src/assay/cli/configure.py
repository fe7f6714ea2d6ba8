"""`assay configure`: stage 1, parameter space, morphing basis, jobs."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import output_option, study_option
from assay.cli.stage import StageRun, run_stage
from assay.generation.jobs import cards_of, sources_of
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.problems import StudyErrors


@click.command("configure", short_help="Stage 1: parameter space, morphing basis, jobs.")
@study_option
@output_option
def command(study_path: Path, output: Path) -> None:
    """Check a study and lay it out: writes study.json, setup.h5, detector.yml and a file per batch of jobs.

    \b
    Example:
      assay configure --study input/input.yml --output configure
    """  # noqa: D301 - click wants the character
    study = _read(study_path)
    card = study_path.parent / study.detector.card_file if study.detector.card_file else None
    samples = {name: study_path.parent / events for name, events in sources_of(study).items()}
    data = [study.limits.data.events] if study.limits.data is not None else []
    cards = {name: study_path.parent / name for name in (*cards_of(study), *study.shower.files, *data)}

    def work(run: StageRun) -> None:
        from assay.cli.work.configure import lay_out

        lay_out(study, card, samples, cards, run)

    run_stage(
        "configure",
        study,
        output,
        {
            "study": [study_path],
            **({"card": [card]} if card else {}),
            **({"samples": list(samples.values())} if samples else {}),
            **({"cards": list(cards.values())} if cards else {}),
        },
        work,
        settings={"jobs_per_step": study.execution.jobs_per_step},
        check=lambda: _check(study_path),
    )


def _read(path: Path) -> Study:
    """Read a study; what only rooms can check that take Pythia is left for when there is work, or other faults."""
    try:
        return load_study(path)
    except StudyErrors:
        _check(path)
        raise


def _check(path: Path) -> None:
    from assay.cli.checks import load_checked

    load_checked(path, basis=False)  # which the stage chooses
