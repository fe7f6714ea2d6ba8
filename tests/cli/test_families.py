"""Every family, densities and SALLINO from events to limits, through the commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import assay
from assay.inference.results import read_limits

from .conftest import Chain, ends_well

pytestmark = pytest.mark.slow

METHODS: dict[str, dict[str, Any]] = {
    "quadratic": {"kind": "alices", "family": "quadratic"},
    "morphing": {"kind": "carl", "family": "morphing_aware"},
    "both": {"kind": "alices", "family": "doubly_parameterised"},
    "points": {"kind": "alice", "family": "pointwise"},
    "scandal": {"kind": "scandal", "flow": {"transforms": 1}},
    "nde": {"kind": "nde", "flow": {"kind": "maf", "transforms": 1}},
    "sallino": {"kind": "sallino"},
}
FAMILIES = {
    "quadratic": "quadratic_ratio",
    "morphing": "morphing_aware_ratio",
    "both": "doubly_parameterised_ratio",
    "points": "pointwise_ratio",
    "scandal": "density",
    "nde": "density",
    "sallino": "local_score",
}


@pytest.fixture(scope="module")
def families(small_chain: Callable[..., Chain], tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return small_chain(tmp_path_factory.mktemp("families"), methods=METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_methods_go_from_events_to_limits(name: str, families: Chain) -> None:
    published = families.published("sample")
    samples = Path(dict(zip(published["methods"], published["samples"], strict=True))[name])
    ends_well([families.train(f"train_{name}", name, samples)])
    model = families.folder / f"train_{name}" / "model"
    estimator = assay.load(model)
    assert estimator.description.family == FAMILIES[name]
    assert estimator.description.network.preprocessing[2] in ("periodic", "standard")  # delta_phi_jj, of densities
    ends_well([families.evaluate(f"evaluate_{name}", name, samples, model)])
    for stem in ("limits_rate", "limits_shape"):
        found = read_limits(families.folder / f"evaluate_{name}" / stem)
        assert np.isfinite(found.q).all() if found.q is not None else False
