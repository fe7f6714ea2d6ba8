"""`assay extract`: stage 5, observables and cuts of one job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.errors import EventFileError, LHEError
from assay.events.eventfile import Setup, read_setup_file, write_event_file
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.generation.jobs import Job
from assay.generation.lhe import LHESample, read_lhe
from assay.manifest import job_of
from assay.observables.extract import ObservableDefinition
from assay.observables.join import extract_file
from assay.study.model import Study


@click.command("extract", short_help="Stage 5: observables and cuts of one job.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@file_option("--job", help="The job, as configure wrote it.")
@file_option("--events", help="events.lhe.gz of generate, with the weights.")
@file_option("--objects", help="detector.root of simulate.")
@output_option
def command(study_path: Path, setup: Path, job: Path, events: Path, objects: Path, output: Path) -> None:
    """Compute observables, apply cuts and attach weights: writes events.h5."""
    study, what = read_study(study_path), Job.read(job)

    def work(run: StageRun) -> None:
        what.check_events(events)
        _check_objects(what, objects)
        table = _table(study, read_setup_file(setup), what, read_lhe(events), objects)
        write_event_file(run.folder / "events.h5", table)
        for row in table.cut_flow:
            click.echo(f"  {row.step:<24} {row.n_events:>9} events  {row.cross_section:.4g} pb")

    inputs = {"setup": [setup], "job": [job], "events": [events], "objects": [objects]}
    run_stage("extract", study, output, inputs, work, what.name)


def _table(study: Study, setup: Setup, job: Job, sample: LHESample, objects: Path) -> EventTable:
    definitions = [
        ObservableDefinition(
            name, section.expression, section.required, section.default, section.unit, section.label or ""
        )
        for name, section in study.observables.items()
    ]
    extraction, weights = extract_file(objects, _at_benchmarks(setup, sample), definitions, study.cuts)
    return EventTable(
        space=setup.space,
        morphing=setup.morphing,
        observables=tuple(ObservableInfo(d.name, d.expression, d.unit, d.label) for d in definitions),
        samples=(Sample(job.name, job.benchmark, len(sample), sample.cross_section, sample.cross_section_error),),
        x=extraction.x,
        weights=weights,
        sample_index=np.zeros(len(extraction.x), dtype=np.int32),
        cut_flow=extraction.cut_flow.rows(job.name, setup.space.index_of(job.benchmark)),
    )


def _check_objects(job: Job, objects: Path) -> None:
    """Check that simulated events are of this job: those of another have the same numbers, and often weights."""
    if (found := job_of(objects)) not in (job.name, None):
        raise EventFileError(
            f"the simulated events are of job {found!r}",
            where=str(objects),
            expected=f"job {job.name!r}",
            mend="give job and objects of the same step, or run simulate again",
        )


def _at_benchmarks(setup: Setup, sample: LHESample) -> LHESample:
    """Return the sample with its weights in the order of the set-up's benchmarks."""
    names = setup.space.benchmark_names
    missing = [name for name in names if name not in sample.weight_names]
    if missing:
        raise LHEError(
            f"no weights for the benchmarks {', '.join(missing)}", expected="a weight per benchmark on every event"
        )
    columns = [sample.weight_names.index(name) for name in names]
    return replace(sample, weights=sample.weights[:, columns], weight_names=tuple(names))
