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

from assay.estimators.networks import Features
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import FlowSettings, NetworkSettings

PLACES = 8  # within the unit of a count at which densities are averaged
SPLINE_BOUND = 5.0  # of standardised observables; beyond it splines are straight lines
SLOPE = 1e-3  # the least of any transformation, zuko's default

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
        The preprocessing of the observables (O,), of kinds that have an inverse, and of the parameters (P,).
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
        x: Features,
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
        shifted = x[None] + (self.discrete * offsets(x.shape[1]).to(x))[:, None, :]
        n = len(x)
        flat = self._log_density(shifted.reshape(PLACES * n, -1), theta.repeat(PLACES, 1))
        return torch.logsumexp(flat.reshape(PLACES, n), dim=0) - math.log(PLACES)

    def draw(self, theta: Tensor) -> Tensor:
        """Return one x (n, O) for every theta (n, P)."""
        with torch.no_grad():
            value = self.x.inverse(self.flow(self.theta(theta)).sample())
            return torch.where(self.discrete > 0, torch.round(value), value)

    def _log_density(self, x: Tensor, theta: Tensor) -> Tensor:
        result: Tensor = self.flow(self.theta(theta)).log_prob(self.x(x))
        return result + self.x.log_slope(x)


def offsets(n: int) -> Tensor:
    """Return the places (PLACES, n) within units at which densities of n counts are averaged.

    All counts go through their units together, from different starts.
    """
    steps = (torch.arange(PLACES) + 0.5) / PLACES
    starts = torch.arange(n) * 0.6180339887
    return torch.frac(steps[:, None] + starts[None, :]) - 0.5


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
        network: nn.Module = zuko.flows.NSF(n_x, n_theta, bins=flow.bins, slope=SLOPE, **options)
    else:
        network = zuko.flows.MAF(n_x, n_theta, **options)
    return network
