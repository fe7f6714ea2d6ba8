"""The samples of an event file that does not name them, inferred from the weights of its events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.table import Sample
from assay.theory.parameters import ParameterSpace

_TOLERANCE = 1e-3


def inferred_samples(
    space: ParameterSpace, own_weights: NDArray[np.float64], drawn_at: NDArray[np.int64]
) -> tuple[Sample, ...]:
    """Infer the samples of a MadMiner file, in which every event knows the benchmark at which it was drawn.

    The events of benchmark t have a constant weight c_t at t, the cross section for which each of them stands. How
    many were generated before cuts is not known, so events and cross section after cuts are taken; the relative
    error of 1/sqrt(n) of the latter then makes up for the unknown efficiency: in all, the squared error of a cross
    section becomes sum w^2.

    (Two runs at one benchmark that MadMiner has put together, each normalised to the cross section, cannot be told
    from one.)

    Parameters
    ----------
    space
        The parameter space.
    own_weights
        In pb, at the benchmark of each event (any, for background), shape `(n_events,)`.
    drawn_at
        Index of the benchmark of each event, -1 for background, shape `(n_events,)`.

    Returns
    -------
    One sample per benchmark that has events, and one for background.

    Raises
    ------
    EventFileError
        If an event is of an unknown benchmark, or the weights of a benchmark are not constant.
    """
    present = np.unique(drawn_at)
    n_benchmarks = len(space.benchmarks)
    if len(present) and (present[0] < -1 or present[-1] >= n_benchmarks):
        raise EventFileError(
            f"samples/sampling_benchmarks runs from {present[0]} to {present[-1]}",
            expected=f"numbers from -1 to {n_benchmarks - 1}",
        )
    samples = []
    for benchmark in sorted(present, key=lambda b: (b < 0, b)):  # background last
        own = own_weights[drawn_at == benchmark]
        name = space.benchmark_names[benchmark] if benchmark >= 0 else "background"
        if benchmark >= 0 and np.ptp(own) > _TOLERANCE * np.abs(own).max():
            raise EventFileError(
                f"the events of benchmark {name} weigh between {own.min():.6g} and {own.max():.6g} pb there",
                where="samples/weights",
                expected="a constant weight, from which the number of generated events follows",
                mend="extract the events again with assay, which keeps the samples in the file",
            )
        total, n_events = float(own.sum()), len(own)
        samples.append(
            Sample(name, name if benchmark >= 0 else None, n_events, total, total / float(np.sqrt(n_events)))
        )
    return tuple(samples)
