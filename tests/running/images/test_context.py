"""The build context: what is in it, that it is the same for the same files, and where it says it comes from."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from assay import __version__
from assay.errors import WorkflowError
from assay.running.images.catalogue import IMAGES
from assay.running.images.context import labels, revision, write_context

pytestmark = pytest.mark.fast


def context(project: Path, wheels: Path | None = None) -> bytes:
    stream = io.BytesIO()
    write_context(project, stream, wheels)
    return stream.getvalue()


def members(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive.getmembers()}


def git(project: Path, *arguments: str) -> str:
    identity = {f"GIT_{who}_{what}": "us@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(
        command, env={**os.environ, **identity}, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_holds_what_the_dockerfiles_copy_and_nothing_else(project: Path) -> None:
    found = members(context(project))
    assert set(found) == {
        "images/install",
        "images/physics/Dockerfile",
        "src/assay/__init__.py",
        "requirements/physics.txt",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    }
    assert found["images/install"].mode == 0o755
    assert found["README.md"].mode == 0o644


def test_is_the_same_for_the_same_files_whatever_their_times(project: Path) -> None:
    before = context(project)
    os.utime(project / "README.md", (1, 1))
    assert context(project) == before
    (project / "README.md").write_text("changed")
    assert context(project) != before


def test_wheels_go_where_the_dockerfiles_look_for_them(project: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "torch-1-py3-none-any.whl").write_text("torch")
    (wheels / "notes.txt").write_text("not a wheel")
    (project / "requirements" / "wheels").mkdir()
    (project / "requirements" / "wheels" / "left-1-py3-none-any.whl").write_text("left from a build by hand")
    found = {name for name in members(context(project, wheels)) if "wheels" in name}
    assert found == {"requirements/wheels/torch-1-py3-none-any.whl"}


def test_another_folder_is_not_the_project(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=r"images: not here[\s\S]*--project"):
        context(tmp_path)


def test_the_revision_is_the_commit_and_says_whether_files_differ(project: Path) -> None:
    assert revision(project) == "unknown"
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "first")
    commit = git(project, "rev-parse", "HEAD")
    assert revision(project) == commit
    (project / "runs" / "big.h5").write_text("not in the image")
    assert revision(project) == commit
    (project / "src" / "assay" / "__init__.py").write_text("changed")
    assert revision(project) == f"{commit}-modified"


def test_the_revision_of_somebody_elses_folder_is_known(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "first")
    commit = git(project, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git then takes the folder for another user's
    with pytest.raises(subprocess.CalledProcessError):
        git(project, "rev-parse", "HEAD")
    assert revision(project) == commit
    monkeypatch.chdir(project)
    assert revision(Path()) == commit


def test_labels_are_those_of_the_oci(project: Path) -> None:
    found = labels(project, IMAGES["ml"])
    assert found["org.opencontainers.image.title"] == IMAGES["ml"].title
    assert found["org.opencontainers.image.version"] == __version__
    assert found["org.opencontainers.image.licenses"] == "MIT"
    assert found["org.opencontainers.image.created"].endswith("+00:00")
