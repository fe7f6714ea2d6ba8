"""The results of a run, read from the files of its stages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import AssayError
from assay.estimators.checks import CheckResult
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.events.eventfile import read_event_file
from assay.events.table import EventTable
from assay.files import read_json
from assay.inference.information import FisherResult, read_fisher
from assay.inference.results import LimitResult, read_limits
from assay.manifest import Manifest
from assay.reporting.comparison import Comparison, read_comparison
from assay.study.model import HistogramMethod, RateMethod, Study
from assay.study.resolve import from_resolved


@dataclass(frozen=True)
class RunFiles:
    """Where the results of a run are.

    Parameters
    ----------
    study
        `study.json` of configure.
    combined
        `combined.h5`.
    trainings
        Per method the folder of its training (`history.json`, `checks.json`); a baseline's has neither file.
    evaluations
        Per method the folder of its evaluation: any number of `limits*.json` with their `.h5`, `fisher*.json` with
        theirs, and `comparison*.h5`, as far as they exist.
    stages
        Folders with a `manifest.json`, in the order in which data flows.
    """

    study: Path
    combined: Path
    trainings: Mapping[str, Path]
    evaluations: Mapping[str, Path]
    stages: Sequence[Path] = ()


@dataclass(frozen=True)
class Training:
    """A training's history, and the checks of its estimator."""

    history: TrainingHistory
    checks: tuple[CheckResult, ...] = ()


@dataclass(frozen=True)
class RunResults:
    """All that a report is made of."""

    study: Study
    table: EventTable
    trainings: Mapping[str, Training]
    limits: tuple[LimitResult, ...]
    fisher: tuple[FisherResult, ...]
    comparisons: tuple[Comparison, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    data: Mapping[str, tuple[Path, ...]] | None = None

    @property
    def learned(self) -> Collection[str]:
        """Names of the methods that are trained; the others are baselines."""
        return [
            name for name, method in self.study.methods.items() if not isinstance(method, HistogramMethod | RateMethod)
        ]

    @property
    def colours(self) -> Mapping[str, int]:
        """Index of every method's colour, the same in all figures."""
        return {name: index for index, name in enumerate(self.study.methods)}


def read_run(files: RunFiles) -> RunResults:
    """Read the results of a run.

    Raises
    ------
    AssayError
        If a file is missing or damaged, or no method has limits.
    """
    limits: list[LimitResult] = []
    fisher: list[FisherResult] = []
    comparisons: list[Comparison] = []
    for folder in files.evaluations.values():
        limits += [read_limits(path.with_suffix("")) for path in sorted(folder.glob("limits*.json"))]
        fisher += [
            result for path in sorted(folder.glob("fisher*.json")) for result in read_fisher(path.with_suffix(""))
        ]
        comparisons += [read_comparison(path) for path in sorted(folder.glob("comparison*.h5"))]
    if not limits:
        where = ", ".join(map(str, files.evaluations.values()))
        raise AssayError(
            "there are no limits to report", where=where, expected="limits_*.json", mend="run evaluate again"
        )
    trainings = {
        name: _training(folder) for name, folder in files.trainings.items() if (folder / "history.json").exists()
    }
    return RunResults(
        study=from_resolved(files.study),
        table=read_event_file(files.combined),
        trainings=trainings,
        limits=tuple(limits),
        fisher=tuple(_unique(fisher)),
        comparisons=tuple(comparisons),
        manifests=tuple(Manifest.read(folder) for folder in files.stages),
        data={name: _results_in(folder) for name, folder in files.evaluations.items()},
    )


def _unique(results: Sequence[FisherResult]) -> list[FisherResult]:
    """Keep the first of results of the same name: several folders may hold the parton level's."""
    found: dict[tuple[str, bool], FisherResult] = {}
    for result in results:
        found.setdefault((result.method, result.include_rate), result)
    return list(found.values())


def _results_in(folder: Path) -> tuple[Path, ...]:
    return tuple(
        path for kind in ("limits*", "fisher*", "comparison*") for path in sorted(folder.glob(kind)) if path.is_file()
    )


def _training(folder: Path) -> Training:
    try:
        content = read_json(folder / "history.json")
        history = TrainingHistory(
            records=tuple(EpochRecord(**record) for record in content["records"]),
            best_epoch=content["best_epoch"],
            stopped_early=content["stopped_early"],
        )
        path = folder / "checks.json"
        checks = tuple(CheckResult(**check) for check in read_json(path)) if path.exists() else ()
    except (KeyError, TypeError) as error:
        raise AssayError(
            f"not a readable training ({error})",
            where=str(folder),
            expected="history.json and checks.json",
            mend="run train again",
        ) from None
    return Training(history, checks)
