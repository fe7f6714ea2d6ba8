"""Functions of the study's own: Python that the study has registered (`assay.study.functions`), called on arrays.

A function gets one argument per argument of the expression: a number as a float64 array of shape `(n_events,)`; a
particle or four-vector as an array of `vector`'s four-momenta, `(n_events,)`, with `pt`, `eta`, `boostCM_of` and so
on; a list such as `j` as an Awkward array of four-momenta with the particles' further properties (`btag`, `charge`,
...). It returns numbers, `(n_events,)`, NaN where it has none. Where an argument is missing, its numbers are NaN, and
what the function makes of them does not count.
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import vector

from assay.errors import ExpressionError
from assay.machine import lacks_memory
from assay.observables.kinematics import Array, Momenta
from assay.observables.particles import ParticleList
from assay.observables.values import Mask
from assay.observables.vectors import ThreeVector
from assay.study.functions import UserModule

UserFunctions = Mapping[str, Callable[..., Any]]
Argument = Array | Mask | Momenta | ThreeVector | ParticleList


def load(module: UserModule) -> UserFunctions:
    """Run the registered module and return its functions.

    Raises
    ------
    ExpressionError
        If it does not run, or lacks a function that its text seems to define.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "assay_study_functions.py"
        path.write_text(module.source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ExpressionError("the study's functions cannot be loaded", where=module.name)
        loaded = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(loaded)
        except Exception as error:  # whatever a user's code raises
            if lacks_memory(error):
                raise
            raise _failed(module.name, error) from error
    functions = {name: getattr(loaded, name, None) for name in module.arities}
    for name, function in functions.items():
        if not callable(function):
            raise ExpressionError(f"{name!r} is no function once the module has run", where=module.name)
    return functions  # type: ignore[return-value]


def call(name: str, function: Callable[..., Any], arguments: Sequence[Argument], missing: Mask) -> Array:
    """Call a function of the study's own on all events.

    Parameters
    ----------
    name, function
        The function.
    arguments
        As expressions have them.
    missing
        Where an argument is missing, `(n_events,)`.

    Raises
    ------
    ExpressionError
        If it fails, or does not return one number per event.
    """
    given = [_argument(argument, len(missing)) for argument in arguments]
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(function(*given), dtype=np.float64)
    except Exception as error:
        if lacks_memory(error):
            raise
        raise _failed(f"function {name!r}", error) from error
    if result.shape not in ((len(missing),), ()):
        raise ExpressionError(
            f"it returns an array of shape {result.shape} for {len(missing)} events",
            where=f"function {name!r}",
            expected="one number per event",
        )
    return np.where(missing, np.nan, result)


def _argument(argument: Argument, n_events: int) -> Any:
    if isinstance(argument, ParticleList):
        momenta = {"pt": "pt", "eta": "eta", "phi": "phi", "m": "mass"}
        columns = {momenta.get(name, name): column for name, column in argument.columns.items()}
        return ak.unflatten(ak.zip(columns, with_name="Momentum4D"), argument.counts)
    if isinstance(argument, np.ndarray):
        return np.broadcast_to(argument.astype(np.float64), (n_events,))
    components = {} if isinstance(argument, ThreeVector) else {"E": argument.get("e")}
    return vector.array({name: argument.get(name) for name in ("px", "py", "pz")} | components)


def _failed(where: str, error: Exception) -> ExpressionError:
    return ExpressionError(
        f"it fails: {type(error).__name__}: {error}",
        where=where,
        mend="mend the module of the study's section `functions`, and its sha256",
    )
