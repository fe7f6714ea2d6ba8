from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.files import atomic_path, read_json, sha256, write_json

pytestmark = pytest.mark.fast


def test_a_file_is_complete_or_absent(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_path(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_the_former_content_stays_until_the_new_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]


def test_temporary_names_keep_their_suffixes(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "events.lhe.gz") as temporary:
        assert temporary.name.endswith(".lhe.gz")


def test_json_goes_there_and_back_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": [1, 2.5, "θ"]})
    assert read_json(tmp_path / "a.json") == {"x": [1, 2.5, "θ"]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", {"x": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_a_missing_and_a_damaged_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"x": 1')
    with pytest.raises(AssayError, match="not valid JSON"):
        read_json(tmp_path / "bad.json")
    with pytest.raises(AssayError, match="file not found"):
        read_json(tmp_path / "none.json")
    with pytest.raises(AssayError, match="file not found"):
        read_json(tmp_path / "bad.json" / "below.json")
    with pytest.raises(AssayError, match="cannot be read"):
        read_json(tmp_path)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
