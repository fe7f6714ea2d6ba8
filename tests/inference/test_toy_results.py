from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError
from assay.inference.toy_batch import ToyBatch
from assay.inference.toy_results import read_batches, write_batches

pytestmark = pytest.mark.fast

BATCH = ToyBatch(
    method="alices",
    include_rate=False,
    parameters=("a", "b"),
    point=1,
    points=np.array([[0.0, 0.0], [0.1, 0.2], [0.3, 0.0]]),
    confidence_levels=(0.68, 0.95),
    n_events=np.array([3.0, 4.0]),
    best_fit=np.array([[0.1, 0.2], [np.nan, np.nan]]),
    q=np.array([[0.1, 0.2, 0.3], [np.nan] * 3]),
    widths=np.ones((2, 2, 2)),
    covers=np.array([[[True, False], [True, True]], [[False, False], [False, False]]]),
    at_edge=np.zeros((2, 2, 2), dtype=bool),
    failures=("", "InferenceError: something"),
    notes=("few events",),
)


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    other = replace(BATCH, include_rate=True, failures=("", ""), point=0)
    write_batches(tmp_path / "toys.h5", [BATCH, other])
    for found, expected in zip(read_batches(tmp_path / "toys.h5"), (BATCH, other), strict=True):
        for one in fields(ToyBatch):
            value, true = getattr(found, one.name), getattr(expected, one.name)
            if isinstance(true, np.ndarray):
                assert value.dtype == true.dtype
                assert np.array_equal(value, true, equal_nan=true.dtype == np.float64), one.name
            else:
                assert value == true, one.name


def test_damaged_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "toys.h5"
    with pytest.raises(AssayError, match="cannot be read"):
        read_batches(path)
    write_batches(path, [BATCH])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AssayError, match="run the toys stage again"):
        read_batches(path)
