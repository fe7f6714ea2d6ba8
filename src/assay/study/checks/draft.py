"""What is valid of a study, so that checks can run although other parts are at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.errors import ExpressionError
from assay.study.model import (
    DetectorSection,
    ExecutionSection,
    FunctionsSection,
    LimitsSection,
    Method,
    MorphingSection,
    ObservableSection,
    ObservableSetsSection,
    ParameterSection,
    ProcessSection,
    SampleSection,
    SamplingSection,
    ShowerSection,
    Systematic,
    TrainingSection,
)
from assay.study.problems import Finding, Location


@dataclass(frozen=True)
class Draft:
    """The valid parts of a study.

    A section that is at fault is None or empty, one that the file does not give has its defaults.

    Attributes
    ----------
    folder
        Where the study is, to which file names in it are relative.
    declared
        Names of all parameters, benchmarks, observables and methods, by section, those at fault included. A section
        that is missing, or no mapping, is missing here too.
    """

    folder: Path
    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parameters: Mapping[str, ParameterSection] = field(default_factory=dict)
    benchmarks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    reference: str | None = None
    morphing: MorphingSection | None = None
    process: ProcessSection | None = None
    samples: Mapping[str, SampleSection] = field(default_factory=dict)
    systematics: Mapping[str, Systematic] = field(default_factory=dict)
    shower: ShowerSection | None = None
    detector: DetectorSection | None = None
    functions: FunctionsSection | None = None
    observable_sets: ObservableSetsSection | None = None
    observables: Mapping[str, ObservableSection] = field(default_factory=dict)
    cuts: tuple[str, ...] = ()
    luminosity: float | None = None
    sampling: SamplingSection | None = None
    training: TrainingSection | None = None
    methods: Mapping[str, Method] = field(default_factory=dict)
    limits: LimitsSection | None = None
    execution: ExecutionSection | None = None

    def names(self, section: str) -> tuple[str, ...]:
        """Return the names that a section declares, valid or not."""
        return self.declared.get(section, ())

    def unknown(self, section: str, name: str) -> bool:
        """Return whether a section, if there is one at all, does not declare a name."""
        return section in self.declared and name not in self.declared[section]

    def all_valid(self, section: str) -> bool:
        """Return whether everything that a section declares is valid."""
        return section in self.declared and set(self.declared[section]) == set(getattr(self, section))


Check = Callable[[Draft], Iterable[Finding]]


def interval_finding(location: Location, interval: tuple[float, float]) -> Finding | None:
    """Return what is wrong with an interval, if it is reversed or empty."""
    low, high = interval
    if low < high:
        return None
    if low == high:
        return Finding(location, f"the empty range [{low:g}, {high:g}]", "a lowest below a highest value", "widen it")
    return Finding(
        location, f"the reversed range [{low:g}, {high:g}]", "the lowest value first", f"write [{high:g}, {low:g}]"
    )


def expression_finding(location: Location, error: ExpressionError) -> Finding:
    """Return the finding for an expression that the parser refused, with its caret."""
    found, *excerpt = error.what.split("\n")
    return Finding(
        location,
        found,
        error.expected or "an expression such as j[0].pt",
        error.mend or "mend the expression",
        excerpt=tuple(line.removeprefix("    ") for line in excerpt),
    )


def label_findings(location: Location, label: str | None) -> Iterable[Finding]:
    """Yield what would stop a figure from being drawn: dollar signs and braces without a partner."""
    if label is None:
        return
    bare = label.replace(r"\\", "").replace(r"\{", "").replace(r"\}", "").replace(r"\$", "")
    if "$" in bare:
        yield Finding(location, f"a dollar sign in {label!r}", "LaTeX without $", f"write {label.replace('$', '')}")
    depth = 0
    for character in bare:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            break
    if depth:
        yield Finding(location, f"a brace without its partner in {label!r}", "{ and } in pairs", "add the other brace")
