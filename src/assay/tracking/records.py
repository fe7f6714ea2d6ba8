"""What can be told about a run: one frozen dataclass per kind of record, and its line of JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["study", "training"]


@dataclass(frozen=True)
class Begin:
    """First record of an attempt: which run it belongs to; what an earlier, interrupted attempt told no longer counts.

    `run` identifies the study run, `experiment` the study; the role says whether records belong to the parent run
    (study) or to a nested run of their own (training). Times are milliseconds since 1970, as in MLflow.
    """

    run: str
    experiment: str
    name: str
    role: Role
    stage: str
    time: int


@dataclass(frozen=True)
class Parameters:
    """Settings, as text."""

    values: dict[str, str]


@dataclass(frozen=True)
class Metrics:
    """Numbers at a step (an epoch); non-finite ones are kept as such."""

    values: dict[str, float]
    step: int
    time: int


@dataclass(frozen=True)
class Tags:
    """Labels by which runs are found."""

    values: dict[str, str]


@dataclass(frozen=True)
class Artifact:
    """A file, by its path relative to the journal's folder, and the folder among the artifacts in which it goes."""

    path: str
    folder: str = ""


@dataclass(frozen=True)
class Dataset:
    """Data that the run read: its digest (SHA-256), not its content."""

    name: str
    digest: str
    context: str
    rows: int | None = None


@dataclass(frozen=True)
class ModelFolder:
    """A trained model: a folder with `model.onnx`, relative to the journal's folder."""

    path: str
    name: str


@dataclass(frozen=True)
class Trial:
    """A training of a scan that has ended: a run of its own, nested in the scan's.

    `started` and `time` are milliseconds since 1970; `error` says why it failed, and is empty if it did not.
    """

    name: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    started: int
    time: int
    error: str = ""


@dataclass(frozen=True)
class End:
    """Last record of an attempt."""

    status: Literal["FINISHED", "FAILED"]
    time: int
    ends_study: bool = field(default=False)


Record = Begin | Parameters | Metrics | Tags | Artifact | Dataset | ModelFolder | Trial | End
_KINDS: dict[str, type[Record]] = {
    "begin": Begin,
    "parameters": Parameters,
    "metrics": Metrics,
    "tags": Tags,
    "artifact": Artifact,
    "dataset": Dataset,
    "model": ModelFolder,
    "trial": Trial,
    "end": End,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_NUMBERS: dict[type[Record], str] = {Metrics: "values", Trial: "metrics"}
"""Where records have numbers."""


def to_line(record: Record) -> str:
    """Return one line of JSON without its line end; JSON has no NaN and no infinity, so these become text."""
    content = {"kind": _NAMES[type(record)], **asdict(record)}
    if (numbers := _NUMBERS.get(type(record))) is not None:
        content[numbers] = {
            name: value if math.isfinite(value) else str(value) for name, value in content[numbers].items()
        }
    return json.dumps(content, allow_nan=False, ensure_ascii=False)


def from_line(line: str) -> Record:
    """Read a line written by `to_line`.

    Raises
    ------
    ValueError
        If the line is not a whole record.
    """
    content: Any = json.loads(line)
    if not isinstance(content, dict) or content.get("kind") not in _KINDS:
        raise ValueError("not a record of a tracking journal")
    kind = _KINDS[content.pop("kind")]
    try:
        if (numbers := _NUMBERS.get(kind)) is not None:
            content[numbers] = {name: float(value) for name, value in content[numbers].items()}
        return kind(**content)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a record of a tracking journal ({error})") from None
