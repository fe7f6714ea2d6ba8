"""Checks of further samples and of systematic uncertainties."""

from __future__ import annotations

from collections.abc import Iterable

from assay.study.checks.draft import Check, Draft, interval_finding, label_findings
from assay.study.model_process import EmbeddedProcess
from assay.study.model_samples import (
    SIGNAL,
    HessianSystematic,
    ReplicaSystematic,
    ScaleSystematic,
    Systematic,
    WeightsSystematic,
    processes_of,
    weight_names,
)
from assay.study.problems import Finding, Location, listed, suggestion

_CHOSEN = "basis_"
"""How benchmarks are called that configure adds."""


def sample_names(draft: Draft) -> Iterable[Finding]:
    """Check that no sample has the name of a benchmark, or the one that stands for the process."""
    for name in draft.names("samples"):
        if name == SIGNAL or name in draft.names("benchmarks") or name.startswith(_CHOSEN):
            yield Finding(
                ("samples", name),
                f"a sample called {name}, which is {'the process' if name == SIGNAL else 'a benchmark'}",
                "a name of its own for every sample",
                "call it after its process",
                on_key=True,
            )


def job_names(draft: Draft) -> Iterable[Finding]:
    """Check that events of samples and benchmarks, which are called after both, have names of their own."""
    regions = [name for name, sample in draft.samples.items() if sample.process is not None and sample.signal]
    others = {f"{sample}_{benchmark}": sample for sample in regions for benchmark in draft.names("benchmarks")}
    for name in (*draft.names("benchmarks"), *draft.names("samples")):
        if name in others and name != others[name]:
            yield Finding(
                ("samples", others[name]),
                f"a region {others[name]}, whose events at a benchmark take the name {name}, that of another",
                "names that cannot be confused",
                "call the region otherwise",
                on_key=True,
            )


def sample_benchmarks(draft: Draft) -> Iterable[Finding]:
    """Check that the benchmarks of samples are known."""
    known = draft.names("benchmarks")
    for name, sample in draft.samples.items():
        if sample.benchmark is not None and draft.unknown("benchmarks", sample.benchmark):
            yield Finding(
                ("samples", name, "benchmark"),
                f"{sample.benchmark}, which is no benchmark",
                f"one of {listed(known)}",
                suggestion(sample.benchmark, known, "declare it under benchmarks"),
            )


def sample_labels(draft: Draft) -> Iterable[Finding]:
    """Check that labels of samples can be drawn."""
    for name, sample in draft.samples.items():
        yield from label_findings(("samples", name, "label"), sample.label)


def systematic_names(draft: Draft) -> Iterable[Finding]:
    """Check that no systematic has the name that a sample's own normalisation uncertainty takes."""
    for name, sample in draft.samples.items():
        taken = f"{name}_normalisation"
        if sample.normalisation_uncertainty is not None and taken in draft.names("systematics"):
            yield Finding(
                ("systematics", taken),
                f"{taken}, which is the normalisation uncertainty of the sample {name}",
                "one of the two",
                "remove one, or give this one another name",
                on_key=True,
            )


def systematic_samples(draft: Draft) -> Iterable[Finding]:
    """Check that systematics act on known samples, `signal` being the process."""
    known = (SIGNAL, *draft.names("samples"))
    for name, systematic in draft.systematics.items():
        for index, sample in enumerate(systematic.samples):
            location: Location = ("systematics", name, "samples", index)
            if sample not in known:
                yield Finding(
                    location,
                    f"the unknown sample {sample}",
                    f"one of {listed(known)}",
                    suggestion(sample, known, "declare it under samples"),
                )
            elif sample in systematic.samples[:index]:
                yield Finding(location, f"{sample} for a second time", "every sample once", "remove one of them")


