"""The results of a run, read from the files of its stages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.estimators.calibration_curve import CalibrationCurve
from assay.estimators.diagnostics import read_comparison, read_curve
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.scan import Trial
from assay.estimators.verdicts import CheckResult
from assay.events.eventfile import read_event_file
from assay.events.table import EventTable
from assay.files import read_json
from assay.inference.contour_results import ContourRecord, read_contours
from assay.inference.impacts import SystematicsResult, read_systematics
from assay.inference.information import FisherResult, read_fisher
from assay.inference.posterior_results import PosteriorRecord, read_posteriors
from assay.inference.results import LimitResult, read_limits
from assay.inference.toy_summary import ToySummary, read_toys
from assay.manifest import Manifest
from assay.reporting.content import Link
from assay.reporting.provenance import upstream
from assay.study.model import ScoreMethod, Study, TruthMethod, Untrained
from assay.study.resolve import from_resolved
from assay.study.training_jobs import method_of_job

DATA = "data"
CHECKS = "checks.json"
_OTHERS = ("systematics*", "toys*", "posterior*", "contours*")
DIAGNOSTICS = "diagnostics.h5"
TRIALS = "trials.json"

T = TypeVar("T")


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
        Per method the folder of its training (`history.json`); a baseline's has none.
    evaluations
        Per method the folder of its evaluation: any number of `limits*.json` with their `.h5`, `fisher*.json` with
        theirs, `checks.json` and `diagnostics.h5`, as far as they exist.
    stages
        Folders with a `manifest.json`, in the order in which data flows.
    """

    study: Path
    combined: Path
    trainings: Mapping[str, Path]
    evaluations: Mapping[str, Path]
    stages: Sequence[Path] = ()


@dataclass(frozen=True)
class Comparison:
    """K quantities of N test events, as the event record has them and as an estimator says; both (N, K)."""

    method: str
    quantities: tuple[str, ...]
    joint: NDArray[np.float64]
    estimated: NDArray[np.float64]


