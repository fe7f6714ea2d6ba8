"""Which stages a result comes from: manifests name their inputs, beside which stand the manifests of their writers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.manifest import NAME, Manifest

STAGES = (
    "configure",
    "prepare",
    "generate",
    "simulate",
    "extract",
    "combine",
    "sample",
    "train",
    "toys",
    "evaluate",
    "plot",
)
_MAX_LEVELS = 6


def upstream(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return these stage folders and all that their inputs come from, in the order of the stages and jobs.

    Inputs whose folder has gone are left out: a run may have been moved or tidied up since.
    """
    found: dict[Path, Manifest] = {}
    given = [folder.resolve() for folder in folders]
    waiting = list(given)
    while waiting:
        folder = waiting.pop()
        if folder in found:
            continue
        manifest = Manifest.read(folder)
        found[folder] = manifest
        writers = (_writer(Path(record.path.partition(":")[2])) for record in manifest.inputs)
        waiting += [writer for writer in writers if writer is not None and writer not in found]
    # the manifests of a run that was copied still name the first place, whose jobs are not to be counted as well
    unique: dict[tuple[str, str], Path] = {}
    for folder in [*given, *found]:
        unique.setdefault((found[folder].stage, found[folder].job), folder)
    return tuple(sorted(unique.values(), key=lambda folder: _rank(found[folder])))


def _writer(path: Path) -> Path | None:
    """Return the folder of the stage that wrote a file, if it can be found."""
    for folder in list(path.resolve().parents)[:_MAX_LEVELS]:
        if (folder / NAME).is_file():
            return folder
    return None


def _rank(manifest: Manifest) -> tuple[int, int, str]:
    place = STAGES.index(manifest.stage) if manifest.stage in STAGES else len(STAGES)
    return place, len(manifest.job), manifest.job
