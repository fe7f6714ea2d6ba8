"""The journal: an append-only file of JSON lines in a stage's folder, complete whatever happens to a tracking server.

Each call writes and flushes one line, so that a killed job loses at most the line being written; a reader ignores a
partial line. A stage that is run again appends to its journal; what counts is what stands after the last beginning.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from assay.errors import ManifestError
from assay.tracking.records import Begin, End, Metrics, Record, Role, from_line, to_line

FILE_NAME = "journal.jsonl"


def now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class RunIdentity:
    """Which run of which study: parallel jobs find their common parent by `run`.

    Parameters
    ----------
    run
        An identifier that all stages of one run of a study share, and no other run has.
    experiment
        The experiment in MLflow: the study's name unless the study says otherwise.
    """

    run: str
    experiment: str


class Journal:
    """An append-only journal of one stage or training.

    Parameters
    ----------
    path
        The file; by convention `journal.jsonl` in the stage's folder. Artifacts are named relative to its folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._close_partial_line()

    def append(self, record: Record) -> None:
        """Write one record and flush it."""
        with open(self.path, "a", encoding="utf-8") as stream:
            stream.write(to_line(record) + "\n")

    def begin(self, identity: RunIdentity, name: str, role: Role, stage: str) -> Begin:
        """Start an attempt: earlier records no longer count."""
        record = Begin(identity.run, identity.experiment, name, role, stage, now())
        self.append(record)
        return record

    def _close_partial_line(self) -> None:
        if not self.path.exists() or self.path.stat().st_size == 0:
            return
        with open(self.path, "rb+") as stream:
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")


@dataclass(frozen=True)
class JournalRun:
    """What the last attempt in a journal told."""

    folder: Path
    begin: Begin
    records: tuple[Record, ...]

    @property
    def end(self) -> End | None:
        """The last record of a completed attempt; None if it was interrupted."""
        ends = [record for record in self.records if isinstance(record, End)]
        return ends[-1] if ends else None

    @property
    def last_time(self) -> int:
        """Time of the last record that has one, in milliseconds."""
        times = [record.time for record in self.records if isinstance(record, Metrics | End)]
        return max([self.begin.time, *times])


def read_journal(path: str | Path) -> JournalRun:
    """Read the last attempt of a journal; lines that a kill has cut are ignored.

    Raises
    ------
    ManifestError
        If the file is missing or tells of no run.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise ManifestError(
            "tracking journal not found", where=str(path), mend="run the stage that writes it"
        ) from None
    begin: Begin | None = None
    records: list[Record] = []
    for line in text.splitlines():
        try:
            record = from_line(line)
        except ValueError:
            continue
        if isinstance(record, Begin):
            begin, records = record, []
        else:
            records.append(record)
    if begin is None:
        raise ManifestError(
            "tracking journal without a beginning",
            where=str(path),
            expected="a first line of kind `begin`",
            mend="run the stage that writes it again",
        )
    return JournalRun(path.parent, begin, tuple(records))
