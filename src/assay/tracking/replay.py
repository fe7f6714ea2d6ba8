"""All journals of a run into one SQLite store and one folder of artifacts, which `mlflow ui` in the run folder opens.

The store is written under a temporary name and takes its own once complete, so the replay can be repeated. Locations
in it are relative to the store's folder: the run folder can be moved, and is opened by

    cd RUN && mlflow ui --backend-store-uri sqlite:///mlflow.db
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.errors import ManifestError
from assay.tracking.journal import JournalRun, read_journal
from assay.tracking.records import Artifact, Metrics, ModelFolder, Record, Tags

_DEFAULT = "0"
_KIND = {"mlflow.experimentKind": "custom_model_development"}  # opens MLflow's pages for training, not for prompts
_LOCATIONS = (("experiments", "artifact_location"), ("runs", "artifact_uri"), ("logged_models", "artifact_location"))


@dataclass(frozen=True)
class ReplaySummary:
    """What a replay has written.

    `missing` are artifacts and models that journals name and that are not there.
    """

    store: Path
    artifacts: Path
    trainings: tuple[str, ...]
    missing: tuple[str, ...]


def replay(
    journals: Sequence[str | Path],
    store: str | Path,
    artifacts: str | Path,
    *,
    experiment: str,
    name: str | None = None,
) -> ReplaySummary:
    """Write all journals of a study run to one MLflow store.

    Parameters
    ----------
    journals
        Journals of the stages and trainings, in the order of the stages.
    store
        The SQLite file to write (`mlflow.db`); replaced if there.
    artifacts
        Folder for the artifacts (`mlartifacts`), beside the store; replaced if there.
    experiment
        Name of the experiment in MLflow: the study's.
    name
        Name of the parent run (default: the experiment's).

    Raises
    ------
    ManifestError
        If there is no journal, or one cannot be read.
    """
    runs = [read_journal(path) for path in journals]
    if not runs:
        raise ManifestError("no tracking journals to replay", where=str(store), mend="pass the journals of the stages")
    store, artifacts = Path(store), Path(artifacts)
    store.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=store.parent) as scratch:
        new_store, new_artifacts = Path(scratch).resolve() / store.name, Path(scratch).resolve() / artifacts.name
        missing = _write(runs, new_store, new_artifacts, experiment, name or experiment)
        _make_relative(new_store, Path(scratch).resolve())
        _take_place(new_artifacts, artifacts, Path(scratch) / "replaced")
        new_store.replace(store)
    trainings = tuple(run.begin.name for run in runs if run.begin.role == "training")
    return ReplaySummary(store, artifacts, trainings, missing)


def _write(runs: Sequence[JournalRun], store: Path, artifacts: Path, experiment: str, name: str) -> tuple[str, ...]:
    from mlflow import MlflowClient

    from assay.tracking.publish import PARENT, publish, quiet

    artifacts.mkdir()
    missing: list[str] = []
    with quiet():
        uri = f"sqlite:///{store}"
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        identifier = client.create_experiment(experiment, artifact_location=str(artifacts), tags=_KIND)
        # MLflow's own, empty, with an absolute place: hidden, since it would be the first to be seen
        client.delete_experiment(_DEFAULT)
        study = [run for run in runs if run.begin.role == "study"]
        parent = _new_run(client, identifier, name, runs, {})
        for run in study:
            missing += _publish_present(client, identifier, parent, run)
        for method, trainings in _by_method(runs).items():
            results = _results_of(method, study)
            above = parent
            if [run.begin.name for run in trainings] != [method]:  # an ensemble or a scan: a run for the whole of it
                above = _new_run(client, identifier, method, trainings, {PARENT: parent})
                publish(client, identifier, above, store.parent, results)
                results = []
            for run in trainings:
                nested = _new_run(client, identifier, run.begin.name, [run], {PARENT: above})
                missing += _publish_present(client, identifier, nested, replace(run, records=(*run.records, *results)))
                _terminate(client, nested, [run])
            if above != parent:
                _terminate(client, above, trainings)
        _terminate(client, parent, runs)
        _close(client)
    return tuple(missing)


def _by_method(runs: Sequence[JournalRun]) -> dict[str, list[JournalRun]]:
    """Group trainings by their method: `alices~member2` is one of `alices`."""
    found: dict[str, list[JournalRun]] = {}
    for run in runs:
        if run.begin.role == "training":
            found.setdefault(run.begin.name.split("~")[0], []).append(run)
    return found


def _results_of(method: str, study: Sequence[JournalRun]) -> list[Record]:
    """Return the metrics that later stages told of a method, `<method>.<name>`, under the names that methods share.

    By them the runs of all methods, baselines too, can be compared in one table.
    """
    start = f"{method}."
    found: list[Record] = []
    for record in (record for run in study for record in run.records if isinstance(record, Metrics)):
        values = {name.removeprefix(start): value for name, value in record.values.items() if name.startswith(start)}
        if values:
            found.append(Metrics(values, record.step, record.time))
    return found


def _new_run(client: Any, experiment: str, name: str, runs: Sequence[JournalRun], tags: dict[str, str]) -> str:
    from assay.tracking.publish import ASSAY_ROLE, ASSAY_RUN

    begin = runs[0].begin
    tags = {**tags, ASSAY_RUN: begin.run, ASSAY_ROLE: "training" if tags else "study", "mlflow.source.name": "assay"}
    start = min(run.begin.time for run in runs)
    return str(client.create_run(experiment, start_time=start, tags=tags, run_name=name).info.run_id)


def _publish_present(client: Any, experiment: str, run: str, journal: JournalRun) -> list[str]:
    """Publish a journal's records but those whose files have gone; return the names of these, which are tagged, too."""
    from assay.tracking.publish import publish

    present: list[Record] = []
    missing: list[str] = []
    for record in journal.records:
        if isinstance(record, Artifact | ModelFolder) and not _file_of(journal, record).exists():
            missing.append(f"{journal.begin.name}: {record.path}")
        else:
            present.append(record)
    if missing:
        present.append(Tags({"assay.missing": "; ".join(missing)}))
    publish(client, experiment, run, journal.folder, present)
    return missing


def _file_of(journal: JournalRun, record: Artifact | ModelFolder) -> Path:
    path = journal.folder / record.path
    return path / "model.onnx" if isinstance(record, ModelFolder) else path


def _terminate(client: Any, run: str, journals: Sequence[JournalRun]) -> None:
    ends = [journal.end for journal in journals]
    # an attempt without an end is the stage that replays, or one that was killed: only the second is a training
    killed = any(end is None and journal.begin.role == "training" for end, journal in zip(ends, journals, strict=True))
    failed = any(end is not None and end.status == "FAILED" for end in ends)
    status = "FAILED" if failed else "KILLED" if killed else "FINISHED"
    client.set_terminated(run, status, max(journal.last_time for journal in journals))


def _close(client: Any) -> None:
    """Close the connections that MLflow would keep to the file that is about to be renamed."""
    engine = getattr(getattr(client._tracking_client, "store", None), "engine", None)
    if engine is not None:
        engine.dispose()


def _make_relative(store: Path, folder: Path) -> None:
    """Make locations relative to the store's folder: MLflow records absolute ones, which a moved run folder breaks."""
    prefix = f"{folder}/"
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE experiments SET artifact_location = 'mlruns/0' WHERE experiment_id = ?", (_DEFAULT,))
        for table, column in _LOCATIONS:
            connection.execute(  # the names are the constants above
                f"UPDATE {table} SET {column} = replace({column}, ?, '') WHERE {column} LIKE ?",  # noqa: S608
                (prefix, f"%{prefix}%"),
            )


def _take_place(new: Path, old: Path, aside: Path) -> None:
    if old.exists():
        shutil.move(old, aside)
    new.replace(old)
