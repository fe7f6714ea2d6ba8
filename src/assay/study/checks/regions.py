"""Checks of samples with a process of their own: generated backgrounds, and regions of the signal's phase space."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from assay.study.checks.draft import Check, Draft
from assay.study.checks.process import bounded, located_processes
from assay.study.model import EmbeddedProcess, FilesProcess, SampleSection
from assay.study.model_samples import SIGNAL, regions_of
from assay.study.problems import Finding

_OF_FILES = ("benchmark", "cross_section", "k_factor")
"""What a file of events may need; generated events say it in their process, or need none."""
_OF_A_REGION = frozenset({"cuts", "events_per_benchmark", "jobs_per_benchmark", "scale", "k_factor", "generator"})
"""In what regions of one process may differ."""


def origins(draft: Draft) -> Iterable[Finding]:
    """Check that every sample has either a file of events or a process, and nothing that goes with the other."""
    for name, sample in draft.samples.items():
        if (sample.events is None) == (sample.process is None):
            both = sample.events is not None
            yield Finding(
                ("samples", name),
                "both `events` and `process`" if both else "neither `events` nor `process`",
                "one of them: a file of events, or a process that is generated",
                "remove one of them" if both else "add `events:`",
            )
        elif sample.process is not None:
            yield from _with_process(name, sample)
        elif sample.signal:
            yield Finding(
                ("samples", name, "signal"),
                "a region of the signal from a file of events",
                "a process of its own",
                "write `process: {generator: files, ...}`, or `benchmark:` for more events of the signal",
            )


def _with_process(name: str, sample: SampleSection) -> Iterable[Finding]:
    for key in _OF_FILES:
        if key in sample.model_fields_set and getattr(sample, key) != SampleSection.model_fields[key].default:
            where = "in `process`" if key == "k_factor" else "no such key"
            yield Finding(
                ("samples", name, key),
                f"{key} beside `process`",
                f"{where}: events are generated" if key != "k_factor" else where,
                "move it into `process`" if key == "k_factor" else "remove it",
                on_key=True,
            )
    if isinstance(sample.process, FilesProcess) and not sample.signal:
        yield Finding(
            ("samples", name, "process", "generator"),
            "files at benchmarks for a background, which has none",
            "`events:` with the file",
            "write `events:` in place of `process:`, or `signal: true`",
        )


def disjoint_regions(draft: Draft) -> Iterable[Finding]:
    """Check that regions of the signal are of one process, and that cuts keep each two of them apart."""
    names = regions_of(draft.samples)
    found = {sample: (place, process) for sample, place, process in located_processes(draft) if sample in names}
    for one, other in combinations(found, 2):
        (_, first), (place, second) = found[one], found[other]
        if not isinstance(first, EmbeddedProcess) or not isinstance(second, EmbeddedProcess):
            continue  # what the cards and files of others let through is not known
        unlike = [
            key
            for key in EmbeddedProcess.model_fields
            if key not in _OF_A_REGION and getattr(first, key) != getattr(second, key)
        ]
        if unlike and one == SIGNAL:
            yield Finding(
                (*place, unlike[0]),
                f"{unlike[0]}: {getattr(second, unlike[0])}, and {getattr(first, unlike[0])} in `process`",
                "regions of one process, which differ in cuts, scales and numbers of events alone",
                "write the same, or make it a background: `signal: false`",
            )
        elif not unlike and not _apart(first, second):
            yield Finding(
                (*place, "cuts"),
                f"cuts that let events of the region {one} through: they would count twice",
                "a quantity of which one region has its upper limit where the other has its lower one",
                "add a max_... to one and the same min_... to the other, such as max_lepton_pair_mass",
            )


def _apart(first: EmbeddedProcess, second: EmbeddedProcess) -> bool:
    pairs = zip(bounded(first.cuts), bounded(second.cuts), strict=True)
    return any(a_high <= b_low or b_high <= a_low for (a_low, a_high, _), (b_low, b_high, _) in pairs)


REGION_CHECKS: tuple[Check, ...] = (origins, disjoint_regions)
