"""Jobs: what the physics stages fan out into, one or several to a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from assay.errors import EventFileError, GenerationError
from assay.files import read_json, write_json
from assay.study.model import FilesProcess, MadGraphProcess, ProcessSection, SampleSection, Study
from assay.study.model_samples import SIGNAL, processes_of
from assay.study.seeds import derive_seed

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Folders are named after jobs."""
EVENT_FILES = (".h5", ".hdf5")
HEPMC_FILES = (".hepmc.gz", ".hepmc")
SHOWERED = "events.hepmc.gz"
"""A job's showered events, beside its others."""


@dataclass(frozen=True)
class Job:
    """Events of one benchmark, or of a file, generated, simulated and extracted together.

    Attributes
    ----------
    name
        Benchmark and replica; the seeds of all its stages derive from it.
    benchmark
        Where its events are drawn; None for a background.
    replica
        Which part of the benchmark's events.
    n_events
        To generate.
    seed
        Of the generation.
    sample
        The study's sample that it is of: `signal` for the process.
    k_factor
        Of that sample.
    variations
        Names of further weights that are generated (see `assay.generation.variations`).
    source
        Name of an LHE file in the folder `samples` beside that of the jobs, in place of generated events.
    cross_section
        Of that file in pb; None for that which it states.
    region
        Of signal: the region of phase space, if it has one of its own, whose cross section adds to the others'.
    objects
        Name of a ROOT file of Delphes in that folder, in place of simulating the events.
    process
        Name of the prepared process in the folder of `prepare`; None for events from a file.
    shower
        Settings of Pythia for these events alone.
    """

    name: str
    benchmark: str | None
    replica: int
    n_events: int
    seed: int
    sample: str = SIGNAL
    k_factor: float = 1.0
    variations: Sequence[str] = ()
    source: str | None = None
    cross_section: float | None = None
    region: str = ""
    objects: str | None = None
    process: str | None = None
    shower: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "shower", tuple(self.shower))
        object.__setattr__(self, "variations", tuple(self.variations))  # JSON has lists

    def check_events(self, path: Path) -> None:
        """Check that generated events are this job's: a fan-out pairs jobs and files by their order alone.

        Raises
        ------
        EventFileError
            If they are of another job.
        """
        from assay.generation.lhe import read_metadata  # takes NumPy, which a list of jobs does not

        found = read_metadata(path).get("job")
        if found != self.name:
            raise EventFileError(
                f"the generated events are of job {found!r}",
                where=str(path),
                expected=f"job {self.name!r}",
                mend="give job and events of the same step, or run generate again",
            )


def jobs_of(
    study: Study, benchmarks: Sequence[str], variations: Mapping[str, Sequence[str]] | None = None
) -> list[Job]:
    """Share the events of every benchmark, and of every generated background, among its jobs; no two share a seed.

    Parameters
    ----------
    study
        The study. Files are a job each.
    benchmarks
        Where the signal is generated, in all its regions of phase space.
    variations
        By sample, the weights that generated events carry.
    """
    jobs = list(_jobs_of_process(SIGNAL, study.process, benchmarks, variations or {}))
    for sample, section in study.samples.items():
        if section.process is not None:
            drawn_at = benchmarks if section.signal else (None,)
            jobs += _jobs_of_process(sample, section.process, drawn_at, variations or {})
        elif section.events is not None and not section.events.endswith(EVENT_FILES):
            jobs.append(_job_of_file(sample, section, section.events))
    settings = {sample: section.shower for sample, section in study.samples.items()}
    return [
        replace(job, seed=derive_seed(study.seed, f"generate {job.name}"), shower=settings.get(job.sample, ()))
        for job in jobs
    ]


def _jobs_of_process(
    sample: str, process: ProcessSection, benchmarks: Sequence[str | None], variations: Mapping[str, Sequence[str]]
) -> Iterator[Job]:
    if isinstance(process, FilesProcess):
        yield from _jobs_of_files(sample, process)
        return
    n_events = process.events_per_benchmark
    n_jobs = min(process.jobs_per_benchmark, n_events)
    for benchmark in benchmarks:
        region = sample if sample != SIGNAL and benchmark is not None else ""
        for replica in range(n_jobs):
            name = f"{stem_of(sample, benchmark)}_{replica}"
            share = (replica + 1) * n_events // n_jobs - replica * n_events // n_jobs
            own = tuple(variations.get(sample, ()))
            job = Job(name, benchmark, replica, share, 0, sample, process.k_factor, own, region=region)
            yield replace(job, process=prepared_name(sample, process))


