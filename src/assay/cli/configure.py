"""`assay configure`: stage 1, parameter space, morphing basis, jobs."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

import assay
from assay.cli.checks import load_checked
from assay.cli.options import output_option, study_option
from assay.cli.stage import StageRun, run_stage
from assay.events.eventfile import write_setup_file
from assay.files import write_text
from assay.generation.jobs import jobs_of
from assay.simulation.card import card_text
from assay.study.model import Study
from assay.study.resolve import resolved, study_hash, write_resolved
from assay.theory.from_study import parameter_space


@click.command("configure", short_help="Stage 1: parameter space, morphing basis, jobs.")
@study_option
@output_option
def command(study_path: Path, output: Path) -> None:
    """Check a study and lay it out: writes study.json, setup.h5, detector.yml and a file per job."""
    study = load_checked(study_path)
    card = study_path.parent / study.detector.card if study.detector.card else None
    inputs = {"study": [study_path], **({"card": [card]} if card else {})}
    run_stage("configure", study, output, inputs, lambda run: _configure(study, card, run))


def _configure(study: Study, card: Path | None, run: StageRun) -> None:
    space, morphing = parameter_space(study, run.seed)
    write_resolved(run.folder / "study.json", study)
    write_setup_file(run.folder / "setup.h5", space, morphing)
    write_text(run.folder / "detector.yml", card_text(card))
    jobs = [job.write(run.folder / "jobs") for job in jobs_of(study, space.benchmark_names)]
    published = {
        "study": str(run.folder / "study.json"),
        "setup": str(run.folder / "setup.h5"),
        "detector": str(run.folder / "detector.yml"),
        "jobs": [str(job) for job in jobs],
    }
    write_text(run.folder / "published.yml", yaml.safe_dump(published))
    run.tracker.parameters(resolved(study))
    run.tracker.tags({"study_hash": study_hash(study), "seed": study.seed, "version": assay.__version__})
    squared = morphing.expected_squared_weights(space.ranges)
    run.tracker.metrics(
        {"morphing.expected_squared_weights": squared, "morphing.condition_number": morphing.condition_number}
    )
    click.echo(f"  {len(space.benchmarks)} benchmarks: {', '.join(space.benchmark_names)}")
    click.echo(
        f"  mean sum of squared morphing weights {squared:.3g}, condition number {morphing.condition_number:.3g}"
    )
    click.echo(
        f"  {len(jobs)} jobs of {study.process.events_per_benchmark // study.process.jobs_per_benchmark} events or so"
    )
