"""One network of its own for every point theta_k (1805.00020: "point by point"), all trained together."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from assay.estimators.networks import ACTIVATIONS, Features
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import NetworkSettings


class PointwiseNetwork(nn.Module):
    """K networks of the observables, log r(x | theta_k, theta1), evaluated as one batched product per layer.

    Parameters
    ----------
    x
        The preprocessing of the observables (O,).
    theta
        Scaling of the parameters, in which the nearest point is looked for.
    points
        theta_k, shape (K, P).
    settings
        The hidden layers of each.
    """

    points: Tensor

    def __init__(self, x: Features, theta: Standardisation, points: Tensor, settings: NetworkSettings) -> None:
        super().__init__()
        self.x, self.theta = x, theta
        self.activation = ACTIVATIONS[settings.activation]
        self.residual = settings.residual
        self.register_buffer("points", points.to(torch.float32))
        widths = [x.n_features, *settings.hidden, 1]
        self.weights = nn.ParameterList(
            nn.Parameter(torch.empty(len(points), n, m).uniform_(-(n**-0.5), n**-0.5)) for n, m in pairwise(widths)
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(len(points), 1, m)) for m in widths[1:])

    def all_points(self, x: Tensor) -> Tensor:
        """Return log r (K, n) of observables (n, O) at every point."""
        value = self.x(x).expand(len(self.points), -1, -1)
        last = len(self.weights) - 1
        for number, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            following = torch.baddbmm(bias, value, weight)
            if number < last:
                following = self.activation(following)
            value = value + following if self.residual and following.shape == value.shape else following
        result: Tensor = value[:, :, 0]
        return result

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log r (n,) of observables (n, O), each at the point next to its theta (n, P)."""
        nearest = torch.cdist(self.theta(theta), self.theta(self.points)).argmin(dim=1)
        result: Tensor = self.all_points(x)[nearest, torch.arange(len(x), device=x.device)]
        return result
