"""Pydantic's errors in plain words: one per fault, with what stands there, what was expected and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_origin

from pydantic_core import ErrorDetails

from assay.study.describe import expected_at, field_expectation, known_keys, tag_of, tags_of
from assay.study.model import PRIOR_KINDS, FlatPrior, Study
from assay.study.model_scan import RANGE_KINDS, UniformRange
from assay.study.problems import Finding, Location, listed, nearest

_LONG = 60  # characters of a text that is not shown

# keys of MadMiner's workflow, and other spellings, that are not near the right ones
_SYNONYMS = {
    "parameter_range": "range",
    "morphing_max_power": "max_power",
    "param_card_transform": "transform",
    "definition": "expression",
    "nbins": "bins",
    "lumi": "luminosity",
    "n_epochs": "epochs",
    "nepochs": "epochs",
    "lr": "learning_rate",
    "patience": "early_stopping_patience",
    "set_morphing": "morphing",
    "asymptotic_limits": "limits",
    "include_xsec": "include_rate",
    "resolution": "points",
    "n_points": "points",
    "n_events": "events_per_benchmark",
    "ebeam": "beam_energy",
    "sqrts": "beam_energy",
}


def translate(errors: Iterable[ErrorDetails], data: Mapping[str, Any]) -> list[Finding]:
    """Return one finding per fault.

    Parameters
    ----------
    errors
        Of validating `data` as a `Study`.
    data
        The study as read.
    """
    located = [(error, data_location(error, data)) for error in errors]
    mistyped = _mistyped_keys(located, data)
    findings: dict[tuple[Location, bool], Finding] = {}
    for error, location in located:
        if error["type"] == "missing" and location in mistyped:
            continue  # its key is there, mistyped, and reported as such
        if error["type"] == "too_short" and _length(data, location) != error["ctx"]["actual_length"]:
            continue  # what made it short is reported
        finding = _finding(error, location, data)
        findings.setdefault((finding.location, finding.on_key), finding)
    return list(findings.values())


def data_location(error: ErrorDetails, data: Any) -> Location:
    """Return pydantic's location without the names of union members and other steps that are not in the data."""
    steps: list[str | int] = []
    parts = error["loc"]
    for index, part in enumerate(parts):
        last_missing = index == len(parts) - 1 and error["type"] == "missing"
        if isinstance(data, Mapping) and part in data:
            data = data[str(part)]
        elif isinstance(data, tuple) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not last_missing or isinstance(data, tuple):
            continue
        steps.append(part)
    return tuple(steps)


def _value(data: Any, location: Location) -> Any:
    for step in location:
        data = data[step]
    return data


def _length(data: Any, location: Location) -> int:
    value = _value(data, location)
    return len(value) if isinstance(value, Mapping | tuple) else -1


def broken_by(errors: Iterable[ErrorDetails], data: Mapping[str, Any]) -> set[Location]:
    """Return the locations of the values that errors leave without a meaning; unknown keys leave none."""
    located = [(error, data_location(error, data)) for error in errors]
    return {location for error, location in located if error["type"] != "extra_forbidden"} | _mistyped_keys(
        located, data
    )


def _mistyped_keys(located: list[tuple[ErrorDetails, Location]], data: Mapping[str, Any]) -> set[Location]:
    """Return the missing keys for which an unknown key stands."""
    return {
        (*location[:-1], meant)
        for error, location in located
        if error["type"] == "extra_forbidden" and (meant := _meant(location, data)) is not None
    }


def _meant(location: Location, data: Mapping[str, Any]) -> str | None:
    key, section = str(location[-1]), location[:-1]
    known = [name for name in known_keys(section, data) if name not in _value(data, section)]
    synonym = _SYNONYMS.get(key.lower())
    return synonym if synonym in known else nearest(key, known)


def _finding(error: ErrorDetails, location: Location, data: Mapping[str, Any]) -> Finding:
    kind = error["type"]
    if "[key]" in error["loc"]:
        return _bad_name(location)
    if kind == "extra_forbidden":
        return _unknown_key(location, data)
    if kind == "missing" and not isinstance(
        _value(data, location[:-1] if _absent(data, location) else location), tuple
    ):
        return _missing_key(location, data)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(location, data)
    value = _value(data, location)
    here = expected_at(location, data)
    expected = here.words() if here is not None else "another value"
    meaning = f" ({here.description})" if here is not None and here.description else ""
    return Finding(location, shown(value), f"{expected}{meaning}", _advice(value, kind, location, expected))


def _absent(data: Any, location: Location) -> bool:
    try:
        _value(data, location)
    except (KeyError, IndexError, TypeError):
        return True
    return False


def _bad_name(location: Location) -> Finding:
    name = str(location[-1])
    legal = re.sub(r"\W", "_", name, flags=re.ASCII)
    legal = (legal if legal[:1].isalpha() else f"x{legal}")[:64]
    return Finding(
        location,
        f"the name {name!r}",
        "a letter followed by letters, digits or underscores, at most 64 in all",
        f"write {legal}, for example",
        on_key=True,
    )


def _unknown_key(location: Location, data: Mapping[str, Any]) -> Finding:
    key, section = str(location[-1]), location[:-1]
    known = known_keys(section, data)
    meant = _meant(location, data)
    elsewhere = [place for place in _places_of(key) if place != ".".join(map(str, section))]
    if meant is not None:
        mend = f"write {meant}"
    elif (candidate := nearest(key, known)) is not None:
        mend = f"remove it ({candidate} is given already)"
    elif elsewhere:
        mend = f"move it to {elsewhere[0]}"
    else:
        mend = "remove it"
    return Finding(location, f"the unknown key {key}", f"one of {listed(known)}", mend, on_key=True)