def scale_factors(draft: Draft) -> Iterable[Finding]:
    """Check that factors on scales are below and above one, and that something depends on the scale."""
    for name, systematic in draft.systematics.items():
        if not isinstance(systematic, ScaleSystematic):
            continue
        location = ("systematics", name, "factors")
        low, high = systematic.factors
        reversed_interval = interval_finding(location, systematic.factors)
        if reversed_interval is not None:
            yield reversed_interval
        elif not 0.0 < low < 1.0 < high:
            yield Finding(
                location,
                f"the factors {low:g} and {high:g}",
                "one above zero and below one, and one above one",
                "write [0.5, 2.0]",
            )
        if systematic.scale == "mur" and _acts_on_embedded(draft, systematic):
            yield Finding(
                ("systematics", name, "scale"),
                "the renormalisation scale, on which the process does not depend",
                "muf: the process is electroweak, at leading order",
                "write muf, or `samples:` with the backgrounds it acts on",
            )


def member_weights(draft: Draft) -> Iterable[Finding]:
    """Check that members of sets of parton densities are named once each, in pairs where the set has pairs."""
    for name, systematic in draft.systematics.items():
        if not isinstance(systematic, ReplicaSystematic | HessianSystematic):
            continue
        location = ("systematics", name, "members")
        try:
            members = weight_names(systematic.members)
        except ValueError as error:
            yield Finding(location, str(error), "a range such as 1001..1100", "give first and last number")
            continue
        repeated = sorted({member for member in members if members.count(member) > 1})
        if repeated:
            yield Finding(location, f"{repeated[0]} more than once", "every member once", "remove the others")
        elif isinstance(systematic, ReplicaSystematic) and systematic.components >= len(members):
            yield Finding(
                ("systematics", name, "components"),
                f"{systematic.components} components of {len(members)} replicas",
                f"at most {max(1, len(members) - 1)}",
                "keep fewer, or name all replicas",
            )
        elif isinstance(systematic, HessianSystematic) and systematic.central in members:
            yield Finding(
                ("systematics", name, "central"),
                f"{systematic.central}, which is among the error members",
                "a central member that is not among `members`",
                "take it out of `members`",
            )
        elif isinstance(systematic, HessianSystematic) and not systematic.symmetric and len(members) % 2:
            yield Finding(
                location,
                f"{len(members)} members",
                "an even number: two for each eigenvector, without the central one",
                "remove the central member, or write `symmetric: true`",
            )


def weights_of_process(draft: Draft) -> Iterable[Finding]:
    """Check that no weights are asked of the process which its generator does not write.

    It writes those of scales and of error members; the nominal weight is of the central member.
    """
    for name, systematic in draft.systematics.items():
        if isinstance(systematic, WeightsSystematic) and _acts_on_embedded(draft, systematic):
            yield Finding(
                ("systematics", name, "samples"),
                f"the weights {systematic.up} of the process, which the embedded generator does not write",
                "samples with files that have these weights",
                "write `samples:` with these",
            )
        elif isinstance(systematic, HessianSystematic) and systematic.central and _acts_on_embedded(draft, systematic):
            yield Finding(
                ("systematics", name, "central"),
                f"the weight {systematic.central} of the process, whose nominal weight is of the set's central member",
                "a central member for samples with files alone",
                "remove it, or write `samples:` with the samples whose files have it",
            )


def acts_on(systematic: Systematic, sample: str) -> bool:
    """Say whether a systematic acts on a sample, `signal` being the process."""
    return not systematic.samples or sample in systematic.samples


def _acts_on_embedded(draft: Draft, systematic: Systematic) -> bool:
    """Say whether a systematic acts on a sample that the embedded generator makes."""
    processes = processes_of(draft.process, draft.samples)
    return any(
        isinstance(process, EmbeddedProcess) and acts_on(systematic, name) for name, process in processes.items()
    )


SAMPLE_CHECKS: tuple[Check, ...] = (
    sample_names,
    job_names,
    sample_benchmarks,
    sample_labels,
    systematic_names,
    systematic_samples,
    scale_factors,
    member_weights,
    weights_of_process,
)
