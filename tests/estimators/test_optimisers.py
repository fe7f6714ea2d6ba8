"""Optimisers: step by step those of torch, and resumable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from assay.errors import TrainingError
from assay.estimators.optimisers import Optimiser
from assay.estimators.settings import OptimiserName, TrainingSettings

pytestmark = pytest.mark.fast

DECAY, MOMENTUM = 0.05, 0.8
SETTINGS = TrainingSettings(weight_decay=DECAY, momentum=MOMENTUM)
THEIRS: dict[OptimiserName, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "adam": lambda p: torch.optim.Adam(p, weight_decay=DECAY),
    "adamw": lambda p: torch.optim.AdamW(p, weight_decay=DECAY),
    "amsgrad": lambda p: torch.optim.Adam(p, weight_decay=DECAY, amsgrad=True),
    "sgd": lambda p: torch.optim.SGD(p, weight_decay=DECAY, momentum=MOMENTUM),
}


def _parameters() -> nn.Parameter:
    return nn.Parameter(torch.randn(20, generator=torch.Generator().manual_seed(3), dtype=torch.float64))


def _gradients(n: int = 30) -> torch.Tensor:
    """Gradients of changing size and sign, the later ones smaller, so that AMSGrad differs from Adam."""
    shrinking = torch.logspace(1, -2, n, dtype=torch.float64)[:, None]
    return shrinking * torch.randn(n, 20, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


@pytest.mark.parametrize("name", THEIRS)
def test_steps_are_those_of_torch(name: OptimiserName) -> None:
    ours, theirs = _parameters(), _parameters()
    optimiser, other = Optimiser(ours, replace(SETTINGS, optimiser=name)), THEIRS[name]([theirs])
    for number, gradient in enumerate(_gradients()):
        rate = 0.1 / (1 + number)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        other.param_groups[0]["lr"] = rate
        optimiser.step(rate)
        other.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", THEIRS)
def test_a_loaded_state_goes_on_alike(name: OptimiserName) -> None:
    settings = replace(SETTINGS, optimiser=name)
    whole = _parameters()
    optimiser = Optimiser(whole, settings)
    kept: Any = None
    for number, gradient in enumerate(_gradients()):
        if number == 15:
            kept = whole.detach().clone(), optimiser.state_dict()
        whole.grad = gradient.clone()
        optimiser.step(0.01)
    resumed = nn.Parameter(kept[0])
    again = Optimiser(resumed, settings)
    again.load_state_dict(kept[1])
    for gradient in _gradients()[15:]:
        resumed.grad = gradient.clone()
        again.step(0.01)
    torch.testing.assert_close(resumed, whole, rtol=0.0, atol=0.0)


def test_the_state_of_another_optimiser_is_refused() -> None:
    sgd = Optimiser(_parameters(), replace(SETTINGS, optimiser="sgd"))
    with pytest.raises(TrainingError, match="n_steps, velocity"):
        Optimiser(_parameters(), SETTINGS).load_state_dict(sgd.state_dict())
