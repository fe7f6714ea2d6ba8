from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.scans import one_kind_of_fan_out, scans
from assay.study.model import DensityMethod, RatioMethod, ScoreMethod, Trained
from assay.study.model_scan import ScanSection

pytestmark = pytest.mark.fast

METHODS: dict[str, Trained] = {
    "alices": RatioMethod(kind="alices"),
    "alice": RatioMethod(kind="alice"),
    "sally": ScoreMethod(kind="sally"),
    "scandal": DensityMethod(kind="scandal"),
}


def draft(method: str, sampler: str = "random", ensemble: int = 1, **parameters: Any) -> Draft:
    section = ScanSection.model_validate({"sampler": sampler, "parameters": parameters})
    return Draft(Path(), methods={method: METHODS[method].model_copy(update={"scan": section, "ensemble": ensemble})})


GOOD: dict[str, dict[str, Any]] = {
    "lists": {"hidden_layers": ((10,), (20, 20)), "activation": ("tanh", "silu"), "residual": (True, False)},
    "ranges": {"learning_rate": {"log_uniform": (1e-4, 1e-2)}, "batch_size": {"integer": (64, 512)}},
}


@pytest.mark.parametrize("what", GOOD)
@pytest.mark.parametrize("method", ["alices", "scandal"])
def test_scans_that_can_be_done(what: str, method: str) -> None:
    assert not list(scans(draft(method, **GOOD[what])))
    assert not list(one_kind_of_fan_out(draft(method, **GOOD[what])))


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "no setting": ({"leraning_rate": (0.1,)}, "no setting of the training of alice", "write learning_rate"),
    "where it trains": ({"device": ("cpu", "cuda")}, "no setting of the training", "remove it"),
    "reversed": ({"batch_size": {"integer": (512, 64)}}, "reversed range", "write [64, 512]"),
    "logarithm of zero": ({"momentum": {"log_uniform": (0.0, 0.5)}}, "logarithmic range from 0", "begin above zero"),
    "no whole numbers": ({"batch_size": {"uniform": (64.0, 512.0)}}, "64.0 for batch_size", "values that it can have"),
    "value that it cannot have": ({"activation": ("silu", "sillu")}, "sillu for activation", "values that it can have"),
    "beyond the bounds": ({"momentum": {"uniform": (0.5, 1.0)}}, "1.0 for momentum", "values that it can have"),
}


@pytest.mark.parametrize("what", BAD)
def test_scans_that_cannot_be_done(what: str) -> None:
    parameters, found, mend = BAD[what]
    finding, *_ = scans(draft("alice", **parameters))
    assert found in finding.found
    assert mend in finding.mend
    assert finding.location[:4] == ("methods", "alice", "scan", "parameters")


def test_a_grid_is_of_lists() -> None:
    (finding,) = scans(draft("alices", "grid", learning_rate={"uniform": (0.001, 0.01)}, epochs=(3, 4)))
    assert "the sampler is grid" in finding.found


@pytest.mark.parametrize("setting", ["alpha", "trim"])
def test_what_changes_the_loss_is_not_scanned(setting: str) -> None:
    """The least loss would be that of the smallest weight, whatever the estimator is worth."""
    (finding,) = scans(draft("alices", **{setting: (0.1, 1.0)}))
    assert "no setting of the training of alices" in finding.found


def test_an_ensemble_is_no_scan() -> None:
    (finding,) = one_kind_of_fan_out(draft("sally", ensemble=2, epochs=(3, 4)))
    assert finding.location == ("methods", "sally", "ensemble")
