"""What `configure` does: the study laid out in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import yaml

import assay
from assay.cli.stage import StageRun
from assay.cli.work.samples import take_samples
from assay.events.eventfile import Setup, write_setup_file
from assay.files import write_text
from assay.generation.from_study import process_variations
from assay.generation.jobs import batches_of, jobs_of, write_batches
from assay.simulation.card import card_text
from assay.study.model import Study
from assay.study.resolve import resolved, study_hash, write_resolved
from assay.theory.from_study import parameter_space


def lay_out(study: Study, card: Path | None, samples: Mapping[str, Path], run: StageRun) -> None:
    """Choose benchmarks and morphing basis, share the events among jobs, and write it all down.

    Files of the study's samples, by name, are taken along in the folder `samples`.
    """
    space, morphing = parameter_space(study, run.seed)
    write_resolved(run.folder / "study.json", study)
    write_setup_file(run.folder / "setup.h5", space, morphing)
    write_text(run.folder / "detector.yml", card_text(card))
    take_samples(study, Setup(space, morphing), samples, run.folder)
    generated = [name for name, used in zip(space.benchmark_names, morphing.in_basis, strict=True) if used]
    jobs = jobs_of(study, generated, process_variations(study))
    batches = write_batches(run.folder / "jobs", batches_of(jobs, study.execution.jobs_per_step))
    published = {
        "study": str(run.folder / "study.json"),
        "setup": str(run.folder / "setup.h5"),
        "detector": str(run.folder / "detector.yml"),
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
        click.echo(f"  sample {name}: {path.name}")
    n_events = study.process.events_per_benchmark // study.process.jobs_per_benchmark
    click.echo(f"  {len(jobs)} jobs of {n_events} events or so, in {len(batches)} steps")
