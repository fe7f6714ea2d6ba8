"""The events of a study without shower and detector, made in memory: the physics stages without their files.

    .venv/bin/python benchmarks/parton_level.py input/wbf-4l-parton.yml wbf-4l-parton.h5 --events 100000

Seeds, and so events, are those of `assay run --part physics`, up to the digits that LHE files keep. Most of the time of
the stages goes into text and starts of processes: here it takes a few minutes for a million events.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from assay.events.eventfile import write_event_file
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.generation.embedded import FULL_EFFORT, Effort, generate, prepare
from assay.generation.from_study import benchmark_couplings, embedded_settings, generated_of
from assay.generation.jobs import Job, jobs_of
from assay.generation.prepared import PreparedProcess
from assay.observables.event_weights import Origin, with_weights
from assay.observables.extract import ObservableDefinition, extract
from assay.observables.particles import Particles
from assay.observables.truth import Generated
from assay.simulation.parton_level import parton_level
from assay.study.load import load_study
from assay.study.model import EmbeddedProcess, Study
from assay.study.seeds import derive_seed
from assay.theory.from_study import parameter_space
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace


def parton_level_events(study: Study, n_per_benchmark: int | None = None, effort: Effort = FULL_EFFORT) -> EventTable:
    """Return the events of a study's embedded process, after cuts.

    Parameters
    ----------
    study
        Without shower, detector, systematics and further samples.
    n_per_benchmark
        Events at each benchmark; those of the study if None.
    effort
        Points spent on preparing the process.
    """
    assert isinstance(study.process, EmbeddedProcess)
    assert study.detector.kind == "none"
    assert not study.samples
    space, morphing = parameter_space(study, derive_seed(study.seed, "configure"))
    prepared = prepare(
        embedded_settings(study.process),
        benchmark_couplings(space, study.process.model),
        derive_seed(study.seed, "prepare"),
        effort,
    )
    process = study.process
    if n_per_benchmark is not None:
        process = process.model_copy(update={"events_per_benchmark": n_per_benchmark, "jobs_per_benchmark": 1})
    jobs = jobs_of(study.model_copy(update={"process": process}), generated_of(space, morphing))
    parts = [_of_job(study, space, morphing, prepared, job) for job in jobs]
    return replace(
        parts[0],
        samples=tuple(sample for part in parts for sample in part.samples),
        x=np.concatenate([part.x for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        sample_index=np.concatenate([np.full(len(part.x), i, dtype=np.int32) for i, part in enumerate(parts)]),
        cut_flow=tuple(row for part in parts for row in part.cut_flow),
    )


def _of_job(study: Study, space: ParameterSpace, morphing: Morphing, prepared: PreparedProcess, job: Job) -> EventTable:
    assert job.benchmark is not None
    generated = generate(prepared, job.benchmark, job.n_events, job.seed)
    sample = with_weights(space, (), generated, Origin(job.sample, job.benchmark, job.k_factor))
    particles = Particles(parton_level(sample), Generated(sample, np.arange(len(sample))))
    definitions = [
        ObservableDefinition(name, o.expression, o.required, o.default, o.unit, o.label or "")
        for name, o in study.observables.items()
    ]
    kept = extract(particles, definitions, study.cuts, sample.weights)
    return EventTable(
        space=space,
        morphing=morphing,
        observables=tuple(ObservableInfo(d.name, d.expression, d.unit, d.label) for d in definitions),
        samples=(Sample(job.name, job.benchmark, len(sample), sample.cross_section, sample.cross_section_error),),
        x=kept.x,
        weights=sample.weights[kept.keep],
        sample_index=np.zeros(len(kept.x), dtype=np.int32),
        cut_flow=kept.cut_flow.rows(job.name, space.index_of(job.benchmark), len(space.benchmarks)),
    )


def main() -> None:
    """Write the events of a study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--events", type=int, help="per benchmark; default: as the study says")
    arguments = parser.parse_args()
    table = parton_level_events(load_study(arguments.study), arguments.events)
    write_event_file(arguments.output, table)
    print(f"{len(table.x)} events after cuts, of {sum(sample.n_generated for sample in table.samples)} generated")


if __name__ == "__main__":
    main()
