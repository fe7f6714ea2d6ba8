"""The jobs of the stage `toys`: batches of repeated experiments for each method."""

from __future__ import annotations

from dataclasses import dataclass

from assay.study.model import Study

NO_TOYS = "none"
"""The job of a study without toys: it does nothing."""


@dataclass(frozen=True)
class ToyJob:
    """A batch of toys of one method, at every true point.

    Parameters
    ----------
    name
        Such as `alices~toys1`; seeds derive from it.
    method
        The method's name; empty for the job that does nothing.
    n_toys
        Experiments at each point.
    """

    name: str
    method: str
    n_toys: int


def toy_jobs(study: Study) -> tuple[ToyJob, ...]:
    """Return all jobs of a study; those of a method share its experiments as evenly as possible."""
    section = study.limits.toys
    if section is None:
        return (ToyJob(NO_TOYS, "", 0),)
    n_jobs = min(section.jobs, section.experiments)
    shares = [section.experiments // n_jobs + (job < section.experiments % n_jobs) for job in range(n_jobs)]
    methods = section.methods if section.methods is not None else tuple(study.methods)
    return tuple(
        ToyJob(f"{method}~toys{number}", method, n_toys)
        for method in methods
        for number, n_toys in enumerate(shares, start=1)
    )
