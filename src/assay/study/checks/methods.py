"""Checks of methods and their training."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from assay.study.checks.draft import Check, Draft
from assay.study.checks.theory import theta_findings
from assay.study.model import (
    WITH_SCORE,
    DensityMethod,
    HistogramMethod,
    RateMethod,
    RatioMethod,
    ScoreMethod,
    Trained,
    TrainingSection,
)
from assay.study.problems import Finding, Location, listed, suggestion

MOST_BINS = 1_000_000
KINKED = ("leaky_relu", "relu")


def method_names(draft: Draft) -> Iterable[Finding]:
    """Check that names of methods differ by more than capital letters, since folders are named after them."""
    seen: dict[str, str] = {}
    for name in draft.names("methods"):
        first = seen.setdefault(name.lower(), name)
        if first != name:
            yield Finding(
                ("methods", name),
                f"the name {name}, which differs from {first} by capital letters only",
                "names that are different folders on any disk",
                "choose another name",
                on_key=True,
            )


def alphas(draft: Draft) -> Iterable[Finding]:
    """Check that only losses with a score term have its weight."""
    for name, method in draft.methods.items():
        if not isinstance(method, RatioMethod | DensityMethod):
            continue
        if method.alpha is not None and method.kind not in WITH_SCORE:
            other = {"alice": "alices", "nde": "scandal"}.get(method.kind, "cascal")
            yield Finding(
                ("methods", name, "alpha"),
                f"alpha although the loss of {method.kind} has no score term",
                f"alpha with {listed(sorted(WITH_SCORE))} only",
                f"remove alpha, or write kind: {other}",
            )


def points(draft: Draft) -> Iterable[Finding]:
    """Check that points are given to pointwise families alone, are valid, and that their losses need no score."""
    for name, method in draft.methods.items():
        if not isinstance(method, RatioMethod):
            continue
        if method.family != "pointwise" and method.points is not None:
            yield Finding(
                ("methods", name, "points"),
                f"points although the family is {method.family}",
                "points with family: pointwise only",
                "remove points, or write family: pointwise",
            )
        if method.family == "pointwise" and method.kind in WITH_SCORE:
            yield Finding(
                ("methods", name, "kind"),
                f"{method.kind} with a network for every point, which has no score",
                "carl, rolr or alice",
                "write kind: alice, or take another family",
            )
        for index, theta in enumerate(method.points or ()):
            yield from theta_findings(draft, ("methods", name, "points", index), theta, "the point")


def histogram_observables(draft: Draft) -> Iterable[Finding]:
    """Check that histograms are of different, known observables."""
    known = draft.names("observables")
    for name, method in draft.methods.items():
        for index, observable in enumerate(method.observables if isinstance(method, HistogramMethod) else ()):
            location = ("methods", name, "observables", index)
            if draft.unknown("observables", observable):
                yield Finding(
                    location,
                    f"the unknown observable {observable}",
                    f"one of {listed(known)}",
                    suggestion(observable, known, "define it under observables"),
                )
            elif isinstance(method, HistogramMethod) and observable in method.observables[:index]:
                yield Finding(
                    location, f"{observable} for a second time", "every observable once", "remove one of them"
                )


def bin_numbers(draft: Draft) -> Iterable[Finding]:
    """Check that histograms are not too large."""
    for name, method in draft.methods.items():
        if isinstance(method, HistogramMethod):
            axes, what = len(method.observables), "observables"
            bins = (method.bins,) * axes if isinstance(method.bins, int) else method.bins
        elif isinstance(method, ScoreMethod):
            axes, what = len(draft.names("parameters")), "score components"
            if method.kind == "sallino" or method.statistic == "adaptive":
                axes = 1 if method.kind == "sallino" else 2
            bins = (method.bins,) * axes
        else:
            continue
        if len(bins) != axes:
            yield Finding(
                ("methods", name, "bins"),
                f"{len(bins)} numbers of bins for {axes} {what}",
                "one number for all, or one for each",
                f"write {axes} numbers",
            )
        elif prod(bins) > MOST_BINS:
            yield Finding(
                ("methods", name, "bins"),
                f"{' x '.join(map(str, bins))} bins for {axes} {what}: {prod(bins):.2g} in all",
                f"at most {MOST_BINS} bins in all",
                f"write {max(2, int(MOST_BINS ** (1.0 / axes) + 1e-9))} or fewer",
            )


def rate_alone(draft: Draft) -> Iterable[Finding]:
    """Check that the rate method needs limits that include the rate."""
    if draft.limits is None or True in draft.limits.include_rate:
        return
    for name, method in draft.methods.items():
        if isinstance(method, RateMethod):
            yield Finding(
                ("methods", name),
                "a rate method although limits.include_rate is [false] only",
                "limits that include the rate",
                "add true to limits.include_rate, or remove the method",
            )


def trainings(draft: Draft) -> Iterable[Finding]:
    """Check that every training's batches, learning rates, preprocessing and activation make sense."""
    yield from _training(draft, ("training",), draft.training)
    for name, method in draft.methods.items():
        if not isinstance(method, Trained):
            continue
        location = ("methods", name, "training") if method.training is not None else ("training",)
        if method.training is not None:
            yield from _training(draft, location, method.training)
        training = method.training or draft.training
        if training is not None and training.activation in KINKED and method.kind in WITH_SCORE:
            yield Finding(
                (*location, "activation"),
                f"{training.activation} for {method.kind}, whose loss has the derivative of the network in it",
                "a smooth activation",
                "write activation: silu",
            )


def _training(draft: Draft, location: Location, training: TrainingSection | None) -> Iterable[Finding]:
    if training is None:
        return
    if draft.sampling is not None and training.batch_size > draft.sampling.train_samples:
        yield Finding(
            (*location, "batch_size"),
            f"batches of {training.batch_size} of {draft.sampling.train_samples} training samples",
            f"at most {draft.sampling.train_samples}",
            "take a smaller batch_size or more sampling.train_samples",
        )
    known = draft.names("observables")
    named = training.preprocessing if isinstance(training.preprocessing, dict) else {}
    for observable in named:
        if draft.unknown("observables", observable):
            yield Finding(
                (*location, "preprocessing", observable),
                f"the unknown observable {observable}",
                f"one of {listed(known)}",
                suggestion(observable, known, "define it under observables"),
                on_key=True,
            )
    if training.final_learning_rate > training.learning_rate:
        yield Finding(
            (*location, "final_learning_rate"),
            f"{training.final_learning_rate:g}, above learning_rate = {training.learning_rate:g}",
            f"at most {training.learning_rate:g}",
            "exchange them, or lower it",
        )


METHOD_CHECKS: tuple[Check, ...] = (
    method_names,
    alphas,
    points,
    histogram_observables,
    bin_numbers,
    rate_alone,
    trainings,
)
