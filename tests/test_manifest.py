from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import ManifestError
from assay.manifest import Manifest, content_key, is_complete, job_of, outputs_of, source_digest, verified_inputs

pytestmark = pytest.mark.fast


def finished(folder: Path, key: str = "k") -> Manifest:
    """A stage's folder with two outputs and a manifest."""
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.txt").write_text("b")
    (folder / "journal.jsonl").write_text("{}")
    manifest = Manifest("generate", "sm_0", "0", "s", "h", 1, key, (), outputs_of(folder), "now", 1.0, 1.0)
    manifest.write(folder)
    return manifest


def test_a_manifest_lists_outputs_and_not_bookkeeping(tmp_path: Path) -> None:
    manifest = finished(tmp_path / "stage")
    assert [entry.path for entry in manifest.outputs] == ["a.txt", "sub/b.txt"]
    assert Manifest.read(tmp_path / "stage") == manifest


def test_complete_only_for_its_key_and_unchanged_files(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    finished(folder)
    assert is_complete(folder, "k")
    assert not is_complete(folder, "another")
    (folder / "a.txt").write_text("x")
    assert not is_complete(folder, "k")
    (folder / "a.txt").unlink()
    assert not is_complete(folder, "k")
    assert not is_complete(tmp_path / "nowhere", "k")


def test_a_manifest_that_cannot_be_read_now_is_not_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # outputs without a manifest are removed
    finished(tmp_path / "stage")

    def read_text(path: Path, **_: object) -> str:
        raise OSError(errno.ESTALE, "Stale file handle", str(path))

    monkeypatch.setattr(Path, "read_text", read_text)
    with pytest.raises(OSError, match="Stale file handle"):
        is_complete(tmp_path / "stage", "k")


@pytest.mark.parametrize("content", ["", "{}", '{"stage": 1}', "\x00"])
def test_a_damaged_manifest_is_no_manifest(tmp_path: Path, content: str) -> None:
    finished(tmp_path / "stage")
    (tmp_path / "stage" / "manifest.json").write_text(content)
    assert not is_complete(tmp_path / "stage", "k")
    with pytest.raises(ManifestError, match="no readable manifest"):
        verified_inputs({"events": [tmp_path / "stage" / "a.txt"]})


def test_inputs_are_verified_against_the_stage_before(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    finished(folder)
    assert [record.path.split(":")[0] for record in verified_inputs({"all": [folder]})] == ["all", "all"]
    (folder / "sub" / "b.txt").write_text("tampered")
    with pytest.raises(ManifestError, match="not what the stage wrote"):
        verified_inputs({"events": [folder / "sub" / "b.txt"]})


def test_a_file_that_the_stage_did_not_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    finished(folder)
    (folder / "smuggled.txt").write_text("x")
    with pytest.raises(ManifestError, match="not among the stage's outputs"):
        verified_inputs({"events": [folder / "smuggled.txt"]})


def test_a_users_own_file_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "mine.h5").write_text("x")
    assert verified_inputs({"events": [tmp_path / "mine.h5"]})[0].size == 1
    with pytest.raises(ManifestError, match="'events' not found"):
        verified_inputs({"events": [tmp_path / "none.h5"]})


def test_the_job_that_a_file_is_of(tmp_path: Path) -> None:
    finished(tmp_path / "stage")
    assert job_of(tmp_path / "stage" / "a.txt") == "sm_0"
    assert job_of(tmp_path / "stage" / "sub" / "b.txt") == "sm_0"
    assert job_of(tmp_path / "stage" / "sub") == "sm_0"
    assert job_of(tmp_path / "mine.h5") is None


def test_keys_depend_on_every_part() -> None:
    parts = {"stage": "a", "study": {"x": 1}, "inputs": ["h"]}
    assert content_key(parts) == content_key(dict(reversed(parts.items())))
    assert content_key(parts) != content_key({**parts, "study": {"x": 2}})


def test_the_source_digest_tells_rooms_apart() -> None:
    assert source_digest(["study"]) != source_digest(["study", "theory"])
    assert source_digest(["study", "theory"]) == source_digest(["theory", "study"])


def test_manifests_compare_by_value(tmp_path: Path) -> None:
    manifest = finished(tmp_path / "stage")
    assert replace(manifest, key="x") != manifest
