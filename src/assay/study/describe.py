"""What the models expect, in words: for messages and for the reference of `input.yml`."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assay.study.model import Study
from assay.study.problems import Location

TAGS = ("kind", "generator")
_BOUNDS = (("gt", "above {}"), ("ge", "of at least {}"), ("lt", "below {}"), ("le", "of at most {}"))


@dataclass(frozen=True)
class Expectation:
    """What a place in the study may hold: a type, the constraints on it, and what it means."""

    type: Any
    constraints: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""

    @property
    def models(self) -> tuple[type[BaseModel], ...]:
        """The sections that it may be."""
        return tuple(option for option in _options(self.type) if _is_model(option))

    def words(self) -> str:
        """Return what is expected, such as `a number above 0`."""
        return " or ".join(dict.fromkeys(_option_words(option, self.constraints) for option in _members(self.type)))


def expectation(annotation: Any, metadata: tuple[Any, ...] = (), description: str | None = None) -> Expectation:
    """Return what an annotation expects, with what its `Annotated` layers add."""
    constraints: dict[str, Any] = {}
    described = description or ""
    layers = [*metadata]
    while get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        layers = [*more, *layers]
    for layer in layers:
        if isinstance(layer, FieldInfo):
            described = described or layer.description or ""
        for part in layer.metadata if isinstance(layer, FieldInfo) else (layer,):
            constraints |= _constraints(part)
    options = _options(annotation)
    if len(options) == 2 and type(None) in options:  # X | null: what constrains X constrains the whole
        inner = expectation(next(option for option in get_args(annotation) if option is not type(None)))
        constraints = {**inner.constraints, **constraints}
        annotation = Union[inner.type, None]  # noqa: UP007 - built at run time
        described = described or inner.description
    return Expectation(annotation, constraints, described)


def field_expectation(info: FieldInfo) -> Expectation:
    """Return what a section's field expects."""
    return expectation(info.annotation, tuple(info.metadata), info.description)


def expected_at(location: Location, data: Any) -> Expectation | None:
    """Return what is expected at a location of the study; `data` chooses between the kinds of a method or a prior."""
    current = Expectation(Study)
    for step in location:
        inner = _step(current, step, data)
        if inner is None:
            return None
        current = inner
        data = _inside(data, step)
    return current


def known_keys(location: Location, data: Any) -> tuple[str, ...]:
    """Return the keys that a section at a location may have; none if it is not a section."""
    here = expected_at(location, data)
    for step in location:
        data = _inside(data, step)
    models = _chosen(here.models, data) if here is not None else ()
    return tuple(dict.fromkeys(key for model in models for key in model.model_fields))


def _step(current: Expectation, step: str | int, data: Any) -> Expectation | None:
    for option in _options(current.type):
        arguments = get_args(option)
        if get_origin(option) is dict:
            return expectation(arguments[1])
        if get_origin(option) is tuple and isinstance(step, int):
            repeated = arguments[-1] is Ellipsis
            return expectation(arguments[0] if repeated else arguments[min(step, len(arguments) - 1)])
    for model in _chosen(current.models, data):
        if step in model.model_fields:
            return field_expectation(model.model_fields[str(step)])
    return None


def _chosen(models: tuple[type[BaseModel], ...], data: Any) -> tuple[type[BaseModel], ...]:
    """Return the models whose tag (`kind`, `generator`), or else first key, is in the data; all if there is none."""
    if len(models) < 2 or not isinstance(data, Mapping):
        return models
    tag = tag_of(models)
    if tag is not None:
        kinds = [model for model in models if data.get(tag, _default(model, tag)) in tags_of(model, tag)]
    else:
        kinds = [model for model in models if next(iter(model.model_fields)) in data]
    return tuple(kinds) or models


def tag_of(models: tuple[type[BaseModel], ...]) -> str | None:
    """Return the key by which sections of several kinds are told apart, if they have one."""
    return next((tag for tag in TAGS if all(tag in model.model_fields for model in models)), None)


def tags_of(model: type[BaseModel], tag: str) -> tuple[str, ...]:
    """Return the values of its tag that stand for a section."""
    return get_args(model.model_fields[tag].annotation)


def _default(model: type[BaseModel], tag: str) -> Any:
    info = model.model_fields[tag]
    return None if info.is_required() else info.get_default()


def _inside(data: Any, step: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(step)
    if isinstance(data, tuple) and isinstance(step, int) and step < len(data):
        return data[step]
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(inner for option in get_args(annotation) for inner in _options(option))
    return (annotation,)


def _members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union with what their own `Annotated` layers add, anything else as it is."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)


def _option_words(option: Any, constraints: Mapping[str, Any]) -> str:
    return expectation(option).words() if get_origin(option) is Annotated else _words(option, constraints)


def _is_model(option: Any) -> bool:
    return isinstance(option, type) and issubclass(option, BaseModel)


def _constraints(part: Any) -> dict[str, Any]:
    names = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern")
    return {name: getattr(part, name) for name in names if getattr(part, name, None) is not None}


def _words(option: Any, constraints: Mapping[str, Any]) -> str:
    if option is type(None):
        return "null"
    if option in (int, float):
        return " ".join(["a whole number" if option is int else "a number", *_bounds(constraints)])
    if get_origin(option) is Literal:
        choices = get_args(option)
        return str(choices[0]) if len(choices) == 1 else "one of " + ", ".join(map(str, choices))
    if get_origin(option) is tuple:
        return _tuple_words(get_args(option), constraints)
    if get_origin(option) is dict:
        inner = expectation(get_args(option)[1])
        nested = inner.models or get_origin(inner.type) is dict
        return "a section per name" if nested else f"{inner.words()} per name"
    if _is_model(option):
        return "a section with " + ", ".join(option.model_fields)
    return {bool: "true or false", str: _text_words(constraints)}.get(option, "a value")


def _bounds(constraints: Mapping[str, Any]) -> Iterator[str]:
    if "ge" in constraints and "le" in constraints:
        yield f"from {_number(constraints['ge'])} to {_number(constraints['le'])}"
        return
    bounds = [text.format(_number(constraints[key])) for key, text in _BOUNDS if key in constraints]
    if bounds:
        yield " and ".join(bounds)


def _number(value: float) -> str:
    return (
        f"2^{int(value).bit_length() - 1}"
        if value >= 2**40 and value == 2 ** (int(value).bit_length() - 1)
        else f"{value:.12g}"
    )


def _text_words(constraints: Mapping[str, Any]) -> str:
    if "pattern" in constraints:
        return "a name"
    if "max_length" in constraints:
        return f"text of at most {constraints['max_length']} characters"
    return "text"


def _tuple_words(arguments: tuple[Any, ...], constraints: Mapping[str, Any]) -> str:
    if arguments[-1] is not Ellipsis:
        return f"a list of {len(arguments)} numbers"
    least, most = constraints.get("min_length", 0), constraints.get("max_length")
    bound = f" ({least} to {most} of them)" if most else " (one or more)" if least else ""
    inner = expectation(arguments[0]).words()
    return f"a list{bound}, each {inner}"
