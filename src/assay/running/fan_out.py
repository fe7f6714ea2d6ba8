"""Fan-outs of a run: the lists that they follow, and how far each step is with its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from assay.errors import AssayError
from assay.files import read_json
from assay.running.steps import StepState

Condition = Literal["waiting", "running", "done", "kept", "failed", "stopped"]
"""`kept`: complete from an earlier run; `stopped`: was running when the run was killed."""


def listed_in(sample: Path, name: str) -> tuple[tuple[str, ...], ...]:
    """Return what a list that `sample` has published holds, each entry a step's only job."""
    return tuple((entry,) for entry in _published(sample / "published.yml", name))


def batches_in(configure: Path) -> tuple[tuple[str, ...], ...]:
    """Return the names of the jobs in each batch that `configure` has published."""
    return tuple(map(_jobs_in, _published(configure / "published.yml", "jobs")))


def _published(path: Path, key: str) -> tuple[str, ...]:
    """Read a list from a step's published.yml; empty if there is none."""
    try:
        return _read_published(path, key, path.stat().st_mtime_ns)
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return ()


@lru_cache(maxsize=8)
def _read_published(path: Path, key: str, modified: int) -> tuple[str, ...]:
    return tuple(map(str, yaml.safe_load(path.read_text())[key]))


def _jobs_in(batch: str) -> tuple[str, ...]:
    """Return the names of the jobs in a batch; a file that cannot be read counts as one job."""
    try:
        return _read_batch(batch, Path(batch).stat().st_mtime_ns)
    except (AssayError, OSError, TypeError, KeyError):
        return (Path(batch).stem,)


@lru_cache(maxsize=10_000)
def _read_batch(batch: str, modified: int) -> tuple[str, ...]:
    return tuple(job["name"] for job in read_json(batch))


def job_states(manifests: Sequence[Path], state: StepState, at_work: Condition) -> list[Condition]:
    """Return the states of a step's jobs: it does one after the other, and goes on when one fails."""
    start = int(state.started)  # manifests give whole seconds
    times = [_begun(path) for path in manifests]
    found: list[Condition] = ["failed" if time is None else "done" if time >= start else "kept" for time in times]
    if state.state == "done":
        return ["done" if time is None else settled for time, settled in zip(times, found, strict=True)]
    if at_work == "failed":
        begun = [path.parent.is_dir() for path in manifests]
        return ["waiting" if one == "failed" and not any_ else one for one, any_ in zip(found, begun, strict=True)]
    # behind the job at work, manifests of an earlier run may be outdated
    written = max((number + 1 for number, one in enumerate(found) if one == "done"), default=0)
    reached = max(written, found.index("failed") if "failed" in found else 0)
    waiting: list[Condition] = ["waiting"] * max(0, len(found) - reached - 1)
    return [*found[:reached], *([at_work] if reached < len(found) else []), *waiting]


def _begun(manifest: Path) -> float | None:
    """Return when the work of a manifest began, in seconds since the epoch; None without a readable manifest."""
    try:
        return _read_begun(manifest, manifest.stat().st_mtime_ns)
    except (AssayError, OSError, TypeError, KeyError, ValueError):
        return None


@lru_cache(maxsize=100_000)
def _read_begun(manifest: Path, modified: int) -> float:
    return datetime.fromisoformat(read_json(manifest)["started"]).timestamp()
