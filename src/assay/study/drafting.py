"""The valid parts of a study that is not valid as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from assay.study.checks.draft import Draft
from assay.study.model import Study
from assay.study.problems import Location
from assay.study.translate import data_location

_NAMED = ("parameters", "benchmarks", "samples", "systematics", "observables", "methods")
_SECTIONS = tuple(name for name in Draft.__dataclass_fields__ if name in Study.model_fields)
_ABSENT = object()


def draft_of(data: Mapping[str, Any], folder: Path) -> Draft:
    """Return what is valid of a study.

    Parameters
    ----------
    data
        The study as read; anything may be wrong with it.
    folder
        Where it is.
    """
    sections = {name: _valid_section(name, data) for name in _SECTIONS}
    return Draft(
        folder=folder,
        declared={name: tuple(data[name]) for name in _NAMED if isinstance(data.get(name), Mapping)},
        **{name: value for name, value in sections.items() if value is not _ABSENT},
    )


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    info = Study.model_fields[section]
    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return TypeAdapter(kind)


def _valid_section(section: str, data: Mapping[str, Any]) -> Any:
    """Return a section without what is at fault in it; absent if nothing remains, its default if it is not given."""
    if section not in data:
        info = Study.model_fields[section]
        return _ABSENT if info.is_required() else info.get_default(call_default_factory=True)
    content = _mutable(data[section])
    while True:
        try:
            return _adapter(section).validate_python(content, strict=True)
        except ValidationError as error:
            faults = {_fault(detail, content) for detail in error.errors()}
        if () in faults:
            return _ABSENT
        for location in faults:
            if not _remove(content, location):
                return _ABSENT


def _fault(error: ErrorDetails, content: Any) -> Location:
    """Return what has to go: a value at fault, or the section that lacks a key."""
    location = data_location(error, content)
    lacks_key = error["type"] == "missing" and isinstance(error["loc"][-1], str)
    return location[:-1] if lacks_key else location


def _remove(content: Any, location: Location) -> bool:
    """Remove a value, or the whole list that it is in; return whether something other than everything was removed."""
    parents = [content]
    for step in location[:-1]:
        if isinstance(parents[-1], Mapping) and step not in parents[-1]:
            return True  # went with another fault
        parents.append(parents[-1][step])
    for depth in reversed(range(len(parents))):
        if isinstance(parents[depth], dict):
            parents[depth].pop(location[depth], None)
            return True
    return False


def _mutable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _mutable(inner) for key, inner in value.items()}
    return tuple(map(_mutable, value)) if isinstance(value, tuple) else value
