"""Bringing the results of a run back, and checking that they are there and complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from assay.errors import ManifestError, ReanaError
from assay.files import atomic_path, sha256
from assay.manifest import NAME as MANIFEST
from assay.manifest import FileRecord, Manifest
from assay.running.reana.answers import RemoteFile
from assay.running.reana.follow import Watch
from assay.running.reana.server import Server

_ALONG = (MANIFEST, "mlartifacts")
"""What comes along from a stage's folder, if it is there: what its files are verified with, and MLflow's files."""


def download(
    server: Server, run: str, specification: Mapping[str, Any], folder: Path, watch: Watch
) -> tuple[Path, ...]:
    """Download the declared outputs of a run into a folder, at the places they have in its workspace.

    Returns
    -------
    The declared files, here.

    Raises
    ------
    ReanaError
        If a declared output is missing, or a file is not what its stage wrote: yadage can end with success without
        having done its work.
    """
    outputs = specification.get("outputs") or {}
    declared = [*(outputs.get("files") or ()), *(outputs.get("directories") or ())]
    stages = sorted({str(Path(name).parent) for name in outputs.get("files") or ()})
    there = watch.patience.insist(lambda: server.files(run), watch.tell)
    _check_declared(declared, there, run)
    wanted = [*declared, *(f"{stage}/{extra}" for stage in stages for extra in _ALONG)]
    found = [file for file in there if any(_is_under(file, name) for name in wanted)]
    for file in found:
        _fetch(server, run, file, folder, watch)
    watch.tell(f"downloaded {len(found)} files, {sum(file.size for file in found) / 1e6:.1f} MB")
    for stage in stages:
        _verify(folder / stage, declared, folder)
    return tuple(folder / name for name in outputs.get("files") or ())


def _check_declared(declared: Sequence[str], there: Sequence[RemoteFile], run: str) -> None:
    missing = [name for name in declared if not any(_is_under(file, name) for file in there)]
    if missing:
        raise ReanaError(
            f"the run finished without {', '.join(missing)}",
            where=run,
            expected="the outputs that reana.yml declares",
            mend=f"see `reana-client logs -w {run}`",
        )


def _is_under(file: RemoteFile, name: str) -> bool:
    return PurePosixPath(file.name).is_relative_to(name)


def _fetch(server: Server, run: str, file: RemoteFile, folder: Path, watch: Watch) -> None:
    target = folder / file.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ReanaError("a name that leads out of the folder", where=f"{run}: {file.name}")
    content = watch.patience.insist(lambda: server.download(run, file.name), watch.tell)
    if len(content) != file.size:
        raise ReanaError(
            f"{len(content)} bytes came of {file.size}",
            where=f"{run}: {file.name}",
            expected="the whole file",
            mend=f"download again: `assay reana follow {run}`",
        )
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def _verify(stage: Path, declared: Sequence[str], folder: Path) -> None:
    """Compare the downloaded files of a stage with its manifest, if the stage leaves one."""
    if not (stage / MANIFEST).is_file():
        return
    try:
        outputs = Manifest.read(stage).outputs
    except ManifestError as error:
        raise ReanaError(error.what, where=error.where, expected=error.expected) from None
    roots = [folder / name for name in declared]
    wanted = [written for written in outputs if any((stage / written.path).is_relative_to(root) for root in roots)]
    for written in wanted:
        if not _is_whole(stage / written.path, written):
            raise ReanaError(
                "the file is not what the stage wrote",
                where=str(stage / written.path),
                expected=f"{written.size} bytes with SHA-256 {written.sha256[:12]}...",
                mend="download again with `assay reana follow`; if it stays so, the workspace is damaged",
            )


def _is_whole(path: Path, written: FileRecord) -> bool:
    return path.is_file() and path.stat().st_size == written.size and sha256(path) == written.sha256
