from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.observed import count_observed, read_observed

pytestmark = pytest.mark.fast
EVENTS = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.5]])
NAMES = ("pt", "eta", "mass")


def written(path: Path) -> Path:
    if path.suffix == ".csv":
        path.write_text("pt, eta,mass\n" + "\n".join(",".join(map(str, row)) for row in EVENTS) + "\n")
    elif path.suffix == ".npy":
        array = np.array([tuple(row) for row in EVENTS], dtype=[(name, float) for name in NAMES])
        np.save(path, array)
    else:
        with h5py.File(path, "w") as file:
            for name, column in zip(NAMES, EVENTS.T, strict=True):
                file[name] = column
            file["other/matrix"] = np.eye(2)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".h5"])
def test_columns_are_found_by_name_in_any_order(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"events{suffix}")
    assert np.array_equal(read_observed(path, ("mass", "pt")), EVENTS[:, [2, 0]])
    assert count_observed(path) == 2


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".h5"])
def test_an_observable_that_is_missing_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InferenceError, match="no observable phi") as failure:
        read_observed(written(tmp_path / f"events{suffix}"), ("pt", "phi"))
    assert "found pt, eta, mass" in str(failure.value.expected) or suffix == ".h5"


def test_one_event_and_none(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("pt\n7\n")
    assert np.array_equal(read_observed(path, ("pt",)), [[7.0]])
    np.save(tmp_path / "none.npy", np.empty(0, dtype=[("pt", float)]))
    assert read_observed(tmp_path / "none.npy", ("pt",)).shape == (0, 1)


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("pt,eta\n1,2\nnan,3\ninf,4\n")
    with pytest.raises(InferenceError, match="2 of 3 events are not finite in pt"):
        read_observed(path, ("pt", "eta"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("events.txt", "pt\n1\n", "not a file of events"),
        ("events.csv", "pt,eta\n1\n", "cannot be read"),
        ("events.csv", "pt\nseven\n", "cannot be read"),
        ("events.csv", "", "cannot be read"),
        ("events.h5", "not HDF5", "cannot be read"),
        ("events.npy", "not npy", "cannot be read"),
    ],
)
def test_files_that_are_something_else(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InferenceError, match=message):
        read_observed(path, ("pt",))


def test_arrays_without_names_and_columns_of_other_lengths(tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", EVENTS)
    with pytest.raises(InferenceError, match="structured array"):
        read_observed(tmp_path / "plain.npy", ("pt",))
    with h5py.File(tmp_path / "events.h5", "w") as file:
        file["pt"], file["eta"] = np.zeros(3), np.zeros(2)
    with pytest.raises(InferenceError, match="different lengths"):
        read_observed(tmp_path / "events.h5", ("pt", "eta"))
