"""The formulas of an efficiency: what one may consist of, and the two ways to write it.

With `objects`, formulas are of one object's pt, eta, phi and energy, and the event's factor is the product over the
objects. Without, they are of the event, as an observable is (and as MadMiner's `add_efficiency`).
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import ExpressionError
from assay.study.expressions import Expression, parse
from assay.study.model_samples import EfficiencySystematic

VARIABLES = ("pt", "eta", "phi", "energy")


@dataclass(frozen=True)
class EfficiencyFormulas:
    """Parsed formulas of the factor and of its relative uncertainty, if it has one."""

    factor: Expression
    uncertainty: Expression | None


def step_of(name: str) -> str:
    """Return the name of an efficiency's line in cut flows."""
    return f"{name} applied"


def formulas_of(section: EfficiencySystematic) -> EfficiencyFormulas:
    """Parse an efficiency.

    Raises
    ------
    ExpressionError
        If a formula is wrong, or nothing says what becomes of events that lack what it needs.
    """
    factor = formula(section, section.factor)
    uncertainty = None if section.uncertainty is None else formula(section, section.uncertainty)
    if section.default is None:
        for parsed in (factor, uncertainty):
            if parsed is not None and parsed.may_be_missing:
                raise ExpressionError(
                    f"events may lack what '{parsed.text}' needs",
                    expected="a default factor for them",
                    mend="add `default: 1.0` (they keep their weight) or `default: 0.0` (they are dropped)",
                )
    return EfficiencyFormulas(factor, uncertainty)


def formula(section: EfficiencySystematic, value: float | str) -> Expression:
    """Parse a number or a formula of the study.

    Raises
    ------
    ExpressionError
        If it is not part of the language.
    """
    text = value if isinstance(value, str) else repr(value)
    if section.objects is None:
        return parse(text)
    return parse(text, variables=VARIABLES, particles=False)
