"""Jobs: what the physics stages fan out into, one or several to a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assay.errors import EventFileError, GenerationError
from assay.files import read_json, write_json
from assay.study.model import Study
from assay.study.model_samples import SIGNAL
from assay.study.seeds import derive_seed

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""Folders are named after jobs."""
_EVENT_FILES = (".h5", ".hdf5")


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

    def __post_init__(self) -> None:
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


def jobs_of(study: Study, benchmarks: Sequence[str], variations: Sequence[str] = ()) -> list[Job]:
    """Share the events of every benchmark among its jobs; seeds differ between any two jobs.

    The study's samples from LHE files are a job each, after those. Variations are weights that generated events carry.
    """
    n_events = study.process.events_per_benchmark
    n_jobs = min(study.process.jobs_per_benchmark, n_events)
    jobs = []
    for benchmark in benchmarks:
        for replica in range(n_jobs):
            name = f"{benchmark}_{replica}"
            share = (replica + 1) * n_events // n_jobs - replica * n_events // n_jobs
            seed, k_factor = derive_seed(study.seed, f"generate {name}"), study.process.k_factor
            jobs.append(Job(name, benchmark, replica, share, seed, k_factor=k_factor, variations=tuple(variations)))
    return [*jobs, *_jobs_of_files(study)]


def _jobs_of_files(study: Study) -> Iterator[Job]:
    for sample, section in study.samples.items():
        if not section.events.endswith(_EVENT_FILES):
            yield Job(
                f"{sample}_0",
                section.benchmark,
                0,
                0,
                derive_seed(study.seed, f"generate {sample}_0"),
                sample=sample,
                k_factor=section.k_factor,
                source=source_of(sample, section.events),
                cross_section=section.cross_section,
            )


def source_of(sample: str, events: str) -> str:
    """Return the name under which a sample's file travels with the run: the sample's own, with the file's ending."""
    ending = next(ending for ending in (".lhe.gz", ".lhe", *_EVENT_FILES) if events.endswith(ending))
    return f"{sample}{ending}"


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
