"""What may be as it should in a file of events, and is worth a look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assay.events.cutflow import total_cut_flow
from assay.events.survey import Survey

FEW_EFFECTIVE_EVENTS = 100.0
MANY_ORDERS = 12.0
HEAVY_EVENT = 0.05
LARGE_CONDITION_NUMBER = 1e6
SMALL_EFFICIENCY = 1e-3
LARGE_SPREAD = 1e-3


def suspicions(found: Survey) -> tuple[str, ...]:
    """Return a sentence for each: bad and negative weights, few effective events, constant observables and the like."""
    return (
        *_events(found),
        *_observables(found),
        *_weights(found),
        *_own_weights(found),
        *_benchmarks(found),
        *_samples(found),
    )


def _events(found: Survey) -> Iterator[str]:
    if found.n_events == 0:
        yield "there is no event in it"
    number = found.header.morphing.condition_number
    if number > LARGE_CONDITION_NUMBER:
        yield f"the morphing has a condition number of {number:.2g}: rounding of weights shows in the morphed ones"


def _observables(found: Survey) -> Iterator[str]:
    for i, info in enumerate(found.header.observables):
        if n_bad := int(found.observables.n_bad[i]):
            yield f"observable {info.name} is not finite in {n_bad} events"
        if found.observables.n_finite[i] > 1 and found.observables.lowest[i] == found.observables.highest[i]:
            yield f"observable {info.name} is {found.observables.lowest[i]:g} in all events: it teaches nothing"


def _weights(found: Survey) -> Iterator[str]:
    names = (*found.header.space.benchmark_names, *found.header.nuisance_benchmarks)
    for b, name in enumerate(names):
        if n_bad := int(found.weights.n_bad[b]):
            yield f"weights at benchmark {name} are not finite in {n_bad} events"
        if n_negative := int(found.weights.n_negative[b]):
            share = n_negative / max(1, int(found.weights.n_finite[b]))
            yield f"weights at benchmark {name} are negative in {n_negative} events ({share:.2%})"
        if (orders := float(found.weights.orders_of_magnitude[b])) > MANY_ORDERS:
            yield f"weights at benchmark {name} span {orders:.0f} orders of magnitude"
        total = abs(float(found.weights.total[b]))
        if (largest := float(found.weights.largest[b])) > HEAVY_EVENT * total and found.n_events > 1.0 / HEAVY_EVENT:
            yield f"a single event makes up {largest / total:.0%} of the weights at benchmark {name}"
        if found.n_events and largest == 0.0:
            yield f"all weights at benchmark {name} are zero"


def _own_weights(found: Survey) -> Iterator[str]:
    if found.header.named_samples:
        return
    of = found.drawn_at
    for name, n, lowest, highest in zip(
        found.header.space.benchmark_names, of.n_events, of.lowest, of.highest, strict=False
    ):
        if n and highest - lowest > LARGE_SPREAD * max(abs(lowest), abs(highest)):
            yield f"the events drawn at benchmark {name} weigh between {lowest:.4g} and {highest:.4g} pb there"


def _benchmarks(found: Survey) -> Iterator[str]:
    if not found.strata:
        return
    sizes, cross_sections = found.sums.effective_sample_sizes, found.sums.cross_sections
    for name, size, cross_section in zip(found.header.space.benchmark_names, sizes, cross_sections, strict=True):
        if size < FEW_EFFECTIVE_EVENTS:
            yield f"the events are worth only {size:.3g} at benchmark {name}"
        if cross_section <= 0.0:
            yield f"the cross section at benchmark {name} is {cross_section:.3g} pb"


def _samples(found: Survey) -> Iterator[str]:
    for sample, n_events in zip(found.header.samples, found.events_of_samples, strict=False):
        if n_events == 0:
            yield f"no event of sample {sample.name} is left after cuts"
        elif n_events < SMALL_EFFICIENCY * sample.n_generated:
            yield f"{n_events} of {sample.n_generated} events of sample {sample.name} are left after cuts"
    signal = [s for s in found.header.samples if s.benchmark is not None]
    if found.header.samples and not signal:
        yield "there is background alone"
    if found.n_bad:
        return
    totals = total_cut_flow(found.header.samples, found.header.cut_flow)
    last = {row.sample: row for row in totals}
    for row in last.values():
        group = [i for i, s in enumerate(found.header.samples) if s.group[1] == row.sample]
        if len(found.events_of_samples) and row.n_events != int(np.sum(found.events_of_samples[group])):
            yield (
                f"the cut flow ends with {row.n_events} events of {row.sample}, "
                f"and {int(np.sum(found.events_of_samples[group]))} are in the file"
            )
