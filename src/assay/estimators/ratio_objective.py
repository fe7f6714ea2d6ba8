"""The objective of ratio methods with a fixed denominator: any network from (x, theta0) to log r."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from assay.estimators.likelihood_ratio import RatioBatch
from assay.estimators.methods import RatioMethod
from assay.estimators.objectives import Groups
from assay.estimators.preprocessing import Standardisation
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
        self._theta: Standardisation = network.theta  # type: ignore[assignment]
        self._widths = [len(sample.info.observables), len(sample.info.parameters), 1]
        names = (*sample.info.observables, *(f"theta0 {name}" for name in sample.info.parameters), "r_xz")
        scores = tuple(f"t_xz {name}" for name in sample.info.parameters) if method.uses_joint_score else ()
        self.columns: tuple[tuple[str, ...], ...] = ((*names, *scores),) * 2

    def pack(self, sample: RatioSample) -> Groups:
        """Return the samples with y = 0 and those with y = 1: columns x, theta0, r_xz and the scaled t_xz."""
        scale = self._theta.scale.cpu().numpy()
        t_xz = sample.t_xz * scale if self.method.uses_joint_score else sample.t_xz[:, :0]
        rows = torch.from_numpy(np.column_stack([sample.x, sample.theta0, sample.r_xz, t_xz]).astype(np.float32))
        from_theta1 = torch.from_numpy(np.asarray(sample.y) > 0.5)
        return rows[~from_theta1], rows[from_theta1]

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows with y = 0 and those with y = 1."""
        x0, theta0, r0, t_xz = self._columns(groups[0])
        x1, theta1, r1, _ = self._columns(groups[1])
        if self.method.uses_joint_score:
            log_r0, t = self._log_ratio_and_score(x0, theta0, differentiable)
        else:
            log_r0, t = self.network(x0, theta0), t_xz
        log_r = torch.cat([log_r0, self.network(x1, theta1)])
        y = torch.cat([torch.zeros_like(r0), torch.ones_like(r1)])
        return self.method.objective(RatioBatch(log_r, y, torch.cat([r0, r1]), t, t_xz), self.alpha)

    def _columns(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x, theta, r, t_xz = torch.split(rows, [*self._widths, rows.shape[1] - sum(self._widths)], dim=1)
        return x, theta, r[:, 0], t_xz

    def _log_ratio_and_score(self, x: Tensor, theta: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            theta = theta.detach().requires_grad_()
            log_r = self.network(x, theta)
            (t,) = torch.autograd.grad(log_r.sum(), theta, create_graph=differentiable)
        return log_r, t * self._theta.scale
