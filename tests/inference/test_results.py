from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from assay.errors import AssayError, InferenceError
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.results import LimitResult, read_limits, write_limits

pytestmark = pytest.mark.fast


class Cone:
    def log_likelihood(self, theta: np.ndarray) -> np.ndarray:
        values = -((theta * [3.0, 1.0, 2.0]) ** 2).sum(axis=1)
        return np.where(theta[:, 0] > 0.9, -np.inf, values)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return -2 * theta * np.array([9.0, 1.0, 4.0])


@pytest.fixture
def result() -> LimitResult:
    grid = Grid.regular(("a", "b", "c"), [(-1, 1), (-2, 2), (-1, 1)], {"a": 7, "b": 6, "c": 5})
    return limits(
        "cone", False, Cone(), grid, DataSet(300.0, 123.4, (0.0, 0.1, 0.2)), effective_sample_size=np.ones(grid.shape)
    )


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return np.array_equal(first, second)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if hasattr(first, "__dataclass_fields__"):
        return all(same(getattr(first, f.name), getattr(second, f.name)) for f in fields(first))
    return bool(first == second)


def test_what_is_written_is_read(tmp_path: Path, result: LimitResult) -> None:
    json_path, h5_path = write_limits(tmp_path / "cone-shape", result)
    assert (json_path.name, h5_path.name) == ("cone-shape.json", "cone-shape.h5")
    assert same(read_limits(tmp_path / "cone-shape"), result)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cone-shape.h5", "cone-shape.json"]


def test_json_holds_numbers_and_hdf5_names_its_axes(tmp_path: Path, result: LimitResult) -> None:
    json_path, h5_path = write_limits(tmp_path / "x", result)
    numbers = json.loads(json_path.read_text())
    assert np.isclose(numbers["contour_levels_q"]["0.68"]["2"], 2.2789, atol=1e-4)
    assert numbers["n_unphysical"] == result.n_unphysical == 30
    assert "q" not in numbers
    with h5py.File(h5_path) as file:
        assert file["q"].attrs["dimensions"].tolist() == ["a", "b", "c"]
        assert [d.label for d in file["q"].dims] == ["a", "b", "c"]
        assert file["pair_profiles/a+c/q"].shape == (7, 5)


def test_damaged_or_foreign_files_are_refused(tmp_path: Path, result: LimitResult) -> None:
    json_path, h5_path = write_limits(tmp_path / "x", result)
    with pytest.raises(AssayError, match="file not found"):
        read_limits(tmp_path / "y")
    h5_path.write_bytes(h5_path.read_bytes()[:2000])
    with pytest.raises(AssayError, match="cannot be read"):
        read_limits(tmp_path / "x")
    json_path.write_text("{}")
    with pytest.raises(AssayError, match="not a file of limits"):
        read_limits(tmp_path / "x")


def test_unknown_names_are_answered_with_the_known(result: LimitResult) -> None:
    with pytest.raises(InferenceError, match="a, b, c"):
        result.pair("a", "d")
    with pytest.raises(InferenceError, match="no interval"):
        result.interval("a", 0.9)