@dataclass(frozen=True)
class RunResults:
    """All that a report is made of; `trainings` and `trials` by job, `checks` and `curves` by method."""

    study: Study
    table: EventTable
    trainings: Mapping[str, TrainingHistory]
    limits: tuple[LimitResult, ...]
    fisher: tuple[FisherResult, ...]
    checks: Mapping[str, tuple[CheckResult, ...]]
    comparisons: tuple[Comparison, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    data: Mapping[str, tuple[Path, ...]] | None = None
    systematics: tuple[SystematicsResult, ...] = ()
    toys: tuple[ToySummary, ...] = ()
    posteriors: tuple[PosteriorRecord, ...] = ()
    contours: tuple[ContourRecord, ...] = ()
    trials: Mapping[str, tuple[Trial, ...]] = field(default_factory=dict)
    curves: Mapping[str, CalibrationCurve] = field(default_factory=dict)

    @property
    def learned(self) -> Collection[str]:
        """Names of the methods that are trained; the others are baselines."""
        return [name for name, method in self.study.methods.items() if not isinstance(method, Untrained)]

    @property
    def bounds(self) -> Collection[str]:
        """Names of the methods that see the complete event record, which no analysis does."""
        return [name for name, method in self.study.methods.items() if isinstance(method, TruthMethod)]

    @property
    def templates(self) -> Collection[str]:
        """Names of the methods whose predictions are histograms of the events that stand for the expected data."""
        kinds = Untrained | ScoreMethod
        return [name for name, method in self.study.methods.items() if isinstance(method, kinds)]

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
    study = from_resolved(files.study)
    limits: list[LimitResult] = []
    fisher: list[FisherResult] = []
    checks: dict[str, tuple[CheckResult, ...]] = {}
    comparisons: list[Comparison] = []
    curves: dict[str, CalibrationCurve] = {}
    evaluations = _ordered(files.evaluations, study)
    for method, folder in evaluations.items():
        limits += [read_limits(path.with_suffix("")) for path in sorted(folder.glob("limits*.json"))]
        fisher += [
            result for path in sorted(folder.glob("fisher*.json")) for result in read_fisher(path.with_suffix(""))
        ]
        if (folder / CHECKS).exists():
            checks[method] = _checks(folder / CHECKS)
        if (folder / DIAGNOSTICS).exists():
            comparisons.append(Comparison(method, *read_comparison(folder / DIAGNOSTICS)))
            if (curve := read_curve(folder / DIAGNOSTICS)) is not None:
                curves[method] = curve
    if not limits:
        where = ", ".join(map(str, files.evaluations.values()))
        raise AssayError(
            "there are no limits to report", where=where, expected="limits_*.json", mend="run evaluate again"
        )
    trainings = {
        name: _history(folder)
        for name, folder in _ordered(files.trainings, study).items()
        if (folder / "history.json").exists()
    }
    return RunResults(
        study=study,
        table=read_event_file(files.combined),
        trainings=trainings,
        limits=tuple(limits),
        fisher=tuple(_unique(fisher)),
        checks=checks,
        comparisons=tuple(comparisons),
        manifests=tuple(Manifest.read(folder) for folder in files.stages),
        data={name: _results_in(folder) for name, folder in files.evaluations.items()},
        systematics=_every(evaluations, "systematics.json", read_systematics),
        toys=_every(evaluations, "toys.json", read_toys),
        posteriors=_every(evaluations, "posterior.json", lambda path: read_posteriors(path.with_suffix(""))),
        contours=_every(evaluations, "contours.json", lambda path: read_contours(path.with_suffix(""))),
        curves=curves,
        trials={job: _trials(folder) for job, folder in files.trainings.items() if (folder / TRIALS).exists()},
    )


def _ordered(folders: Mapping[str, Path], study: Study) -> dict[str, Path]:
    """Return folders in the order in which the study names the methods."""
    names = list(study.methods)
    methods = {job: method_of_job(job) for job in folders}
    return dict(
        sorted(
            folders.items(), key=lambda item: names.index(methods[item[0]]) if methods[item[0]] in names else len(names)
        )
    )


def _unique(results: Sequence[FisherResult]) -> list[FisherResult]:
    """Keep the first of results of the same name (several folders may hold the parton level's), upper bounds last."""
    found: dict[tuple[str, bool], FisherResult] = {}
    for result in results:
        found.setdefault((result.method, result.include_rate), result)
    return sorted(found.values(), key=lambda result: result.parton_level)


def _every(folders: Mapping[str, Path], name: str, read: Callable[[Path], tuple[T, ...]]) -> tuple[T, ...]:
    """Return what all folders have in files of one name."""
    return tuple(one for folder in folders.values() if (folder / name).exists() for one in read(folder / name))


def _trials(folder: Path) -> tuple[Trial, ...]:
    try:
        return tuple(Trial(**trial) for trial in read_json(folder / TRIALS))
    except TypeError as error:
        raise AssayError(f"not readable trials ({error})", where=str(folder / TRIALS), mend="run train again") from None


def _results_in(folder: Path) -> tuple[Path, ...]:
    return tuple(
        path
        for kind in ("limits*", "fisher*", CHECKS, DIAGNOSTICS, *_OTHERS)
        for path in sorted(folder.glob(kind))
        if path.is_file()
    )


def data_links(results: RunResults, method: str, *names: str) -> tuple[Link, ...]:
    """Return links to the files of a method's results with these names (without suffix: JSON and HDF5)."""
    found = (results.data or {}).get(method, ())
    return tuple(Link(path.name, f"{DATA}/{method}/{path.name}") for path in found if {path.name, path.stem} & {*names})


def _history(folder: Path) -> TrainingHistory:
    try:
        content = read_json(folder / "history.json")
        return TrainingHistory(
            records=tuple(EpochRecord(**record) for record in content["records"]),
            best_epoch=content["best_epoch"],
            stopped_early=content["stopped_early"],
        )
    except (KeyError, TypeError) as error:
        raise AssayError(
            f"not a readable history ({error})", where=str(folder / "history.json"), mend="run train again"
        ) from None


def _checks(path: Path) -> tuple[CheckResult, ...]:
    try:
        return tuple(CheckResult(**check) for check in read_json(path))
    except TypeError as error:
        raise AssayError(f"not readable checks ({error})", where=str(path), mend="run evaluate again") from None


def run_files(study: Path, combined: Path, folders: Iterable[Path]) -> RunFiles:
    """Sort the folders of trainings and evaluations by what their manifests say, and find the stages before them.

    Parameters
    ----------
    study, combined
        `study.json` and `combined.h5`.
    folders
        Of `train` and `evaluate`, in any order; a manifest's job is the method.
    """
    found = {Path(folder): Manifest.read(Path(folder)) for folder in folders}
    of_stage = {
        stage: {manifest.job: folder for folder, manifest in found.items() if manifest.stage == stage}
        for stage in ("train", "evaluate")
    }
    return RunFiles(study, combined, of_stage["train"], of_stage["evaluate"], upstream(found))
