"""Live tracking on an MLflow server, on a thread of its own, so that no server can stall or fail a stage.

The server is asked once, for at most `PROBE_SECONDS`; after the first failure nothing more is sent for this stage,
one line in the log says so, and the journal has everything for the replay. Credentials are MLflow's own environment
variables, which MLflow reads.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assay.tracking.records import Begin, End, Record

PROBE_SECONDS = 5.0
CLOSE_SECONDS = 10.0
URI_VARIABLE = "MLFLOW_TRACKING_URI"
_BOUNDS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
}
_log = logging.getLogger(__name__)


class LiveRun:
    """A run on a tracking server; every method returns at once.

    Parameters
    ----------
    uri
        Address of the server (http or https).
    begin
        The journal's first record: which run this is.
    folder
        The journal's folder, to which artifacts are relative.
    creates_parent
        Whether this job makes the study's run if there is none. Only a job that runs alone may: parallel jobs would
        make several.
    """

    def __init__(self, uri: str, begin: Begin, folder: Path, *, creates_parent: bool) -> None:
        self._uri = uri
        self._begin = begin
        self._folder = folder
        self._creates_parent = creates_parent
        self._queue: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._closing = threading.Event()
        self._off = threading.Event()
        self._client: Any = None
        self._experiment = ""
        self._run = ""
        self._thread = threading.Thread(target=self._work, name="assay-tracking", daemon=True)

    def open(self) -> bool:
        """Ask the server once and open the run on it; False if it has not answered in time."""
        for name, value in _BOUNDS.items():
            os.environ[name] = value
        # loading MLflow takes seconds and is not the server's fault, so it stands outside the probe's time
        import assay.tracking.publish  # noqa: F401

        self._thread.start()
        if not self._ready.wait(PROBE_SECONDS):
            self._switch_off(f"no answer within {PROBE_SECONDS:g} s")
        return not self._off.is_set()

    def send(self, record: Record) -> None:
        """Pass a record on; once the server has failed, do nothing."""
        if not self._off.is_set():
            self._queue.put(record)

    def close(self) -> None:
        """Wait a bounded time for what is still to be sent."""
        self._closing.set()
        self._queue.put(None)
        if not self._off.is_set():
            self._thread.join(CLOSE_SECONDS)
            if self._thread.is_alive():
                self._switch_off(f"not all was taken within {CLOSE_SECONDS:g} s of the end")

    def _switch_off(self, reason: str) -> None:
        if not self._off.is_set():
            self._off.set()
            where, told = _without_credentials(self._uri), _without_secrets(reason, self._uri)
            _log.warning("MLflow server %s: %s; tracking goes on in the journal alone", where, told[:300])

    def _work(self) -> None:
        try:
            self._open_run()
        except Exception as error:  # whatever a server or a network does must not reach the stage
            self._switch_off(_brief(error))
        finally:
            self._ready.set()
        try:
            while not self._off.is_set() and self._send_pending():
                pass
        except Exception as error:  # as above
            self._switch_off(_brief(error))

    def _send_pending(self) -> bool:
        from assay.tracking.publish import publish, quiet

        records = [self._queue.get()]
        time.sleep(0 if self._closing.is_set() else 0.2)  # what comes in a burst goes in one call
        while not self._queue.empty():
            records.append(self._queue.get())
        whole = [record for record in records if record is not None]
        with quiet():
            publish(self._client, self._experiment, self._run, self._folder, whole)
            for record in whole:
                if isinstance(record, End) and (self._begin.role == "training" or record.ends_study):
                    self._client.set_terminated(self._run, record.status, record.time)
        return None not in records

    def _open_run(self) -> None:
        from mlflow import MlflowClient

        from assay.tracking.publish import ASSAY_ROLE, ASSAY_RUN, PARENT, quiet

        with quiet():
            self._client = MlflowClient(tracking_uri=self._uri)
            self._experiment = self._find_experiment()
            parent = self._find_parent()
            tags = {ASSAY_RUN: self._begin.run, ASSAY_ROLE: self._begin.role}
            if self._begin.role == "study":
                if parent is None and not self._creates_parent:
                    raise ConnectionError("it does not know this run of the study")
                self._run = parent or self._new_run(tags)
            else:
                self._run = self._new_run(tags if parent is None else {**tags, PARENT: parent})

    def _new_run(self, tags: Mapping[str, str]) -> str:
        run = self._client.create_run(
            self._experiment, start_time=self._begin.time, tags=dict(tags), run_name=self._begin.name
        )
        return str(run.info.run_id)

    def _find_experiment(self) -> str:
        found = self._client.get_experiment_by_name(self._begin.experiment)
        if found is not None:
            return str(found.experiment_id)
        try:
            return str(self._client.create_experiment(self._begin.experiment))
        except Exception:  # another job has made it in the meantime, or the server fails again here
            return str(self._client.get_experiment_by_name(self._begin.experiment).experiment_id)

    def _find_parent(self) -> str | None:
        from assay.tracking.publish import ASSAY_ROLE, ASSAY_RUN

        quoted = self._begin.run.replace("'", "")
        condition = f"tags.`{ASSAY_RUN}` = '{quoted}' and tags.`{ASSAY_ROLE}` = 'study'"
        runs = self._client.search_runs([self._experiment], condition, max_results=1)
        return str(runs[0].info.run_id) if runs else None


def open_live(begin: Begin, folder: Path, *, creates_parent: bool, environ: Mapping[str, str]) -> LiveRun | None:
    """Open the run on the server that the environment names; None where none is named or none answers."""
    uri = environ.get(URI_VARIABLE, "").strip()
    if not uri:
        return None
    if urlsplit(uri).scheme not in ("http", "https"):
        _log.warning("%s is not the address of a server (http, https); tracking is in the journal alone", URI_VARIABLE)
        return None
    try:
        live = LiveRun(uri, begin, folder, creates_parent=creates_parent)
        return live if live.open() else None
    except Exception as error:  # a broken MLflow installation must not fail a stage either
        _log.warning("live tracking cannot start (%s); tracking goes on in the journal alone", _brief(error))
        return None


def _without_credentials(uri: str) -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _without_secrets(text: str, uri: str) -> str:
    """Return what MLflow says without the parts of the address that are not for all; it quotes the whole or pieces."""
    parts = urlsplit(uri)
    secrets = (uri.rstrip("/"), parts.netloc.rpartition("@")[0], parts.query)
    for secret, shown in zip(secrets, (_without_credentials(uri).rstrip("/"), "***", "***"), strict=True):
        text = text.replace(secret, shown) if secret else text
    return text


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
