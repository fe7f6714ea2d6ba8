"""Assay: from one `input.yml` to limits on theory parameters, by simulation-based inference.

What the commands do is here for notebooks and programs:

    import assay
    study = assay.validate("input/input.yml")
    report = assay.run("input/input.yml")
    results = assay.read_run("runs/wbf-higgs-hww")
    figure = assay.figures.contours(results.limits, ("CWL2", "CPWL2"))
    estimator = assay.load("runs/wbf-higgs-hww/ml/train_0/model")

`docs/python.md` tells what is stable. A name is imported when it is first asked for, so that `import assay` is quick.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay import figures
    from assay.cli.checks import validate
    from assay.cli.run import run_study as run
    from assay.cli.work.inspect import inspect_paths as inspect
    from assay.cli.work.leaderboard import leaderboard
    from assay.estimators.calibrated import CalibratedRatio
    from assay.estimators.diagnostics import diagnose
    from assay.estimators.ensemble import RatioEnsemble, ScoreEnsemble
    from assay.estimators.families import Estimator
    from assay.events.eventfile import read_event_file as read_events
    from assay.events.pool import EventPool
    from assay.inference.information import read_fisher
    from assay.inference.results import read_limits
    from assay.reporting.build import write_report
    from assay.reporting.comparison import compare
    from assay.reporting.run_folder import find_run
    from assay.reporting.run_folder import read_run_folder as read_run
    from assay.running.health import examine as doctor
    from assay.running.status import read_status as status
    from assay.sampling.samples import load_sample
    from assay.study.migration import migrate

__version__ = "0.1.0"
__all__ = [
    "EventPool",
    "compare",
    "diagnose",
    "doctor",
    "figures",
    "find_run",
    "inspect",
    "leaderboard",
    "load",
    "load_sample",
    "migrate",
    "read_events",
    "read_fisher",
    "read_limits",
    "read_run",
    "run",
    "status",
    "validate",
    "write_report",
]

_HOMES = {
    "EventPool": ("assay.events.pool", "EventPool"),
    "compare": ("assay.reporting.comparison", "compare"),
    "diagnose": ("assay.estimators.diagnostics", "diagnose"),
    "doctor": ("assay.running.health", "examine"),
    "find_run": ("assay.reporting.run_folder", "find_run"),
    "inspect": ("assay.cli.work.inspect", "inspect_paths"),
    "leaderboard": ("assay.cli.work.leaderboard", "leaderboard"),
    "load_sample": ("assay.sampling.samples", "load_sample"),
    "migrate": ("assay.study.migration", "migrate"),
    "read_events": ("assay.events.eventfile", "read_event_file"),
    "read_fisher": ("assay.inference.information", "read_fisher"),
    "read_limits": ("assay.inference.results", "read_limits"),
    "read_run": ("assay.reporting.run_folder", "read_run_folder"),
    "run": ("assay.cli.run", "run_study"),
    "status": ("assay.running.status", "read_status"),
    "validate": ("assay.cli.checks", "validate"),
    "write_report": ("assay.reporting.build", "write_report"),
}
"""Name -> the module and the name there."""


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name == "figures":
        return importlib.import_module("assay.figures")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, there = _HOMES[name]
    return getattr(importlib.import_module(home), there)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load(
    folder: str | Path | Sequence[str | Path], observables: Sequence[str] | None = None
) -> Estimator | CalibratedRatio | RatioEnsemble | ScoreEnsemble:
    """Read a trained model, or the models of an ensemble's members.

    Parameters
    ----------
    folder
        `model/` of the stage `train`, or several such folders.
    observables
        The columns that the caller has, in order; compared with the model's if given.

    Returns
    -------
    estimator
        Of a ratio, a score or a density: see `assay.estimators`. `estimator.log_ratio(x, theta)` or
        `estimator.score(x)` is its answer; `estimator.observables` and `estimator.parameters` say what the columns are.

    Raises
    ------
    assay.errors.ModelError
        If a folder is damaged, or the observables are not the caller's.
    """
    if isinstance(folder, str | Path):
        from assay.estimators.model_folder import load_estimator

        return load_estimator(folder, observables)
    from assay.estimators.ensemble import load_ensemble

    return load_ensemble(folder, observables)