def _jobs_of_files(sample: str, process: FilesProcess) -> Iterator[Job]:
    region = sample if sample != SIGNAL else ""
    for benchmark, files in process.files.items():
        cross_section = (process.cross_section or {}).get(benchmark)
        for replica, file in enumerate(files):
            name = f"{stem_of(sample, benchmark)}_{replica}"
            source = source_of(name, file)
            job = Job(name, benchmark, replica, 0, 0, sample, process.k_factor, (), source, cross_section, region)
            yield replace(job, objects=objects_of(name)) if process.objects_at(benchmark) else job


def _job_of_file(sample: str, section: SampleSection, events: str) -> Job:
    source = source_of(sample, events)
    job = Job(f"{sample}_0", section.benchmark, 0, 0, 0, sample, section.k_factor, (), source, section.cross_section)
    return replace(job, objects=objects_of(sample)) if section.objects is not None else job


def stem_of(sample: str, benchmark: str | None) -> str:
    """Return what the names of a sample's jobs at a benchmark begin with, before the number."""
    if benchmark is None:
        return sample
    return benchmark if sample == SIGNAL else f"{sample}_{benchmark}"


def source_of(name: str, events: str) -> str:
    """Return the name under which a file of events travels with the run: the given one, with the file's ending."""
    ending = next(ending for ending in (".lhe.gz", ".lhe", *HEPMC_FILES, *EVENT_FILES) if events.endswith(ending))
    return f"{name}{ending}"


def objects_of(name: str) -> str:
    """Return the name under which a sample's file of reconstructed objects travels with the run."""
    return f"{name}.root"


def is_showered(job: Job) -> bool:
    """Return whether another program has showered a job's events already."""
    return job.source is not None and job.source.endswith(HEPMC_FILES)


def prepared_name(sample: str, process: ProcessSection) -> str:
    """Return the name of a prepared process in the folder of `prepare`."""
    return f"{sample}.tar.gz" if isinstance(process, MadGraphProcess) else f"{sample}.npz"


def cards_of(study: Study) -> list[str]:
    """Return the cards of MadGraph that a study names, relative to it, each once."""
    found: dict[str, None] = {}
    for process in processes_of(study.process, study.samples).values():
        if isinstance(process, MadGraphProcess):
            found |= dict.fromkeys(process.cards.files)
    return list(found)


def sources_of(study: Study) -> dict[str, str]:
    """Return the study's files of events, relative to it, by the names under which they travel with the run."""
    found = {}
    for sample, section in study.samples.items():
        if section.events is not None:
            found[source_of(sample, section.events)] = section.events
        if section.objects is not None:
            found[objects_of(sample)] = section.objects
    for sample, process in processes_of(study.process, study.samples).items():
        if isinstance(process, FilesProcess):
            for benchmark, files in process.files.items():
                for replica, file in enumerate(files):
                    found[source_of(f"{stem_of(sample, benchmark)}_{replica}", file)] = file
                for replica, file in enumerate(process.objects_at(benchmark)):
                    found[objects_of(f"{stem_of(sample, benchmark)}_{replica}")] = file
    return found


def batches_of(jobs: Sequence[Job], size: int) -> Iterator[tuple[Job, ...]]:
    """Share jobs, in their order, among steps that work on at most `size` of them."""
    for first in range(0, len(jobs), size):
        yield tuple(jobs[first : first + size])


def write_batches(folder: Path, batches: Iterable[Sequence[Job]]) -> list[Path]:
    """Write every batch as a list of jobs, 000.json and so on, and return the files in order."""
    paths = []
    for number, batch in enumerate(batches):
        paths.append(folder / f"{number:03d}.json")
        write_json(paths[-1], [asdict(job) for job in batch])
    return paths


def read_batch(path: Path) -> tuple[Job, ...]:
    """Read a batch of jobs.

    Raises
    ------
    GenerationError
        If the file is not a list of jobs, each with a name of its own.
    """
    content = read_json(path)
    expected, mend = "a file that configure wrote", "run configure again"
    try:
        jobs = tuple(Job(**job) for job in content)
    except TypeError:
        raise GenerationError("not a batch of jobs", where=str(path), expected=expected, mend=mend) from None
    names = [job.name for job in jobs]
    if not jobs or len(set(names)) < len(jobs) or not all(map(_NAME.fullmatch, map(str, names))):
        raise GenerationError(
            f"jobs without a name of their own ({', '.join(map(str, names)) or 'none at all'})",
            where=str(path),
            expected=expected,
            mend=mend,
        )
    return jobs
