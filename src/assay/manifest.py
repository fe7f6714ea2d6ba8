"""The manifest that every stage writes beside its outputs, and the next stage verifies.

A manifest records what a stage read and wrote (SHA-256 and size), from which study and with which code, how long it
took and how much memory it held. Its `key` is a hash of everything that determines the outputs: a folder whose manifest
carries the key that a stage would write now, and whose files are what the manifest says, is complete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from assay.errors import AssayError, ManifestError
from assay.files import read_json, sha256, write_json

NAME = "manifest.json"
PACKAGE = Path(__file__).parent

_NOT_OUTPUTS = frozenset({NAME, "journal.jsonl", "mlflow.db", "mlartifacts", "_packtivity"})
"""What tells how results came about, and may change by looking at it."""
_MAX_LEVELS = 6


@dataclass(frozen=True)
class FileRecord:
    """A file with its content's hash; `path` is relative to the stage's folder for outputs, as given for inputs."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What a stage did. Times in seconds, memory in MiB."""

    stage: str
    job: str
    version: str
    study: str
    study_hash: str
    seed: int
    key: str
    inputs: tuple[FileRecord, ...]
    outputs: tuple[FileRecord, ...]
    started: str
    wall_time: float
    peak_memory: float

    def write(self, folder: Path) -> None:
        """Write the manifest into the stage's folder, as its last file."""
        write_json(folder / NAME, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a stage's folder.

        Raises
        ------
        ManifestError
            If it is missing or not a manifest.
        """
        path = folder / NAME
        try:
            content = read_json(path)
            content["inputs"] = tuple(FileRecord(**record) for record in content["inputs"])
            content["outputs"] = tuple(FileRecord(**record) for record in content["outputs"])
            return cls(**content)
        except (AssayError, TypeError, KeyError) as error:
            raise ManifestError(
                "no readable manifest",
                where=str(path),
                expected="the manifest.json of a complete stage",
                mend="run the stage again",
            ) from error


def record(path: Path, name: str | None = None) -> FileRecord:
    """Hash one file."""
    return FileRecord(path=name if name is not None else str(path), sha256=sha256(path), size=path.stat().st_size)


def files_under(paths: Iterable[Path]) -> list[Path]:
    """List files, folders being expanded in sorted order without bookkeeping and hidden files."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (entry.relative_to(path) for entry in sorted(path.rglob("*")) if entry.is_file())
            found += [
                path / entry
                for entry in inside
                if not any(part.startswith(".") or part in _NOT_OUTPUTS for part in entry.parts)
            ]
        else:
            found.append(path)
    return found


def verified_inputs(inputs: Mapping[str, Iterable[Path]]) -> tuple[FileRecord, ...]:
    """Hash input files and compare them with the manifests of the stages that wrote them.

    Files that no manifest stands above are the user's own and are taken as they are.

    Raises
    ------
    ManifestError
        If a file is missing, or is not what the stage before wrote.
    """
    records = []
    for role, paths in inputs.items():
        given = list(paths)
        for missing in (path for path in given if not path.exists()):
            raise ManifestError(
                f"input {role!r} not found",
                where=str(missing),
                expected="a file or folder",
                mend="run the stage that writes it",
            )
        for folder in (path for path in given if path.is_dir()):
            _refuse_incomplete(folder)
        for path in files_under(given):
            found = record(path)
            _compare_with_writer(path, found)
            records.append(FileRecord(path=f"{role}:{path}", sha256=found.sha256, size=found.size))
    return tuple(records)


def job_of(path: Path) -> str | None:
    """Return the job or method of the stage that wrote a file or folder; None for a user's own.

    Raises
    ------
    ManifestError
        If the manifest above it is damaged.
    """
    folder = _writers_folder(path)
    return None if folder is None else Manifest.read(folder).job


def _writers_folder(path: Path) -> Path | None:
    """Return the nearest folder above that has a manifest."""
    return next((folder for folder in islice(path.parents, _MAX_LEVELS) if (folder / NAME).exists()), None)


def _compare_with_writer(path: Path, found: FileRecord) -> None:
    folder = _writers_folder(path)
    if folder is None:
        return
    manifest = Manifest.read(folder)
    name = str(path.relative_to(folder))
    written = next((entry for entry in manifest.outputs if entry.path == name), None)
    if written is None or written.sha256 != found.sha256:
        raise ManifestError(
            "file is not what the stage wrote" if written else "file is not among the stage's outputs",
            where=str(path),
            expected=f"the output of {manifest.stage} with SHA-256 {written.sha256[:12]}..."
            if written
            else "an output in manifest.json",
            mend=f"remove {folder} and run again",
        )


def _refuse_incomplete(folder: Path) -> None:
    """Refuse a folder, of a stage or within one, that lacks a file which the stage wrote there."""
    above = folder if (folder / NAME).exists() else _writers_folder(folder)
    if above is None:
        return
    inside = folder.relative_to(above)
    for written in Manifest.read(above).outputs:
        if Path(written.path).is_relative_to(inside) and not (above / written.path).is_file():
            raise ManifestError(
                "a file that the stage wrote is not there",
                where=str(above / written.path),
                expected="all outputs in manifest.json",
                mend=f"remove {above} and run again",
            )


def outputs_of(folder: Path) -> tuple[FileRecord, ...]:
    """Hash everything that a stage has written into its folder."""
    return tuple(record(path, str(path.relative_to(folder))) for path in files_under([folder]))


def is_complete(folder: Path, key: str) -> bool:
    """Whether the folder holds the outputs that `key` stands for, unchanged."""
    try:
        manifest = Manifest.read(folder)
    except ManifestError:
        return False
    if manifest.key != key:
        return False
    for written in manifest.outputs:
        path = folder / written.path
        if not path.is_file() or path.stat().st_size != written.size or sha256(path) != written.sha256:
            return False
    return True


def source_digest(rooms: Iterable[str]) -> str:
    """Hash the source code of rooms (folders or modules), so that changed code makes its results again."""
    return _source_digest(tuple(sorted(rooms)))


@cache  # what a process runs is what it once read, and a batch asks for every job
def _source_digest(rooms: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for room in rooms:
        path = PACKAGE / room
        sources = sorted(path.rglob("*")) if path.is_dir() else [path.with_suffix(".py")]
        for source in sources:
            if source.is_file() and "__pycache__" not in source.parts:
                digest.update(str(source.relative_to(PACKAGE)).encode())
                digest.update(source.read_bytes())
    return digest.hexdigest()


def content_key(parts: Mapping[str, object]) -> str:
    """Hash everything that determines a stage's outputs."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, allow_nan=False).encode()).hexdigest()
