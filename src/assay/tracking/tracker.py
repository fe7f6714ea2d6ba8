"""What a stage uses to tell of itself: journal always, server where one is named and answers."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

from assay.tracking.journal import FILE_NAME, Journal, RunIdentity, now
from assay.tracking.live import LiveRun, open_live
from assay.tracking.machine import watched
from assay.tracking.records import Artifact, Dataset, End, Metrics, ModelFolder, Parameters, Record, Role, Tags, Trial

_log = logging.getLogger(__name__)


class Tracker:
    """Records of one stage or training. No method raises for a server's sake, and none waits for one."""

    def __init__(self, journal: Journal, live: LiveRun | None) -> None:
        self._journal = journal
        self._live = live

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Record settings; nested mappings become dotted names."""
        self._tell(Parameters(flatten(values)))

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Record numbers at a step (an epoch)."""
        self._tell(Metrics({name: float(value) for name, value in values.items()}, step, now()))

    def tags(self, values: Mapping[str, object]) -> None:
        """Record labels."""
        self._tell(Tags({name: str(value) for name, value in values.items()}))

    def artifact(self, path: str | Path, folder: str = "") -> None:
        """Record a file or folder; `folder` is its place among the run's artifacts."""
        self._tell(Artifact(self._relative(path), folder))

    def dataset(self, name: str, digest: str, context: str, rows: int | None = None) -> None:
        """Record data that was read: name, SHA-256, what for (training, validation, test), number of rows."""
        self._tell(Dataset(name, digest, context, rows))

    def model(self, folder: str | Path, name: str) -> None:
        """Record a model folder (with `model.onnx`)."""
        self._tell(ModelFolder(self._relative(folder), name))

    def trial(
        self,
        name: str,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        seconds: float = 0.0,
        error: str = "",
    ) -> None:
        """Record a training of a scan that has just ended, as a run nested in this one; an error marks it failed."""
        time, values = now(), {label: float(value) for label, value in metrics.items()}
        self._tell(Trial(name, flatten(parameters), values, time - round(1000.0 * seconds), time, error))

    def end(self, status: Literal["FINISHED", "FAILED"], *, ends_study: bool = False) -> None:
        """Record the end, and give a server a bounded time to take what is left."""
        self._tell(End(status, now(), ends_study))
        if self._live is not None:
            self._live.close()

    def _tell(self, record: Record) -> None:
        try:
            self._journal.append(record)
        except OSError as error:
            _log.warning("tracking journal %s cannot be written (%s)", self._journal.path, error)
        if self._live is not None:
            self._live.send(record)

    def _relative(self, path: str | Path) -> str:
        return Path(os.path.relpath(path, self._journal.path.parent)).as_posix()


@contextmanager
def tracked(
    folder: str | Path,
    identity: RunIdentity,
    name: str,
    *,
    stage: str,
    role: Role = "study",
    creates_parent: bool = False,
    ends_study: bool = False,
    system_metrics: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Tracker]:
    """Track a block: its records, and whether it ended well.

    Parameters
    ----------
    folder
        The stage's folder, in which the journal is kept.
    identity
        Run and experiment, the same for all stages of a run.
    name
        Name of the run in MLflow: the study's for the role `study`, the training's for `training`.
    stage
        The stage's name.
    role
        `study`: records belong to the parent run; `training`: to a nested run of their own.
    creates_parent
        Whether this stage makes the parent run on a server: true for `configure` (and `plot`), which run alone; false
        in jobs that run side by side.
    ends_study
        Whether the parent run ends with this stage: true for `plot`.
    system_metrics
        Whether to record what the machine does meanwhile, with MLflow's monitors.
    environ
        The environment (default: the process's), of which `MLFLOW_TRACKING_URI` names a server.
    """
    journal = Journal(Path(folder) / FILE_NAME)
    begin = journal.begin(identity, name, role, stage)
    live = open_live(
        begin, Path(folder), creates_parent=creates_parent, environ=os.environ if environ is None else environ
    )
    tracker = Tracker(journal, live)
    try:
        with watched(tracker.metrics, stage) if system_metrics else nullcontext():
            yield tracker
    except BaseException:
        tracker.end("FAILED", ends_study=ends_study)
        raise
    tracker.end("FINISHED", ends_study=ends_study)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as text under dotted names: {"a": {"b": 1}} gives {"a.b": "1"}."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{dotted}.")
        else:
            flat[dotted] = str(value)
    return flat
