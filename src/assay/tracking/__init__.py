"""MLflow: a journal beside each stage's outputs, sent live where a server is named, replayed into one store."""

from assay.tracking.journal import Journal, JournalRun, RunIdentity, read_journal
from assay.tracking.tracker import Tracker, flatten, tracked

__all__ = [
    "Journal",
    "JournalRun",
    "RunIdentity",
    "Tracker",
    "flatten",
    "read_journal",
    "tracked",
]
