"""What the stage `extract` computes: the table of a job's events."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assay.cli.work.samples import observables_of
from assay.events.eventfile import Setup
from assay.events.nuisance_columns import nuisance_weights
from assay.events.table import EventTable, Sample
from assay.generation.jobs import Job
from assay.generation.lhe import LHESample, read_lhe
from assay.observables.event_weights import Origin, with_weights
from assay.observables.extract import ObservableDefinition
from assay.observables.join import extract_file
from assay.study.model import EfficiencySystematic, Study
from assay.study.registered import module_of
from assay.theory.systematics import Effect, effects_of


def event_table(study: Study, setup: Setup, job: Job, events: Path, objects: Path) -> EventTable:
    """Extract a study's observables from a job's simulated events, and attach the weights of the generated ones."""
    effects, origin = effects_of(study), Origin(job.sample, job.benchmark, job.k_factor)
    sample = with_weights(setup.space, effects, read_lhe(events), origin)
    definitions = [
        ObservableDefinition(
            name, section.expression, section.required, section.default, section.unit, section.label or ""
        )
        for name, section in study.observables.items()
    ]
    functions = module_of(study.functions)
    extraction, weights = extract_file(
        objects, sample, definitions, study.cuts, functions=functions, effects=effects, sample=job.sample
    )
    n_benchmarks = len(setup.space.benchmarks)
    return EventTable(
        space=setup.space,
        morphing=setup.morphing,
        observables=observables_of(study),
        samples=(_sample(job, sample, effects),),
        x=extraction.x,
        weights=weights[:, :n_benchmarks],
        sample_index=np.zeros(len(extraction.x), dtype=np.int32),
        cut_flow=extraction.cut_flow.rows(
            job.name, setup.space.index_of(job.benchmark) if job.benchmark else 0, n_benchmarks
        ),
        nuisance=nuisance_weights(effects, weights[:, n_benchmarks:]),
    )


def _sample(job: Job, sample: LHESample, effects: tuple[Effect, ...]) -> Sample:
    k_factor = job.k_factor
    return Sample(
        job.name,
        job.benchmark,
        len(sample),
        k_factor * sample.cross_section,
        k_factor * sample.cross_section_error,
        "" if job.benchmark else job.sample,
        k_factor,
        region=job.region,
        reweighted=any(isinstance(e.section, EfficiencySystematic) and e.acts_on(job.sample) for e in effects),
    )
