"""Folders that are either complete or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.sampling.folder import atomic_folder

pytestmark = pytest.mark.fast


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with atomic_folder(target) as temporary:
        (temporary / "file").write_text("new")
        assert not target.exists()
        assert temporary.parent == target.parent  # of the same file system, so that renaming is atomic
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_folder_replaces_the_one_before_as_a_whole(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with atomic_folder(tmp_path / "target") as temporary:
            (temporary / name).touch()
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["second"]


def test_after_an_error_the_folder_is_as_it_was(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "target") as temporary:
        (temporary / "first").touch()

    def fail() -> None:
        with atomic_folder(tmp_path / "target") as temporary:
            (temporary / "second").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["first"]
