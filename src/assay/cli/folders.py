"""A stage's own folder: claimed before anything in it is removed, so that nothing else is ever emptied."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from assay.errors import FolderError, ManifestError
from assay.files import PARTIAL, read_json, write_text
from assay.manifest import NAME

CHECKPOINT = ".checkpoint.pt"
"""A training killed in the middle goes on from it; it tells by itself whether it belongs to the same training."""
MARK = ".assay-stage"
"""Says whose folder it is."""
ENGINE = "_packtivity"
"""The workflow engine's own records; a folder that has them is a step's."""
BATCH = "batch.json"
"""The names of the jobs that a step works on, in order; each has a folder of this name beside the file."""


def check_folder(stage: str, folder: Path, inputs: Iterable[Path]) -> None:
    """Check that a folder is this stage's, or nobody's yet, since what it holds may be removed.

    Raises
    ------
    FolderError
        If it holds other files, or inputs.
    """
    mend = "give --output a folder of its own"
    if folder.exists() and not folder.is_dir():
        raise FolderError("not a folder", where=str(folder), expected="the stage's own folder", mend=mend)
    for path in inputs:
        if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):  # of a loop, too
            raise FolderError(f"the stage's folder holds its input {path}", where=str(folder), mend=mend)
    mark = folder / MARK
    if mark.is_file():
        if (owner := mark.read_text().strip()) != stage:
            raise FolderError(f"the folder is of the stage {owner}", where=str(folder), expected=stage, mend=mend)
    elif folder.exists() and not (folder / ENGINE).exists() and any(map(_is_somebodys, folder.iterdir())):
        raise FolderError("the folder holds other files", where=str(folder), expected="an empty folder", mend=mend)


def _is_somebodys(entry: Path) -> bool:
    return not entry.name.startswith(PARTIAL)  # such a file is what a kill has left, even of the mark


def take_folder(stage: str, folder: Path, keep: Collection[str] = ()) -> None:
    """Make a folder that has passed the check the stage's, empty but for the names to keep.

    The workflow engine's records and a training's checkpoint always stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MARK).is_file():
        write_text(folder / MARK, stage + "\n")
    for entry in folder.iterdir():
        if entry.name in (MARK, ENGINE, CHECKPOINT, *keep):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def note_batch(folder: Path, jobs: Sequence[str]) -> None:
    """Write down which jobs a step's folder is for, unless it says so already."""
    path, text = folder / BATCH, json.dumps(list(jobs)) + "\n"
    if not path.is_file() or path.read_text() != text:
        write_text(path, text)


def files_of_jobs(paths: Iterable[Path], name: str) -> list[Path]:
    """Return files, steps' folders being replaced by the file `name` of each of their jobs, in the order of the jobs.

    Raises
    ------
    ManifestError
        If a folder is not one of a batch of jobs, or some of them are not complete.
    """
    found: list[Path] = []
    for path in paths:
        found += _of_batch(path, name) if path.is_dir() else [path]
    return found


def _of_batch(folder: Path, name: str) -> list[Path]:
    if not (folder / BATCH).is_file():
        raise ManifestError(
            f"no {name} of any job here",
            where=str(folder),
            expected=f"a folder with {BATCH} and a folder per job",
            mend="give the folder of a step, or files one by one",
        )
    jobs = [folder / str(job) for job in read_json(folder / BATCH)]
    missing = [job.name for job in jobs if not ((job / name).is_file() and (job / NAME).is_file())]
    if missing or not jobs:
        raise ManifestError(
            f"not complete: {', '.join(missing) or 'there is no job'}",
            where=str(folder),
            expected=f"{name} of every job",
            mend="run the step again: complete jobs are kept",
        )
    return [job / name for job in jobs]
