"""What `generate` does: the events of a job, generated or read from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assay.generation.from_study import BACKGROUND
from assay.generation.jobs import SHOWERED, Job, is_showered
from assay.generation.lhe import LHESample


def events_of(job: Job, prepared: Path, folder: Path) -> LHESample:
    """Return the events of a job, with a weight at every benchmark, and the job's name in their metadata.

    Parameters
    ----------
    job
        The job.
    prepared
        The prepared process that it is generated from, or its file of events.
    folder
        For what is written on the way.
    """
    sample = _events(job, prepared, folder)
    return replace(sample, metadata={**sample.metadata, "job": job.name})


def _events(job: Job, prepared: Path, folder: Path) -> LHESample:
    if is_showered(job):
        from assay.generation.hepmc import copy_numbered, external_hepmc

        sample = external_hepmc(prepared, job.cross_section, job.benchmark)  # checks the file, so before it is copied
        copy_numbered(prepared, folder / SHOWERED)
        return sample
    if job.source is not None:
        from assay.generation.external import external_events

        return external_events(prepared, job.cross_section, job.benchmark)
    if prepared.name.endswith(".tar.gz"):
        from assay.generation.madgraph.generate import generate_events

        return generate_events(prepared, job.benchmark, job.n_events, job.seed, tuple(job.variations), folder=folder)
    from assay.generation.embedded import generate
    from assay.generation.prepared import PreparedProcess

    benchmark = BACKGROUND if job.benchmark is None else job.benchmark
    return generate(PreparedProcess.load(prepared), benchmark, job.n_events, job.seed, tuple(job.variations))


def summary_of(job: Job, sample: LHESample) -> str:
    """Return what is said of a job's events: how many, where, their cross section."""
    place = job.sample if job.benchmark is None else " ".join(filter(None, (job.benchmark, job.region)))
    text = f"{len(sample)} events at {place}: {sample.cross_section:.5g} +- {sample.cross_section_error:.1g} pb"
    if job.source is not None:
        return f"{text}, from a file"
    return f"{text}, overweight fraction {sample.metadata['overweight_fraction']:.2g}"
