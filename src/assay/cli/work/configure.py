"""What `configure` does: the study laid out in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import yaml

import assay
from assay.cli.stage import StageRun
from assay.cli.work.samples import copy_file, take_samples
from assay.events.eventfile import Setup, write_setup_file
from assay.files import write_text
from assay.generation.from_study import generated_of, process_variations
from assay.generation.jobs import batches_of, jobs_of, write_batches
from assay.simulation.detector_settings import write_detector_card
from assay.study.model import Study
from assay.study.model_samples import processes_of
from assay.study.resolve import resolved, study_hash, write_resolved
from assay.theory.from_study import parameter_space


def lay_out(
    study: Study, card: Path | None, samples: Mapping[str, Path], cards: Mapping[str, Path], run: StageRun
) -> None:
    """Choose benchmarks and morphing basis, share the events among jobs, and write it all down.

    Files of events, by the names that they get, are taken along in the folder `samples`, cards under their own names.
    """
    space, morphing = parameter_space(study, run.seed)
    write_resolved(run.folder / "study.json", study)
    write_setup_file(run.folder / "setup.h5", space, morphing)
    detector = write_detector_card(study.detector, card, run.folder)
    setup = Setup(space, morphing)
    take_samples(study, setup, samples, run.folder)
    for name, path in cards.items():
        copy_file(path, run.folder / name)
    generated = generated_of(space, morphing)
    variations = {sample: process_variations(study, sample) for sample in processes_of(study.process, study.samples)}
    jobs = jobs_of(study, generated, variations)
    batches = write_batches(run.folder / "jobs", batches_of(jobs, study.execution.jobs_per_step))
    published = {
        "study": str(run.folder / "study.json"),
        "setup": str(run.folder / "setup.h5"),
        "detector": str(detector),
        "jobs": [str(batch) for batch in batches],
    }
    write_text(run.folder / "published.yml", yaml.safe_dump(published))
    run.tracker.parameters(resolved(study))
    run.tracker.tags({"study_hash": study_hash(study), "seed": study.seed, "version": assay.__version__})
    squared = morphing.expected_squared_weights(space.ranges)
    run.tracker.metrics(
        {"morphing.expected_squared_weights": squared, "morphing.condition_number": morphing.condition_number}
    )
    click.echo(f"  {len(space.benchmarks)} benchmarks: {', '.join(space.benchmark_names)}")
    if len(generated) < len(space.benchmarks):
        click.echo(f"  events are generated at {', '.join(generated)}; the others get weights alone")
    click.echo(
        f"  mean sum of squared morphing weights {squared:.3g}, condition number {morphing.condition_number:.3g}"
    )
    for name, path in samples.items():
        click.echo(f"  events {name}: {path.name}")
    n_events = sum(job.n_events for job in jobs)
    click.echo(f"  {len(jobs)} jobs, {n_events} events to generate, in {len(batches)} steps")
