"""The jobs of the stage `train`: one for each method, member of an ensemble, or share of a scan."""

from __future__ import annotations

from dataclasses import dataclass

from assay.study.model import Method, Study, Untrained


@dataclass(frozen=True)
class TrainingJob:
    """A training.

    Parameters
    ----------
    name
        `alices`, `alices~member2` or `alices~scan1`; seeds derive from it.
    method
        The method's name.
    scan
        Which share of the method's scan, counted from 0; None without one.
    """

    name: str
    method: str
    scan: int | None = None


def training_jobs(study: Study) -> tuple[TrainingJob, ...]:
    """Return all jobs of a study, method by method."""
    return tuple(job for name, method in study.methods.items() for job in _jobs(name, method))


def _jobs(name: str, method: Method) -> list[TrainingJob]:
    if isinstance(method, Untrained):
        return [TrainingJob(name, name)]
    if method.scan is not None:
        return [TrainingJob(f"{name}~scan{job + 1}", name, job) for job in range(method.scan.n_jobs)]
    if method.ensemble > 1:
        return [TrainingJob(f"{name}~member{member + 1}", name) for member in range(method.ensemble)]
    return [TrainingJob(name, name)]


def method_of_job(job: str) -> str:
    """Return the method that a job of `train` or `toys` is of."""
    return job.split("~")[0]
