"""Checks of observables and cuts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from assay.errors import ExpressionError
from assay.study.checks.draft import Check, Draft, expression_finding, label_findings
from assay.study.expressions import check_name, parse
from assay.study.problems import Finding, Location
from assay.study.registered import arities_of, module_of

_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def observable_names(draft: Draft) -> Iterable[Finding]:
    """Check that observables do not take names that mean something else in expressions."""
    for name in draft.names("observables"):
        try:
            check_name(name)
        except ExpressionError as error:
            yield Finding(
                ("observables", name),
                error.what,
                error.expected or "a name of its own",
                error.mend or f"choose another one, such as {name}_1",
                on_key=True,
            )


def observable_expressions(draft: Draft) -> Iterable[Finding]:
    """Check that expressions are valid, and refer to observables above them only."""
    names = draft.names("observables")
    functions = arities_of(draft.functions, draft.folder)
    for place, name in enumerate(names):
        if name not in draft.observables:
            continue
        location = ("observables", name, "expression")
        text = draft.observables[name].expression
        later = [used for used in _NAME.findall(text) if used in names[place:] and used not in _reserved(names[place:])]
        if later:
            yield _later(location, name, later[0])
            continue
        try:
            earlier = [name for name in names[:place] if name not in _reserved(names)]
            parse(text, variables=earlier, functions=functions)
        except ExpressionError as error:
            yield expression_finding(location, error)


def _reserved(names: Iterable[str]) -> set[str]:
    reserved = set()
    for name in names:
        try:
            check_name(name)
        except ExpressionError:
            reserved.add(name)
    return reserved


def _later(location: Location, name: str, used: str) -> Finding:
    if used == name:
        return Finding(
            location, f"{name} refers to itself", "particles and observables above it", "write it in particles"
        )
    return Finding(
        location,
        f"{name} refers to {used}, which is defined below it",
        "particles and observables above it",
        f"move {used} above {name}",
    )


def missing_values(draft: Draft) -> Iterable[Finding]:
    """Check that every observable says what happens to events that lack it."""
    for name, observable in draft.observables.items():
        location = ("observables", name)
        if not observable.required and observable.default is None:
            yield Finding(
                location,
                f"{name} is neither required nor has a default",
                "one of the two: what to do with events that lack it",
                "add `required: true` (drop them) or `default: 0.0` (keep them)",
            )
        elif observable.required and observable.default is not None:
            yield Finding(
                (*location, "default"),
                f"a default although {name} is required",
                "one of the two: events that lack it are dropped or kept",
                "remove `required` or `default`",
            )


def observable_labels(draft: Draft) -> Iterable[Finding]:
    """Check that labels of observables can be drawn."""
    for name, observable in draft.observables.items():
        yield from label_findings(("observables", name, "label"), observable.label)


def repeated_expressions(draft: Draft) -> Iterable[Finding]:
    """Check that no observable is the copy of another one, nor a cut."""
    seen: dict[str, str] = {}
    for name, observable in draft.observables.items():
        first = seen.setdefault("".join(observable.expression.split()), name)
        if first != name:
            yield Finding(
                ("observables", name, "expression"),
                f"the same expression as {first}",
                "an expression of its own",
                "mend the copy, or remove it",
            )
    for index, cut in enumerate(draft.cuts):
        if cut in draft.cuts[:index]:
            yield Finding(("cuts", index), f"the cut {cut!r} for a second time", "every cut once", "remove one of them")


def cut_expressions(draft: Draft) -> Iterable[Finding]:
    """Check that cuts are conditions on particles and observables."""
    names = draft.names("observables")
    variables = [name for name in names if name not in _reserved(names)]
    functions = arities_of(draft.functions, draft.folder)
    for index, cut in enumerate(draft.cuts):
        try:
            parse(cut, variables=variables, functions=functions, condition=True)
        except ExpressionError as error:
            yield expression_finding(("cuts", index), error)


def own_functions(draft: Draft) -> Iterable[Finding]:
    """Check that the module of the study's own functions is the one whose SHA-256 is given, and defines some."""
    if draft.functions is None:
        return
    location = ("functions", "sha256")
    if draft.functions.source is not None:
        yield Finding(("functions", "source"), "the text of the functions", "the file's name alone", "remove it")
    try:
        module = module_of(draft.functions, draft.folder)
    except ExpressionError as error:
        yield Finding(location, error.what, error.expected or "a module of Python functions", error.mend or "mend it")
        return
    if module is not None and not module.arities:
        yield Finding(("functions", "module"), "a module without functions", "def NAME(...):", "remove the section")
    for name in module.arities if module is not None else ():
        try:
            check_name(name)
        except ExpressionError as error:
            yield Finding(
                ("functions", "module"), error.what, "names of their own for functions", error.mend or "rename"
            )
        if name in draft.names("observables"):
            yield Finding(
                ("observables", name),
                f"{name}, which is a function, too",
                "a name of its own",
                "rename one",
                on_key=True,
            )


OBSERVABLE_CHECKS: tuple[Check, ...] = (
    own_functions,
    observable_names,
    observable_expressions,
    missing_values,
    observable_labels,
    repeated_expressions,
    cut_expressions,
)
