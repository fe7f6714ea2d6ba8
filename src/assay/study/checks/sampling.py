"""Checks of the augmented data: fractions, priors, numbers of samples."""

from __future__ import annotations

from collections.abc import Iterable

from assay.study.checks.draft import Check, Draft, interval_finding
from assay.study.checks.morphing import n_generated
from assay.study.checks.theory import theta_findings
from assay.study.model import FilesProcess, FlatPrior, GaussianPrior, LogUniformPrior, Prior
from assay.study.problems import Finding, Location, listed, suggestion


def fractions(draft: Draft) -> Iterable[Finding]:
    """Check that the shares of the events sum to one."""
    if draft.sampling is None:
        return
    shares = draft.sampling.fractions
    total = shares.train + shares.validation + shares.test
    if abs(total - 1.0) > 1e-9:
        rest = 1.0 - shares.train - shares.validation
        yield Finding(
            ("sampling", "fractions"),
            f"shares that sum to {total:.6g}",
            "a sum of 1",
            f"write test: {rest:.6g}, for example" if rest > 0 else "lower them",
        )


def priors(draft: Draft) -> Iterable[Finding]:
    """Check that priors are of known parameters, within their ranges."""
    known = draft.names("parameters")
    for name, prior in draft.sampling.prior.items() if draft.sampling is not None else ():
        location: Location = ("sampling", "prior", name)
        if draft.unknown("parameters", name):
            yield Finding(
                location,
                f"a prior for the unknown parameter {name}",
                f"one of {listed(known)}",
                suggestion(name, known, "declare it under parameters, or remove its prior"),
                on_key=True,
            )
        elif name in draft.parameters and draft.parameters[name].range[0] < draft.parameters[name].range[1]:
            yield from _within(prior, location, name, draft.parameters[name].range)


def _within(prior: Prior, location: Location, name: str, allowed: tuple[float, float]) -> Iterable[Finding]:
    low, high = allowed
    if isinstance(prior, FlatPrior | LogUniformPrior):
        kind, interval = next(iter(prior))
        location = (*location, kind)
        reversed_range = interval_finding(location, interval)
        if reversed_range is not None:
            yield reversed_range
        elif not (low <= interval[0] and interval[1] <= high):
            yield Finding(
                location,
                f"a {kind.replace('_', '-')} prior on [{interval[0]:g}, {interval[1]:g}], beyond the range of {name}",
                f"within [{low:g}, {high:g}]",
                f"narrow it, or widen parameters.{name}.range",
            )
    elif isinstance(prior, GaussianPrior):
        location = (*location, "gaussian")
        mean, deviation = prior.gaussian
        if not low <= mean <= high:
            yield Finding(
                location,
                f"a Gaussian prior with its mean at {mean:g}, outside the range of {name}",
                f"a mean from {low:g} to {high:g}",
                f"move it, or widen parameters.{name}.range",
            )
        elif deviation > high - low:
            yield Finding(
                location,
                f"a standard deviation of {deviation:g}, wider than the range of {name}, to which it is truncated",
                f"at most {high - low:g}",
                f"write flat: [{low:g}, {high:g}]",
            )


def nuisance_priors(draft: Draft) -> Iterable[Finding]:
    """Check that priors of nuisance parameters belong to a systematic uncertainty, and are not reversed."""
    if draft.sampling is None:
        return
    known = (
        *draft.systematics,
        *(f"{name}_normalisation" for name, sample in draft.samples.items() if sample.normalisation_uncertainty),
    )
    for name, prior in (draft.sampling.nuisance or {}).items():
        location: Location = ("sampling", "nuisance", name)
        if not any(name == systematic or name.startswith(f"{systematic}_") for systematic in known):
            yield Finding(
                location,
                f"a prior for {name}, which is no nuisance parameter",
                f"a nuisance parameter of one of {listed(known)}",
                suggestion(name, known, "declare it under systematics, or remove its prior"),
                on_key=True,
            )
        elif isinstance(prior, FlatPrior | LogUniformPrior):
            kind, interval = next(iter(prior))
            reversed_range = interval_finding((*location, kind), interval)
            if reversed_range is not None:
                yield reversed_range


def hypotheses(draft: Draft) -> Iterable[Finding]:
    """Check that numerators and denominator are benchmarks, or have a value in range for every parameter."""
    if draft.sampling is None:
        return
    for number, theta in enumerate(draft.sampling.numerator or ()):
        yield from theta_findings(draft, ("sampling", "numerator", number), theta, "the numerator")
    if draft.sampling.denominator is not None:
        location = ("sampling", "denominator")
        yield from theta_findings(draft, location, draft.sampling.denominator, "the denominator")


def sample_numbers(draft: Draft) -> Iterable[Finding]:
    """Check that there are at least as many samples as hypotheses."""
    if draft.sampling is not None and draft.sampling.hypotheses > draft.sampling.train_samples:
        yield Finding(
            ("sampling", "hypotheses"),
            f"{draft.sampling.hypotheses} hypotheses for {draft.sampling.train_samples} training samples",
            f"at most {draft.sampling.train_samples}",
            "take fewer hypotheses or more samples",
        )


def enough_events(draft: Draft) -> Iterable[Finding]:
    """Check that the smallest share of the events can hold the effective events that are asked for."""
    sampling, process, benchmarks = draft.sampling, draft.process, n_generated(draft)
    if sampling is None or process is None or isinstance(process, FilesProcess) or benchmarks is None:
        return
    shares = sampling.fractions
    events = process.events_per_benchmark * benchmarks * min(shares.train, shares.validation, shares.test)
    if events < sampling.min_effective_events:
        yield Finding(
            ("process", "events_per_benchmark"),
            f"{process.events_per_benchmark} events at {benchmarks} benchmarks: {events:.0f} in the smallest share",
            f"at least sampling.min_effective_events = {sampling.min_effective_events:g} there",
            "generate more events",
        )


SAMPLING_CHECKS: tuple[Check, ...] = (
    fractions,
    priors,
    nuisance_priors,
    hypotheses,
    sample_numbers,
    enough_events,
)
