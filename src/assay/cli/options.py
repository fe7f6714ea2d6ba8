"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from assay.errors import StudyError
from assay.manifest import verified_inputs
from assay.study.model import Method, Study
from assay.study.resolve import from_resolved, resolve

_File = click.Path(path_type=Path)
_Command = TypeVar("_Command", bound=Callable[..., Any])
_Decorator = Callable[[_Command], _Command]

study_option: _Decorator[Any] = click.option(
    "--study", "study_path", type=_File, required=True, help="input.yml, or study.json of a configured study."
)
output_option: _Decorator[Any] = click.option(
    "--output", type=_File, required=True, help="The stage's own folder; outdated content is replaced."
)
method_option: _Decorator[Any] = click.option("--method", required=True, help="A method of the study, by name.")


def file_option(name: str, help: str) -> _Decorator[Any]:  # noqa: A002
    """Make a required option that takes a file or folder."""
    return click.option(name, type=_File, required=True, help=help)


def read_study(path: Path) -> Study:
    """Read a study with its defaults written out, from input.yml or from the study.json of configure."""
    if path.suffix == ".json" and path.exists():
        verified_inputs({"study": [path]})
        return from_resolved(path)
    from assay.study.load import load_study

    return resolve(load_study(path))


def method_of(study: Study, name: str) -> Method:
    """Return a method's section.

    Raises
    ------
    StudyError
        If the study has no such method.
    """
    if name not in study.methods:
        raise StudyError(f"no method {name!r} in the study", expected=f"one of {', '.join(study.methods)}")
    return study.methods[name]
