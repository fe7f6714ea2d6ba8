"""The events that the stages 7 to 10 share, with the same partitions everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from assay.events.against_study import check_fits, fitted
from assay.events.eventfile import read_event_file, read_event_header
from assay.events.pool import EventPool
from assay.study.model import Study


def event_pool(study: Study, events: Path) -> EventPool:
    """Read an event file as a pool of the study's observables, with its reference benchmark.

    Parameters
    ----------
    study
        The study.
    events
        An event file; may be anybody's.

    Raises
    ------
    MismatchError
        If the file is not of this study's parameters, benchmarks and observables.
    """
    check_fits(study, read_event_header(events), str(events))
    fractions, table = study.sampling.fractions, read_event_file(events)
    pool = EventPool.from_table(table, (fractions.train, fractions.validation, fractions.test), seed=study.seed)
    for told in pool.described:
        if told.n_one_sided or told.n_constant:
            click.echo(f"  {told}")
    return fitted(study, pool)
