"""The report's section on what was run: stages with their times and jobs, versions, seeds and hashes."""

from __future__ import annotations

from collections.abc import Sequence

from assay.manifest import Manifest
from assay.reporting.content import Section, Table
from assay.reporting.figures.flow import stage_flow
from assay.reporting.figures.stages import stage_times
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import duration
from assay.reporting.run import RunResults
from assay.reporting.tables import by_stage, stage_table

_SHORT = 12


def stages_section(results: RunResults, gallery: Gallery) -> Section:
    """Say which stages ran, in how many jobs, how long they took, and from what their results came."""
    manifests = results.manifests
    if not manifests:
        return Section("Stages", "stages", text="No manifests were given.")
    grouped = by_stage(manifests)
    times = [sum(job.wall_time for job in jobs) for jobs in grouped.values()]
    counts = [len(jobs) for jobs in grouped.values()]
    numbers = {"stage": tuple(grouped), "jobs": counts, "wall_time_s": times}
    flow = gallery.add(
        "flow",
        stage_flow(tuple(grouped), times, counts),
        "How data flowed",
        "Every stage with its number of jobs and its wall time, summed over jobs: the darker, the more of all time.",
        numbers=numbers,
        wide=True,
    )
    bars = gallery.add(
        "stages",
        stage_times(tuple(grouped), times, counts),
        "Time of each stage",
        f"Wall times summed over jobs, {duration(sum(times))} in all; jobs of a stage run side by side where they can.",
        numbers=numbers,
    )
    text = (
        "Every stage that this report is made from, with its jobs; the drawing of the report itself is not counted. "
        "The seed of a job follows from the study's seed, its stage and its name alone, so the same study gives the "
        "same numbers. “Key” is a hash of all that determines the outputs of a job: files read, settings, source code."
    )
    tables = (stage_table(manifests), provenance_table(manifests))
    return Section("What was run", "stages", text, tables=tables, pictures=(bars,), lead=(flow,))


def provenance_table(manifests: Sequence[Manifest]) -> Table:
    """Tabulate version, seed and key of every stage; those of many jobs by their number alone."""
    rows = []
    for stage, jobs in by_stage(manifests).items():
        seeds = {job.seed for job in jobs}
        keys = {job.key for job in jobs}
        rows.append(
            (
                stage,
                ", ".join(sorted({job.version for job in jobs})),
                ", ".join(sorted({job.study_hash[:_SHORT] for job in jobs})),
                str(next(iter(seeds))) if len(seeds) == 1 else f"{len(seeds)} seeds",
                next(iter(keys))[:_SHORT] if len(keys) == 1 else f"{len(keys)} keys",
                min(job.started for job in jobs)[:19].replace("T", " "),
            )
        )
    columns = ("stage", "Assay version", "study hash", "seed", "key", "first started (UTC)")
    return Table(
        "Provenance; every job's manifest.json has the hashes of the files that it read and wrote", columns, tuple(rows)
    )
