"""The default study, small, with every step in its container: the same numbers as local processes give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assay.events.eventfile import read_event_file
from assay.inference.results import read_limits

pytestmark = pytest.mark.containers


def test_containers_and_local_processes_give_the_same(
    small_study: Callable[..., Path], assay: Callable[..., str], tmp_path: Path
) -> None:
    study = small_study()
    for containers in ("docker", "local"):
        assay("run", "--study", study, "--output", tmp_path / containers, "--containers", containers)
    docker, local = (read_event_file(tmp_path / name / "physics/combine/combined.h5") for name in ("docker", "local"))
    np.testing.assert_array_equal(docker.x, local.x)
    np.testing.assert_array_equal(docker.weights, local.weights)
    for method in range(5):
        found = [read_limits(tmp_path / name / f"ml/evaluate_{method}/limits_rate") for name in ("docker", "local")]
        np.testing.assert_allclose(found[0].q, found[1].q, rtol=1e-6, atol=1e-9)
    report = tmp_path / "docker" / "ml" / "plot" / "report.html"
    assert report.stat().st_uid == tmp_path.stat().st_uid  # files are the caller's
