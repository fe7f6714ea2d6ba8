"""The archive of a prepared process: complete, the same bytes for the same files, and damage is told."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.madgraph.archive import PreparedProcess, pack, read_head, unpack

pytestmark = pytest.mark.fast

PREPARED = PreparedProcess(
    name="signal",
    version="3.5.7",
    madgraph="",
    definition=("import model sm", "generate p p > t t~"),
    reweight="",
    generated=("z_first", "a_second"),
    couplings={"z_first": {"dim6 2": 0.0}, "a_second": {"dim6 2": 1.5}},
    cross_sections={"z_first": (1.0, 0.01), "a_second": (2.0, 0.02)},
    seed=3,
)


@pytest.fixture
def packs(tmp_path: Path) -> dict[str, Path]:
    found = {}
    for name in PREPARED.generated:
        folder = tmp_path / name
        (folder / "madevent" / "bin").mkdir(parents=True)
        (folder / "madevent" / "Events").mkdir()
        (folder / "madevent" / "bin" / "program").write_text("same")
        (folder / "madevent" / "bin" / "program").chmod(0o755)
        (folder / "madevent" / "grid").write_text(name)
        (folder / "madevent" / "driver.f").write_text("source")
        found[name] = folder
    (found["a_second"] / "madevent" / "extra").write_text("here alone")
    return found


@pytest.fixture
def archive(packs: dict[str, Path], tmp_path: Path) -> Path:
    library = tmp_path / "library"
    library.mkdir()
    (library / "rwgt.pkl").write_text("library")
    pack(tmp_path / "signal.tar.gz", PREPARED, packs, library)
    return tmp_path / "signal.tar.gz"


def test_what_is_read_is_what_was_packed(archive: Path) -> None:
    assert read_head(archive) == PREPARED
    assert list(read_head(archive).couplings) == ["z_first", "a_second"]


def test_the_same_files_give_the_same_bytes(archive: Path, packs: dict[str, Path], tmp_path: Path) -> None:
    for path in packs["z_first"].rglob("*"):
        path.touch()
    pack(tmp_path / "again.tar.gz", PREPARED, packs, tmp_path / "library")
    assert (tmp_path / "again.tar.gz").read_bytes() == archive.read_bytes()


def test_what_all_have_is_packed_once(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        files = {member.name for member in tar if member.isfile()}
    assert files == {
        "process.json",
        "common/madevent/bin/program",
        "own/0/madevent/grid",
        "own/1/madevent/grid",
        "own/1/madevent/extra",
        "reweighting/rwgt.pkl",
    }


@pytest.mark.parametrize(("benchmark", "extra"), [("z_first", False), ("a_second", True)])
def test_each_benchmark_gets_its_own_files(archive: Path, tmp_path: Path, benchmark: str, extra: bool) -> None:
    folder = tmp_path / "job"
    unpack(archive, benchmark, folder)
    assert (folder / "madevent" / "grid").read_text() == benchmark
    assert (folder / "madevent" / "extra").exists() is extra
    assert (folder / "madevent" / "bin" / "program").stat().st_mode & 0o100
    assert (folder / "madevent" / "Events").is_dir()
    assert (folder / "reweighting" / "rwgt.pkl").read_text() == "library"
    assert not (folder / "madevent" / "driver.f").exists()


def test_unknown_benchmarks(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="not prepared for benchmark 'w'"):
        unpack(archive, "w", tmp_path / "job")


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(GenerationError, match="prepared process not found"):
        read_head(tmp_path / "signal.tar.gz")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6])
def test_truncated(archive: Path, tmp_path: Path, share: float) -> None:
    content = archive.read_bytes()
    archive.write_bytes(content[: int(share * len(content))])
    with pytest.raises(GenerationError, match=r"cannot be read|not a prepared process"):
        unpack(archive, "z_first", tmp_path / "job")


def test_other_archives(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    with tarfile.open(tmp_path / "other.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "file", "file")
    with pytest.raises(GenerationError, match="not a prepared process"):
        read_head(tmp_path / "other.tar.gz")


def test_another_version(packs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assay.generation.madgraph.archive.FORMAT_VERSION", 99)
    pack(tmp_path / "new.tar.gz", replace(PREPARED, seed=4), packs, None)
    monkeypatch.undo()
    with pytest.raises(GenerationError, match="another version"):
        read_head(tmp_path / "new.tar.gz")
