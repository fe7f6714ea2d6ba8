"""The input of `madminer-workflow-ph`: parameters, benchmarks, morphing, observables, cuts."""

from __future__ import annotations

import re
from typing import Any

from assay.errors import ExpressionError
from assay.study.expressions import check_name, parse
from assay.study.migration.source import Source
from assay.study.vocabulary import RESERVED

Document = dict[str, Any]
_NOT_IN_A_NAME = re.compile(r"\W", re.ASCII)
_PLAIN_ANGLES = re.compile(r"\.phi(\(\))?\s*-\s*[\w\[\]]+\.phi\b")


def physics_sections(source: Source) -> Document:
    """Return the sections of a study that the file speaks of.

    Raises
    ------
    StudyError
        If the file has no parameters or benchmarks, or values of the wrong kind.
    """
    names = {source.text("parameters", i, "parameter_name"): i for i in range(source.size("parameters"))}
    if not names:
        source.refuse(("parameters",), None, "parameters: this is no input of madminer-workflow-ph")
    renamed = {name: _name(source, ("parameters", i, "parameter_name"), name) for name, i in names.items()}
    benchmarks = _benchmarks(source, renamed)
    parameters = {renamed[name]: _parameter(source, i) for name, i in names.items()}
    _widen(source, names, renamed, parameters, benchmarks)
    respelt: dict[str, str] = {}
    observables = _observables(source, respelt)
    return {
        "parameters": parameters,
        "benchmarks": benchmarks,
        "morphing": _morphing(source),
        "observables": observables,
        "cuts": _cuts(source, tuple(observables), respelt),
    }


def _name(source: Source, path: tuple[str | int, ...], name: str) -> str:
    """Return a name that a study can have."""
    allowed = _NOT_IN_A_NAME.sub("_", name)
    if not allowed[:1].isalpha():
        allowed = f"p_{allowed}"
    if allowed != name:
        source.lose(path, f"names are letters, digits and underscores; it is called {allowed}")
    return allowed


def _parameter(source: Source, i: int) -> Document:
    transform = source.get("parameters", i, "param_card_transform")
    section: Document = {
        "lha_block": source.text("parameters", i, "lha_block"),
        "lha_id": source.whole("parameters", i, "lha_id"),
    }
    if transform is not None and str(transform).strip() != "theta":
        section["transform"] = str(transform)
    section["range"] = list(source.pair("parameters", i, "parameter_range"))
    section["max_power"] = source.whole("parameters", i, "morphing_max_power")
    return section


def _benchmarks(source: Source, renamed: dict[str, str]) -> dict[str, dict[str, float]]:
    points: dict[str, dict[str, float]] = {}
    for i in range(source.size("benchmarks")):
        path = ("benchmarks", i)
        source.get(*path, "benchmark")  # a running number
        name = _name(source, (*path, "name"), source.text(*path, "name"))
        point = {}
        for number in range(1, len(renamed) + 1):
            parameter = source.text(*path, f"parameter_name_{number}")
            if parameter not in renamed:
                source.refuse((*path, f"parameter_name_{number}"), parameter, f"one of {', '.join(renamed)}")
            point[renamed[parameter]] = source.number(*path, f"value_{number}")
        points[name] = {parameter: point.get(parameter, 0.0) for parameter in renamed.values()}
    if not points:
        source.refuse(("benchmarks",), None, "at least one benchmark")
    return points


def _widen(
    source: Source,
    names: dict[str, int],
    renamed: dict[str, str],
    parameters: dict[str, Document],
    benchmarks: dict[str, dict[str, float]],
) -> None:
    """Let ranges hold all benchmarks, as they have to."""
    for name, i in names.items():
        values = [point[renamed[name]] for point in benchmarks.values()]
        low, high = parameters[renamed[name]]["range"]
        wide = [min(low, *values), max(high, *values)]
        if wide != [low, high]:
            path = ("parameters", i, "parameter_range")
            source.lose(path, f"benchmarks lie outside; the range is {wide}", "move the benchmarks, or keep it")
            parameters[renamed[name]]["range"] = wide


def _morphing(source: Source) -> Document:
    section = {"max_overall_power": source.whole("set_morphing", "max_overall_power")}
    for key in source.keys("set_morphing"):
        path = ("set_morphing", key)
        if key in ("n_trials", "n_test_thetas"):
            source.lose(path, "the basis is optimised until it converges, not by a number of random trials")
        elif key == "include_existing_benchmarks" and not source.get(*path):
            source.lose(path, "the benchmarks given are part of the basis", "remove those that should not be")
        elif key == "n_bases" and source.whole(*path) != 1:
            source.lose(path, "there is one basis", "give more benchmarks: all of them are used by least squares")
    return section


def _respelt(expression: str, renamed: dict[str, str]) -> str:
    """Return an expression with the new names of observables; MadMiner's `met` alone is one, `met.pt` a particle's."""
    for old, new in renamed.items():
        expression = re.sub(rf"(?<![\w.]){old}(?!\s*[\w.\[(])", new, expression)
    return expression


def _observables(source: Source, renamed: dict[str, str]) -> dict[str, Document]:
    """Return the observables; those whose names are particles' or functions' go into `renamed`."""
    sections: dict[str, Document] = {}
    for i in range(source.size("observables")):
        path = ("observables", i)
        name = _name(source, (*path, "name"), source.text(*path, "name"))
        definition = _respelt(source.text(*path, "definition"), renamed)
        required, default = bool(source.get(*path, "required")), source.get(*path, "default")
        if name in RESERVED:
            renamed[name] = f"{name}_1"
            source.lose((*path, "name"), f"{name} means something else in expressions; it is called {name}_1")
            name = renamed[name]
        try:
            check_name(name)
            parse(definition, variables=tuple(sections))
        except ExpressionError as error:
            mend = error.mend or "write it anew in Assay's expressions (docs/input.md) and add it"
            source.lose((*path, "definition"), f"not an observable of Assay's ({error.what})", mend)
            continue
        section: Document = {"expression": definition}
        if default is not None and not required:
            section["default"] = source.number(*path, "default")
        elif default is not None:
            source.lose((*path, "default"), "a required observable has no default: events without it are dropped")
        if default is None:
            if not required:
                why = "there is no value where it does not exist, so it is required; MadMiner put NaN there"
                source.lose((*path, "required"), why, "give it a default to keep these events")
            section["required"] = True
        elif required:
            section["required"] = True
        if _PLAIN_ANGLES.search(definition):
            why = "kept, but a difference of azimuths jumps by 2 pi"
            source.lose((*path, "definition"), why, "use j[0].deltaphi(j[1])")
        sections[name] = section
    return sections


def _cuts(source: Source, observables: tuple[str, ...], renamed: dict[str, str]) -> list[str]:
    cuts = []
    for i in range(source.size("cuts")):
        source.get("cuts", i, "cut")  # a running number
        path = ("cuts", i, "expression")
        text = _respelt(source.text(*path), renamed)
        try:
            parse(text, variables=observables, condition=True)
        except ExpressionError as error:
            source.lose(path, f"not a cut of Assay's ({error.what})", error.mend or "write it anew and add it")
            continue
        cuts.append(text)
    return cuts