def _places_of(key: str) -> list[str]:
    """Return the sections of a study with fixed keys that have this key."""
    places = ["the top level"] if key in Study.model_fields else []
    for name, info in Study.model_fields.items():
        models = field_expectation(info).models if get_origin(info.annotation) is not dict else ()
        if any(key in model.model_fields for model in models):
            places.append(name)
    return places


def _missing_key(location: Location, data: Mapping[str, Any]) -> Finding:
    here = expected_at(location, data)
    expected = here.words() if here is not None else "a value"
    meaning = f" ({here.description})" if here is not None and here.description else ""
    key = location[-1]
    mend = "write `assay: 1` at the top" if location == ("assay",) else f"add `{key}:`"
    return Finding(location, f"the key {key} is missing", f"{expected}{meaning}", mend)


def _unknown_kind(location: Location, data: Mapping[str, Any]) -> Finding:
    value = _value(data, location)
    here = expected_at(location, data)
    models = here.models if here is not None else ()
    if FlatPrior in models:
        expected = "{flat: [low, high]}, {gaussian: [mean, deviation]} or {log_uniform: [low, high]}"
        return _unknown_shape(location, value, tuple(PRIOR_KINDS), expected)
    if UniformRange in models:
        expected = "a list of values, {uniform: [low, high]}, {log_uniform: [low, high]} or {integer: [low, high]}"
        return _unknown_shape(location, value, RANGE_KINDS, expected)
    if not models:
        return Finding(location, shown(value), "a benchmark or a value for every parameter", "write a benchmark's name")
    tag = tag_of(models) or "kind"
    kinds = [kind for model in models for kind in tags_of(model, tag)]
    if not isinstance(value, Mapping):
        return Finding(
            location, shown(value), f"a section with the key {tag}", f"write {{{tag}: {kinds[0]}}}, for example"
        )
    if tag not in value:
        return Finding(location, f"the key {tag} is missing", f"{tag}: one of {listed(kinds)}", f"add `{tag}:`")
    meant = nearest(str(value[tag]), kinds)
    mend = f"write {meant}" if meant else "choose one of these"
    return Finding((*location, tag), shown(value[tag]), f"one of {', '.join(kinds)}", mend)


def _unknown_shape(location: Location, value: Any, kinds: tuple[str, ...], expected: str) -> Finding:
    """Return what is wrong with a prior or a range, whose only key says of which kind it is."""
    keys = list(value) if isinstance(value, Mapping) else []
    if len(keys) == 1 and (meant := nearest(str(keys[0]), kinds)):
        return Finding(location, f"the unknown key {keys[0]}", f"one of {listed(kinds)}", f"write {meant}")
    given = [str(key) for key in keys if key in kinds]
    found = f"both {' and '.join(given)}" if len(given) > 1 else shown(value)
    return Finding(location, found, expected, "write one of them")


def shown(value: Any) -> str:
    """Return what stands in the file, in words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= _LONG else f"a text of {len(value)} characters"
    if isinstance(value, int | float):
        return f"the number {value!r}"
    if isinstance(value, tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    return "a section with " + listed(value) if value else "an empty section"


def _advice(value: Any, kind: str, location: Location, expected: str) -> str:
    if value is None:
        return "give it a value, or remove the key" if location else "write a study"
    if isinstance(value, str):
        return _advice_for_text(value, kind, expected)
    if isinstance(value, tuple) and " per name" in expected:
        return "write `name: ...` per entry in place of a list"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _advice_for_number(value, kind, location, expected)
    if expected.startswith("a list"):
        return "put it between brackets: [...]" if not isinstance(value, tuple) else "mend the number of entries"
    return f"write {expected}"


def _advice_for_text(value: str, kind: str, expected: str) -> str:
    if "number" in expected and not expected.startswith("a list"):
        number = re.match(r"\s*[-+]?[0-9]+([.,][0-9]*)?([eE][-+]?[0-9]+)?", value)
        if number is None:
            return "write a number"
        digits = number.group().strip()
        if digits == value.strip():
            return (
                f"write {digits.replace(',', '.')} with a decimal point"
                if "," in digits
                else f"write {digits} without quotation marks"
            )
        return f"write {digits.replace(',', '.')} alone" + (
            ", without its unit" if value[number.end() :].strip().isalpha() else ""
        )
    if expected.startswith("true or false") and value.lower() in ("true", "false", "yes", "no"):
        return "write it without quotation marks"
    if kind == "literal_error" and expected.startswith("one of "):
        meant = nearest(value, expected.removeprefix("one of ").split(", "))
        return f"write {meant}" if meant else "choose one of these"
    if kind == "string_too_long":
        return "shorten it"
    if kind == "string_too_short":
        return "write something, or remove the key"
    if expected.startswith("a list"):
        return f"put it between brackets: [{value if len(value) <= _LONG else '...'}]"
    return f"write {expected}"


def _advice_for_number(value: float, kind: str, location: Location, expected: str) -> str:
    if "confidence_levels" in location and 1 <= value < 100:
        return f"write {value / 100:.6g}: a fraction, not a percentage"
    if expected.startswith(("text", "a name")):
        return f"put it between quotation marks: '{value}'"
    if expected.startswith("a whole number") and isinstance(value, float):
        return f"write {round(value)}"
    if expected.startswith("a list"):
        return f"put it between brackets: [{value}]"
    if kind.startswith(("greater", "less")):
        return "choose another number"
    return f"write {expected}"
