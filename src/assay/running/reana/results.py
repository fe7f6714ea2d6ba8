"""Bringing the results of a run back, and checking that they are there and complete."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from assay.errors import ManifestError, ReanaError
from assay.files import PARTIAL
from assay.manifest import NAME as MANIFEST
from assay.manifest import Manifest, outputs_of
from assay.running.reana.answers import RemoteFile
from assay.running.reana.follow import Watch
from assay.running.reana.server import Server
from assay.running.status import PARTS
from assay.running.steps import stage_of

_ALONG = (MANIFEST, "mlartifacts")
"""What comes along from a stage's folder, if it is there: what its files are verified with, and MLflow's files."""
_OURS = frozenset(stage for part in PARTS.values() for stage in part)


def download(
    server: Server, run: str, specification: Mapping[str, Any], folder: Path, watch: Watch
) -> tuple[Path, ...]:
    """Download the declared outputs of a run into a folder, at the places they have in its workspace.

    They take the place of what is there once all of them are here and verified.

    Returns
    -------
    The declared files, here.

    Raises
    ------
    ReanaError
        If a declared output or the manifest of a stage is missing, or a file is not what its stage wrote: yadage can
        end with success without having done its work.
    """
    outputs = specification.get("outputs") or {}
    declared = [*(outputs.get("files") or ()), *(outputs.get("directories") or ())]
    _check_names(declared, run)
    there = watch.patience.insist(lambda: server.files(run), watch.tell)
    _check_declared(declared, there, run)
    stages = _stages([file.name for file in there], declared, run)
    wanted = [*declared, *(f"{stage}/{extra}" for stage in stages for extra in _ALONG)]
    found = [file for file in there if any(_is_under(file.name, name) for name in wanted)]
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=PARTIAL, dir=folder) as temporary:
        new, old = Path(temporary, "new"), Path(temporary, "old")
        for file in found:
            _fetch(server, run, file, new, watch)
        for stage in stages:
            _verify(new, stage, declared, run)
        for name in _outermost(wanted):
            _swap(folder / name, new / name, old / name)
    watch.tell(f"downloaded {len(found)} files, {sum(file.size for file in found) / 1e6:.1f} MB")
    return tuple(folder / name for name in outputs.get("files") or ())


def _check_names(names: Sequence[str], run: str) -> None:
    for path in map(PurePosixPath, names):
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ReanaError("a name that leads out of the folder", where=f"{run}: {path}")


def _check_declared(declared: Sequence[str], there: Sequence[RemoteFile], run: str) -> None:
    missing = [name for name in declared if not any(_is_under(file.name, name) for file in there)]
    if missing:
        raise ReanaError(
            f"the run finished without {', '.join(missing)}",
            where=run,
            expected="the outputs that reana.yml declares",
            mend=f"see `reana-client logs -w {run}`",
        )


def _is_under(name: str, root: str) -> bool:
    return PurePosixPath(name).is_relative_to(root)


def _stages(there: Iterable[str], declared: Sequence[str], run: str) -> list[str]:
    """List the folders whose manifests stand above the declared files; stages of Assay have to have one."""
    paths = [PurePosixPath(name) for name in there]
    sealed = {path.parent for path in paths if path.name == MANIFEST}
    stages = set()
    for path in (path for path in paths if any(path.is_relative_to(name) for name in declared)):
        writer = next((folder for folder in path.parents if folder in sealed), None)
        if writer is not None:
            stages.add(str(writer))
        elif any(stage_of(part) in _OURS for part in path.parent.parts):
            raise ReanaError(
                f"there is no {MANIFEST} to verify it with",
                where=f"{run}: {path}",
                expected="the manifest of the stage that wrote it",
                mend="the stage did not end, or the workspace was pruned: go on with --resume",
            )
    return sorted(stages)


def _fetch(server: Server, run: str, file: RemoteFile, folder: Path, watch: Watch) -> None:
    target = folder / file.name
    if not target.resolve().is_relative_to(folder.resolve()):
        raise ReanaError("a name that leads out of the folder", where=f"{run}: {file.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    watch.patience.insist(lambda: server.download(run, file.name, target), watch.tell)
    if (size := target.stat().st_size) != file.size:
        raise ReanaError(f"{size} bytes came of {file.size}", where=f"{run}: {file.name}", expected="the whole file")


def _verify(folder: Path, stage: str, declared: Sequence[str], run: str) -> None:
    """Compare the downloaded files of a stage with its manifest: those it names, and that there are no others."""
    try:
        manifest = Manifest.read(folder / stage)
    except ManifestError as error:
        raise ReanaError(error.what, where=f"{run}: {stage}/{MANIFEST}", expected=error.expected) from None
    here = {found.path: found for found in outputs_of(folder / stage)}
    written = {
        output.path: output
        for output in manifest.outputs
        if any(_is_under(f"{stage}/{output.path}", name) for name in declared)
    }
    for name in sorted(here.keys() | written.keys()):
        if here.get(name) != written.get(name):
            raise ReanaError(
                "the file is not what the stage wrote",
                where=f"{run}: {stage}/{name}",
                expected=f"SHA-256 {written[name].sha256[:12]}..." if name in written else "a file of the manifest",
                mend="if it stays so when downloaded again, the workspace is damaged",
            )


def _outermost(names: Sequence[str]) -> list[str]:
    """Leave out what is inside of another."""
    return [
        name for name in dict.fromkeys(names) if not any(_is_under(name, other) for other in names if other != name)
    ]


def _swap(target: Path, new: Path, old: Path) -> None:
    """Put what was downloaded in the place of what is there; what is there and did not come is removed."""
    if target.exists():
        old.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(target, old)
    if new.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(new, target)
