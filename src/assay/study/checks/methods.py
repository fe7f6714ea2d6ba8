"""Checks of methods and their training."""

from __future__ import annotations

from collections.abc import Iterable

from assay.study.checks.draft import Check, Draft
from assay.study.model import (
    WITH_SCORE,
    HistogramMethod,
    RateMethod,
    RatioMethod,
    ScoreMethod,
    TrainingSection,
)
from assay.study.problems import Finding, Location, listed, suggestion

MOST_BINS = 1_000_000


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
        if isinstance(method, RatioMethod) and method.alpha is not None and method.kind not in WITH_SCORE:
            yield Finding(
                ("methods", name, "alpha"),
                f"alpha although the loss of {method.kind} has no score term",
                f"alpha with {listed(sorted(WITH_SCORE))} only",
                f"remove alpha, or write kind: {'alices' if method.kind == 'alice' else 'cascal'}",
            )


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
        elif isinstance(method, ScoreMethod):
            axes, what = len(draft.names("parameters")), "score components"
        else:
            continue
        if method.bins**axes > MOST_BINS:
            yield Finding(
                ("methods", name, "bins"),
                f"{method.bins} bins for each of {axes} {what}: {method.bins**axes:.2g} in all",
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
    """Check that every training's batches and learning rates make sense."""
    yield from _training(draft, ("training",), draft.training)
    for name, method in draft.methods.items():
        if isinstance(method, RatioMethod | ScoreMethod):
            yield from _training(draft, ("methods", name, "training"), method.training)


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
    histogram_observables,
    bin_numbers,
    rate_alone,
    trainings,
)
