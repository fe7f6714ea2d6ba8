"""Readers that find no memory say so, and do not blame the file: a step is tried again then, and nothing made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from assay.errors import AssayError
from assay.estimators.diagnostics import read_comparison, read_curve
from assay.files import write_json
from assay.generation.prepared import PreparedProcess
from assay.inference.information import read_fisher
from assay.inference.information_distribution import read_distributions
from assay.inference.observed import read_observed
from assay.inference.paired_files import read_pair
from assay.inference.results import read_limits
from assay.inference.toy_results import read_batches

pytestmark = pytest.mark.fast

READERS: dict[str, Callable[[Path], Any]] = {
    "toys": read_batches,
    "limits": lambda path: read_limits(path.with_suffix("")),
    "systematics": lambda path: read_pair(path.with_suffix(""), "assay-systematics-1", "systematics", lambda *_: None),
    "information": lambda path: read_fisher(path.with_suffix("")),
    "distributions": read_distributions,
    "observed events": lambda path: read_observed(path, ("x",)),
    "comparison": read_comparison,
    "calibration": read_curve,
    "prepared process": PreparedProcess.load,
}
FORMATS = {"limits": "assay-limits-1", "systematics": "assay-systematics-1", "information": "assay-fisher-1"}


@pytest.mark.parametrize("name", READERS)
def test_want_of_memory_is_no_damage(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    path.write_bytes(b"never read")
    if name in FORMATS:
        write_json(tmp_path / "file.json", {"format": FORMATS[name], "parameters": [], "results": []})

    def lacking(*_: Any, **__: Any) -> None:
        raise OSError("Can't synchronously read data (memory allocation failed for raw data chunk)")

    monkeypatch.setattr(h5py, "File", lacking)
    monkeypatch.setattr(np, "load", lacking)
    with pytest.raises(OSError, match="memory allocation failed"):
        READERS[name](path)


@pytest.mark.parametrize("name", READERS)
def test_damage_is(name: str, tmp_path: Path) -> None:
    (tmp_path / "file.h5").write_bytes(b"no such file")
    if name in FORMATS:
        write_json(tmp_path / "file.json", {"format": FORMATS[name], "parameters": [], "results": []})
    with pytest.raises(AssayError):
        READERS[name](tmp_path / "file.h5")
