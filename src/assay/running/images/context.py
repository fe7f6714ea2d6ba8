"""What goes into a build: the files that the images' Dockerfiles copy, and labels that tell where they come from."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from assay import __version__
from assay.errors import WorkflowError
from assay.running.images.catalogue import Image

_SOURCES = ("images", "src", "requirements", "pyproject.toml", "README.md", "LICENSE")
_WHEELS = "requirements/wheels"
"""Where the Dockerfiles look for wheels that no index has."""
_LEFT_OUT = re.compile(rf"__pycache__|\.egg-info/|/\.|^{_WHEELS}/")
_LICENCES = "MIT"
_LABEL = "org.opencontainers.image."


def write_context(project: Path, stream: IO[bytes], wheels: Path | None = None) -> None:
    """Write the build context as a tar file.

    Times, owners and the order of files are left out of it, so that the engine recognises what it has built before.

    Parameters
    ----------
    project
        The project's folder.
    stream
        File to write to.
    wheels
        A folder of wheels to take along.

    Raises
    ------
    WorkflowError
        If the folder is not that of the project.
    """
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, path in _files(project, wheels):
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            entry.mode = 0o755 if os.access(path, os.X_OK) else 0o644
            with open(path, "rb") as content:
                archive.addfile(entry, content)


def labels(project: Path, image: Image) -> dict[str, str]:
    """Return the labels that tell what an image holds, after the OCI's image specification."""
    return {
        f"{_LABEL}title": image.title,
        f"{_LABEL}version": __version__,
        f"{_LABEL}revision": revision(project),
        f"{_LABEL}created": datetime.now(UTC).isoformat(timespec="seconds"),
        f"{_LABEL}licenses": _LICENCES,
    }


def revision(project: Path) -> str:
    """Return the commit that a folder is at, marked if files differ from it; `unknown` outside of git."""
    commit = _git(project, "rev-parse", "HEAD")
    if not commit:
        return "unknown"
    return f"{commit}-modified" if _git(project, "status", "--porcelain", "--", *_SOURCES) else commit


def _files(project: Path, wheels: Path | None) -> Iterator[tuple[str, Path]]:
    for source in _SOURCES:
        path = project / source
        if not path.exists():
            raise WorkflowError(
                "not here", where=str(path), expected="the project's folder, from git", mend="give it with --project"
            )
        found = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
        names = {file.relative_to(project).as_posix(): file for file in found}
        yield from ((name, file) for name, file in names.items() if not _LEFT_OUT.search(name))
    if wheels is not None:
        for wheel in sorted(wheels.glob("*.whl")):
            yield f"{_WHEELS}/{wheel.name}", wheel


def _git(project: Path, *arguments: str) -> str:
    # whoever builds may read a folder of somebody else's, such as a container's mount, which git refuses without a word
    command = ["git", "-c", f"safe.directory={project.resolve()}", "-C", str(project), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
