"""Jobs: the units into which the physics stages fan out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assay.errors import EventFileError, GenerationError
from assay.files import read_json, write_json
from assay.generation.lhe import read_metadata
from assay.study.model import Study
from assay.study.seeds import derive_seed


@dataclass(frozen=True)
class Job:
    """Events of one benchmark, generated, simulated and extracted together.

    Attributes
    ----------
    name
        Benchmark and replica; the seeds of all its stages derive from it.
    benchmark
        Where its events are drawn.
    replica
        Which part of the benchmark's events.
    n_events
        To generate.
    seed
        Of the generation.
    """

    name: str
    benchmark: str
    replica: int
    n_events: int
    seed: int

    def write(self, folder: Path) -> Path:
        """Write the job as NAME.json."""
        path = folder / f"{self.name}.json"
        write_json(path, asdict(self))
        return path

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read a job.

        Raises
        ------
        GenerationError
            If the file is not a job.
        """
        content = read_json(path)
        try:
            return cls(**content)
        except TypeError:
            raise GenerationError(
                "not a job", where=str(path), expected="a file that configure wrote", mend="run configure again"
            ) from None

    def check_events(self, path: Path) -> None:
        """Check that generated events are this job's: a fan-out pairs jobs and files by their order alone.

        Raises
        ------
        EventFileError
            If they are of another job.
        """
        found = read_metadata(path).get("job")
        if found != self.name:
            raise EventFileError(
                f"the generated events are of job {found!r}",
                where=str(path),
                expected=f"job {self.name!r}",
                mend="give job and events of the same step, or run generate again",
            )


def jobs_of(study: Study, benchmarks: Sequence[str]) -> list[Job]:
    """Share the events of every benchmark among its jobs; seeds differ between any two jobs."""
    n_events = study.process.events_per_benchmark
    n_jobs = min(study.process.jobs_per_benchmark, n_events)
    jobs = []
    for benchmark in benchmarks:
        for replica in range(n_jobs):
            name = f"{benchmark}_{replica}"
            share = (replica + 1) * n_events // n_jobs - replica * n_events // n_jobs
            jobs.append(Job(name, benchmark, replica, share, derive_seed(study.seed, f"generate {name}")))
    return jobs
