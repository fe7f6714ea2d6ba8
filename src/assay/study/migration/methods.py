"""The methods of `madminer-workflow-ml`, and what its ratio estimators are functions of."""

from __future__ import annotations

from typing import Any

from assay.study.migration.source import Source

Document = dict[str, Any]
RATIO_METHODS = ("carl", "rolr", "cascal", "rascal", "alice", "alices")
SCORE_METHODS = ("sally", "sallino")
DENSITY_METHODS = ("nde", "scandal")
_METHODS = (*RATIO_METHODS, *SCORE_METHODS, *DENSITY_METHODS)
_FAMILIES = {
    "parameterized": "parameterised",
    "double_parameterized": "doubly_parameterised",
    "doubly_parameterized": "doubly_parameterised",
}


def methods_of(source: Source) -> dict[str, Document]:
    """Return the methods, by name."""
    family = _family(source)
    methods: dict[str, Document] = {}
    for i in range(source.size("methods")):
        name = source.text("methods", i)
        if name in _METHODS:
            methods[name] = {"kind": name, **(family if name in RATIO_METHODS else {})}
        else:
            source.lose(("methods", i), "there is no such method here", f"use one of {', '.join(_METHODS)}")
            source.get(name)  # its own section goes with it
    for name in _METHODS:
        if name not in methods and source.has(name):
            source.lose((name,), "it is not among the methods", "add it to the methods if it is wanted")
    return methods


def _family(source: Source) -> Document:
    """Return what ratio estimators are functions of, if it is not the default."""
    estimator = source.get("estimator")
    family = _FAMILIES.get(str(estimator), "parameterised" if estimator is None else None)
    if family is None:
        why = "there is no such estimator here; ratios are parameterised in theta0"
        source.lose(("estimator",), why, f"one of {', '.join(_FAMILIES)}")
    return {} if family in (None, "parameterised") else {"family": family}
