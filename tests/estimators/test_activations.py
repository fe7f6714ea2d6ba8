"""Activations: their derivatives are those of their values."""

from __future__ import annotations

import pytest
import torch

from assay.estimators.activations import CURVES
from assay.estimators.settings import ActivationName

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", CURVES)
def test_derivatives(name: ActivationName) -> None:
    curve = CURVES[name]
    a = torch.linspace(-6.0, 6.0, 40, dtype=torch.float64, requires_grad=True)  # without zero, where some have kinks
    value = curve.value(a)
    (first,) = torch.autograd.grad(value.sum(), a, create_graph=True)
    second = torch.zeros_like(a)
    if first.requires_grad:
        (second,) = torch.autograd.grad(first.sum(), a, allow_unused=True, materialize_grads=True)
    f, slope, kept = curve.along(a.detach())
    torch.testing.assert_close(f, value.detach())
    torch.testing.assert_close(slope, first.detach())
    torch.testing.assert_close(curve.bend(f, slope, kept), second.detach(), rtol=1e-9, atol=1e-12)
