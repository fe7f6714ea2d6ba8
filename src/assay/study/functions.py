"""The study's own functions: a Python module that the study registers, with its text and what it defines.

This is the one place where a study brings code of its own, which runs with all the rights of whoever runs the study.
Nothing of it runs unless `input.yml` has a section `functions` with the SHA-256 of exactly this file; to validate a
study is to read the text (`ast.parse`, which runs nothing).
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from assay.errors import ExpressionError

UNLIMITED = 1000


@dataclass(frozen=True)
class UserModule:
    """A registered module.

    Attributes
    ----------
    name
        Its file.
    source
        Its text.
    arities
        Functions that it defines (those whose names do not begin with an underscore), with their fewest and most
        arguments.
    """

    name: str
    source: str
    arities: Mapping[str, tuple[int, int]]


def digest(source: str) -> str:
    """Return the SHA-256 of a module's text."""
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


def read_module(name: str, source: str) -> UserModule:
    """Find out which functions a module defines, without running it.

    Raises
    ------
    ExpressionError
        If it is not Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = name if line is None else f"{name}, line {line}"
        raise ExpressionError(f"not Python ({getattr(error, 'msg', error)})", where=where) from None
    definitions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return UserModule(
        name, source, {node.name: _arity(node.args) for node in definitions if not node.name.startswith("_")}
    )


def _arity(arguments: ast.arguments) -> tuple[int, int]:
    places = len(arguments.posonlyargs) + len(arguments.args)
    return places - len(arguments.defaults), UNLIMITED if arguments.vararg is not None else places
