"""Checks of efficiencies and their uncertainties."""

from __future__ import annotations

from collections.abc import Iterable

from assay.errors import ExpressionError
from assay.study.checks.draft import Check, Draft, expression_finding
from assay.study.efficiencies import formula, formulas_of
from assay.study.model_samples import EfficiencySystematic
from assay.study.problems import Finding, Location


def efficiency_formulas(draft: Draft) -> Iterable[Finding]:
    """Check that efficiencies and their uncertainties are formulas, of objects or of events, or numbers that may be."""
    for name, systematic in draft.systematics.items():
        if isinstance(systematic, EfficiencySystematic):
            yield from _formulas(("systematics", name), systematic)


def _formulas(location: Location, section: EfficiencySystematic) -> Iterable[Finding]:
    given = {"factor": section.factor, "uncertainty": section.uncertainty}
    faults = [fault for key, value in given.items() for fault in _formula((*location, key), section, key, value)]
    yield from faults
    if not faults:
        try:
            formulas_of(section)
        except ExpressionError as error:
            yield Finding((*location, "factor"), error.what, error.expected or "a default", error.mend or "add it")
    if section.objects is None and section.leading is not None:
        mend = "add `objects:` or remove it"
        yield Finding((*location, "leading"), "the leading objects, of no list", "`objects:` beside it", mend)
    if section.objects is not None and section.default is not None:
        what = "a default, although the product over no objects is 1"
        yield Finding((*location, "default"), what, "no default with `objects:`", "remove it")


def _formula(
    location: Location, section: EfficiencySystematic, key: str, value: float | str | None
) -> Iterable[Finding]:
    if isinstance(value, str):
        try:
            formula(section, value)
        except ExpressionError as error:
            yield expression_finding(location, error)
    elif value is not None and not (value > 0.0 or (key == "factor" and value == 0.0)):
        yield Finding(location, f"{value!r}", "a number above 0, or a formula", "mend it")


EFFICIENCY_CHECKS: tuple[Check, ...] = (efficiency_formulas,)
