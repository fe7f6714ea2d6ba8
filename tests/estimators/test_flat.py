"""Parameters in one row: views in both directions."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from assay.estimators.flat import flattened

pytestmark = pytest.mark.fast


def test_parameters_and_gradients_are_views() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = torch.randn(5, 3)
    before = network(x).detach()
    expected = torch.autograd.grad(network(x).sum(), list(network.parameters()))
    flat = flattened(network)
    torch.testing.assert_close(network(x).detach(), before, rtol=0.0, atol=0.0)
    network(x).sum().backward()
    assert flat.grad is not None
    torch.testing.assert_close(flat.grad, torch.cat([one.flatten() for one in expected]))
    with torch.no_grad():
        flat.zero_()
    assert network(x).abs().max() == 0.0
    network.load_state_dict({name: torch.ones_like(value) for name, value in network.state_dict().items()})
    assert set(flat.tolist()) == {1.0}


def test_parameters_of_several_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="several kinds"):
        flattened(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1).double()))
