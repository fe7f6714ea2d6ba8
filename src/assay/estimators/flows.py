"""p(x | theta) as a normalising flow (zuko), with the scaling of observables and parameters inside.

Observables that are counts are spread evenly over one unit (dequantisation, 1511.01844): in training with fresh random
numbers, in evaluation the density is averaged over the unit, which is the probability of the count.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import zuko
from torch import Tensor, nn

from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import FlowSettings, NetworkSettings

_PLACES = 8  # within the unit of a count at which densities are averaged

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}


class DensityNetwork(nn.Module):
    """log p(x | theta), normalised in x at every theta.

    Parameters
    ----------
    x, theta
        The scaling of the observables (O,) and of the parameters (P,).
    discrete
        Which observables are counts, (O,).
    flow
        Kind and size of the flow.
    settings
        Hidden layers and activation of the networks that give its transformations.
    """

    discrete: Tensor

    def __init__(
        self,
        x: Standardisation,
        theta: Standardisation,
        discrete: tuple[bool, ...],
        flow: FlowSettings,
        settings: NetworkSettings,
    ) -> None:
        super().__init__()
        self.x, self.theta = x, theta
        self.register_buffer("discrete", torch.tensor(discrete, dtype=torch.float32))
        self.any_discrete = any(discrete)
        self.flow = _flow(flow.kind, x.n_columns, theta.n_columns, flow, settings)

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log p(x | theta), shape (n,), for x (n, O) and theta (n, P), row by row.

        In training mode counts are taken at one random place of their unit.
        """
        if not self.any_discrete:
            return self._log_density(x, theta)
        if self.training:
            return self._log_density(x + self.discrete * (torch.rand_like(x) - 0.5), theta)
        # places of all counts go through the unit together, from different starts
        steps = (torch.arange(_PLACES, device=x.device) + 0.5) / _PLACES
        starts = torch.arange(x.shape[1], device=x.device) * 0.6180339887
        offsets = torch.frac(steps[:, None] + starts[None, :]) - 0.5
        shifted = x[None] + (self.discrete * offsets)[:, None, :]
        n = len(x)
        flat = self._log_density(shifted.reshape(_PLACES * n, -1), theta.repeat(_PLACES, 1))
        return torch.logsumexp(flat.reshape(_PLACES, n), dim=0) - math.log(_PLACES)

    def draw(self, theta: Tensor) -> Tensor:
        """Return one x (n, O) for every theta (n, P)."""
        with torch.no_grad():
            value = self.flow(self.theta(theta)).sample() * self.x.scale + self.x.centre
            return torch.where(self.discrete > 0, torch.round(value), value)

    def _log_density(self, x: Tensor, theta: Tensor) -> Tensor:
        result: Tensor = self.flow(self.theta(theta)).log_prob(self.x(x))
        return result - torch.log(self.x.scale).sum()


def _flow(
    kind: Literal["nsf", "maf"], n_x: int, n_theta: int, flow: FlowSettings, settings: NetworkSettings
) -> nn.Module:
    options = {
        "transforms": flow.transforms,
        "hidden_features": settings.hidden,
        "activation": _ACTIVATIONS[settings.activation],
    }
    if n_x > 1:  # with one observable zuko's networks are plain ones
        options["residual"] = settings.residual
    if kind == "nsf":
        network: nn.Module = zuko.flows.NSF(n_x, n_theta, bins=flow.bins, **options)
    else:
        network = zuko.flows.MAF(n_x, n_theta, **options)
    return network
