"""The objective of ratio methods with a fixed denominator: any network from (x, theta0) to log r."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from assay.estimators.likelihood_ratio import RatioBatch
from assay.estimators.methods import RatioMethod
from assay.estimators.morphing_networks import CoefficientNetwork
from assay.estimators.networks import RatioNetwork
from assay.estimators.objectives import Groups
from assay.estimators.preprocessing import Standardisation
from assay.estimators.slopes import Tape, Weights, add_gradient, evaluated
from assay.sampling.samples import RatioSample


class RatioNetworkLike(nn.Module):
    """What the objective needs of a network: parameterised, morphing-aware, quadratic, point by point."""

    theta: Standardisation


class RatioObjective:
    """The objective of a ratio method for a network of x and theta0.

    Parameters
    ----------
    method
        Which objective.
    alpha
        Weight of its score term.
    network
        To be trained: from x (n, O) and theta0 (n, P) to log r (n,). The score is measured in one over its scale of
        theta.
    sample
        Any sample of the study, for the names of the columns.
    """

    def __init__(self, method: RatioMethod, alpha: float, network: nn.Module, sample: RatioSample) -> None:
        self.method = method
        self.alpha = alpha
        self.network = network
        self._weights = network.weights() if isinstance(network, RatioNetwork) else None
        self._theta: Standardisation = network.theta  # type: ignore[assignment]
        self._widths = [len(sample.info.observables), len(sample.info.parameters), 1]
        names = (*sample.info.observables, *(f"theta0 {name}" for name in sample.info.parameters), "r_xz")
        scores = tuple(f"t_xz {name}" for name in sample.info.parameters) if method.uses_joint_score else ()
        self.columns: tuple[tuple[str, ...], ...] = ((*names, *scores),) * 2

    def pack(self, sample: RatioSample) -> Groups:
        """Return the samples with y = 0 and those with y = 1: columns x, theta0, r_xz and the scaled t_xz."""
        scale = self._theta.scale.cpu().numpy()
        t_xz = sample.t_xz * scale if self.method.uses_joint_score else sample.t_xz[:, :0]
        rows = torch.from_numpy(
            np.column_stack([sample.x, sample.theta0, sample.r_xz, t_xz]).astype(np.float32, copy=False)
        )
        from_theta1 = torch.from_numpy(np.asarray(sample.y) > 0.5)
        return rows[~from_theta1], rows[from_theta1]

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows with y = 0 and those with y = 1."""
        x, theta, label, n_scored = self._columns(groups)
        if self._weights is not None and not differentiable and not torch.is_autocast_enabled(x.device.type):
            log_r, t, _ = self._evaluated(self._weights, x, theta, n_scored)
        else:
            log_r, t = self._log_ratio_and_score(x, theta, n_scored, differentiable)
        return self._loss(log_r, t, label)

    @property
    def by_hand(self) -> bool:
        """Whether the network's derivatives are known by hand (`slopes`)."""
        return self._weights is not None

    def with_graphs(self) -> None:
        """Differentiate automatically from now on: for networks that are compiled."""
        self._weights = None

    def loss_with_gradient(self, groups: Groups) -> Tensor:
        """Return the mean loss, and add its gradient to the parameters'; if `by_hand`."""
        assert self._weights is not None  # noqa: S101 - see `by_hand`
        x, theta, label, n_scored = self._columns(groups)
        with torch.no_grad():
            log_r, t, tape = self._evaluated(self._weights, x, theta, n_scored)
        loss = self._loss(log_r.requires_grad_(), t.requires_grad_(), label)
        bar_r, bar_t = torch.autograd.grad(loss, (log_r, t), allow_unused=True)
        with torch.no_grad():
            add_gradient(self._weights, tape, bar_r, bar_t)
        return loss.detach()

    def _evaluated(self, weights: Weights, x: Tensor, theta: Tensor, n: int) -> tuple[Tensor, Tensor, Tape]:
        return evaluated(weights, self.network.x(x), self._theta(theta), n)  # type: ignore[operator]

    def _columns(self, groups: Groups) -> tuple[Tensor, Tensor, RatioBatch, int]:
        """Return x, theta0, all but the network's answers, and how many rows have a score."""
        n, rows = len(groups[0]), torch.cat(groups)
        x, theta, r, t_xz = torch.split(rows, [*self._widths, rows.shape[1] - sum(self._widths)], dim=1)
        y = rows.new_zeros(len(rows))
        y[n:] = 1.0
        label = RatioBatch(y, y, r[:, 0], t_xz, t_xz[:n])
        return x, theta, label, n if self.method.uses_joint_score else 0

    def _loss(self, log_r: Tensor, t: Tensor, label: RatioBatch) -> Tensor:
        return self.method.objective(RatioBatch(log_r, label.y, label.r_xz, t, label.t_xz), self.alpha)

    def _log_ratio_and_score(self, x: Tensor, theta: Tensor, n: int, differentiable: bool) -> tuple[Tensor, Tensor]:
        """Return log r of all rows, and the scaled score of the first n."""
        if n == 0:
            return self.network(x, theta), theta[:0]
        if isinstance(self.network, CoefficientNetwork):
            return self.network.with_score(x, theta, n)
        with torch.enable_grad():
            scored = theta[:n].detach().requires_grad_()
            log_r = self.network(x[:n], scored)
            (t,) = torch.autograd.grad(log_r.sum(), scored, create_graph=differentiable)
        return torch.cat([log_r, self.network(x[n:], theta[n:])]), t * self._theta.scale
