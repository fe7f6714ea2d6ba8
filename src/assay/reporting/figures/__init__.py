"""Figures: pure functions from arrays and results to a `matplotlib.figure.Figure`, usable in notebooks as well.

`assay.figures` is this package: `assay.figures.contours.contours(results.limits, ("CWL2", "CPWL2"))`. A figure is saved
in several formats by `style.save`, or by its own `savefig`. Which function draws what: docs/report.md.
"""

import importlib
from types import ModuleType

__all__ = [
    "basis",
    "calibration",
    "contours",
    "corner",
    "correlation",
    "cutflow",
    "distributions",
    "fisher",
    "flow",
    "impacts",
    "information",
    "joint",
    "plane",
    "profiles",
    "pvalues",
    "stages",
    "style",
    "training",
    "variations",
]


def __getattr__(name: str) -> ModuleType:
    """Import a module of figures when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
