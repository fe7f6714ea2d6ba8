"""Checks of what goes beyond asymptotic limits: toys and posteriors."""

from __future__ import annotations

from collections.abc import Iterable

from assay.study.checks.draft import Check, Draft, interval_finding
from assay.study.checks.theory import theta_findings
from assay.study.model import GaussianPrior
from assay.study.problems import Finding, Location, listed, suggestion


def toys(draft: Draft) -> Iterable[Finding]:
    """Check that toys are of methods and at points that there are."""
    section = draft.limits.toys if draft.limits is not None else None
    if section is None:
        return
    known = draft.names("methods")
    for number, name in enumerate(section.methods or ()):
        location: Location = ("limits", "toys", "methods", number)
        if draft.unknown("methods", name):
            yield Finding(
                location,
                f"toys of the unknown method {name}",
                f"one of {listed(known)}",
                suggestion(name, known, "declare it under methods"),
            )
        elif name in (section.methods or ())[:number]:
            yield Finding(location, f"{name} for a second time", "every method once", "remove one of them")
    for number, theta in enumerate(section.points or ()):
        yield from theta_findings(draft, ("limits", "toys", "points", number), theta, "the point")


def posterior(draft: Draft) -> Iterable[Finding]:
    """Check that priors of a posterior are of parameters and not reversed, and that there are enough walkers."""
    section = draft.limits.posterior if draft.limits is not None else None
    if section is None:
        return
    known = draft.names("parameters")
    for name, prior in section.prior.items():
        location: Location = ("limits", "posterior", "prior", name)
        if draft.unknown("parameters", name):
            mend = suggestion(name, known, "remove it; constraints of nuisance parameters are their priors")
            yield Finding(
                location, f"a prior of {name}, which is no parameter", f"one of {listed(known)}", mend, on_key=True
            )
        elif not isinstance(prior, GaussianPrior):
            kind, interval = next(iter(prior))
            reversed_range = interval_finding((*location, kind), interval)
            if reversed_range is not None:
                yield reversed_range
    if section.walkers < 2 * len(known):
        yield Finding(
            ("limits", "posterior", "walkers"),
            f"{section.walkers} walkers for {len(known)} parameters",
            f"at least {2 * len(known)}",
            f"write {max(32, 4 * len(known))}",
        )


BEYOND_CHECKS: tuple[Check, ...] = (toys, posterior)
