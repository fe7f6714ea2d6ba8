"""Damaged event files through the commands: each has its own error, and no output is left."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

pytestmark = pytest.mark.slow


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def flipped(path: Path) -> None:
    with h5py.File(path) as file:
        position = file["samples/weights"].id.get_chunk_info(0).byte_offset + 64
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(content)


def later_version(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["assay"].attrs.modify("schema_version", 99)


def not_a_number(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        values = file["samples/observations"][()]
        values[3, 1] = np.nan
        file["samples/observations"][...] = values


def other_setup(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        names = file["observables/names"][()]
        names[0] = b"other"
        file["observables/names"][...] = names


DAMAGES = {
    truncated: ("the file is damaged: it is truncated", "expected: a complete HDF5 file"),
    flipped: ("the file is damaged: a checksum does not fit", "expected: a complete HDF5 file"),
    later_version: ("the file has version 99 of the layout", "expected: version 1"),
    not_a_number: ("of event 3 is nan", "expected: finite numbers"),
    other_setup: ("observables:", "expected:"),
}


@pytest.fixture
def files(chain, tmp_path) -> list[Path]:
    """Copies of the event files of two jobs."""
    found = sorted(path for number in range(2) for path in chain.extracted(number).rglob("events.h5"))[:2]
    return [Path(shutil.copy(path, tmp_path / f"{number}.h5")) for number, path in enumerate(found)]


@pytest.mark.parametrize("damage", DAMAGES)
def test_combine(chain, files, tmp_path, invoke, damage) -> None:
    damage(files[1])
    output = tmp_path / "output"
    shown = invoke("combine", "--study", chain.study, "--setup", chain.setup, "--output", output, *files, expect=1)
    assert all(text in shown for text in (*DAMAGES[damage], str(files[1]), "mend:")), shown
    assert not list(output.rglob("*.h5"))
    assert not list(output.rglob(".partial*"))


@pytest.mark.parametrize("damage", DAMAGES)
def test_inspect(files, invoke, damage) -> None:
    damage(files[1])
    shown = invoke("inspect", *files, expect=1)
    assert DAMAGES[damage][0] in shown
    assert str(files[1]) in shown


@pytest.mark.parametrize("damage", DAMAGES)
def test_sample(chain, tmp_path, invoke, damage) -> None:
    events, output = Path(shutil.copy(chain.combined, tmp_path / "events.h5")), tmp_path / "output"
    damage(events)
    shown = invoke("sample", "--study", chain.study, "--events", events, "--output", output, expect=1)
    messages = ("does not fit the study", "expected:") if damage is other_setup else DAMAGES[damage]
    assert all(text in shown for text in (*messages, str(events), "mend:")), shown
    assert not (output / "ratio").exists()
    assert not (output / "score").exists()
    assert not (output / "manifest.json").exists()
