"""The objective of ratio methods in which both hypotheses vary.

A network that is antisymmetric in the hypotheses sees a sample of theta1 as one of theta0 with both exchanged and 1/r:
every sample is then one drawn from its first hypothesis, and has a joint score there (t_xz at theta0 where y = 0, at
theta1 where y = 1). The score term therefore uses all samples, where the others use half of them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from assay.estimators.doubly_network import DoublyParameterisedNetwork
from assay.estimators.likelihood_ratio import RatioBatch
from assay.estimators.methods import RatioMethod
from assay.estimators.objectives import Groups
from assay.sampling.samples import RatioSample


class DoublyObjective:
    """The objective of a ratio method for a network of x, theta0 and theta1.

    Parameters are those of `ratio_objective.RatioObjective`.
    """

    def __init__(
        self, method: RatioMethod, alpha: float, network: DoublyParameterisedNetwork, sample: RatioSample
    ) -> None:
        self.method = method
        self.alpha = alpha
        self.network = network
        parameters = sample.info.parameters
        self._widths = [len(sample.info.observables), len(parameters), len(parameters), 1]
        names = (
            *sample.info.observables,
            *(f"{which} {name}" for which in ("theta0", "theta1") for name in parameters),
        )
        scores = tuple(f"t_xz {name}" for name in parameters) if method.uses_joint_score else ()
        self.columns: tuple[tuple[str, ...], ...] = ((*names, "r_xz", *scores),) * 2

    def pack(self, sample: RatioSample) -> Groups:
        """Return the samples with y = 0 and those with y = 1: x, both hypotheses, r_xz, scaled score at their own."""
        assert sample.t_xz1 is not None  # noqa: S101 - `families` gives this objective such samples alone
        scale = self.network.scale.cpu().numpy()
        groups = []
        for own, t_xz in ((0.0, sample.t_xz), (1.0, sample.t_xz1)):
            chosen = np.asarray(sample.y) == own
            score = t_xz[chosen] * scale if self.method.uses_joint_score else t_xz[chosen][:, :0]
            parts = (sample.x[chosen], sample.theta0[chosen], sample.theta1[chosen], sample.r_xz[chosen], score)
            groups.append(torch.from_numpy(np.column_stack(parts).astype(np.float32)))
        return tuple(groups)

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows with y = 0 and those with y = 1."""
        x0, first0, second0, r0, t_xz0 = self._columns(groups[0])
        x1, second1, first1, r1, t_xz1 = self._columns(groups[1])  # exchanged
        x, t_xz = torch.cat([x0, x1]), torch.cat([t_xz0, t_xz1])
        own, other = torch.cat([first0, first1]), torch.cat([second0, second1])
        if self.method.uses_joint_score:
            log_own, t = self._log_ratio_and_score(x, own, other, differentiable)
        else:
            log_own, t = self.network(x, own, other), t_xz
        sign = torch.cat([torch.ones_like(r0), -torch.ones_like(r1)])
        y = (1.0 - sign) / 2.0
        return self.method.objective(RatioBatch(sign * log_own, y, torch.cat([r0, r1]), t, t_xz), self.alpha)

    def _columns(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        parts = torch.split(rows, [*self._widths, rows.shape[1] - sum(self._widths)], dim=1)
        x, theta0, theta1, r, t_xz = parts
        return x, theta0, theta1, r[:, 0], t_xz

    def _log_ratio_and_score(
        self, x: Tensor, own: Tensor, other: Tensor, differentiable: bool
    ) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            own = own.detach().requires_grad_()
            log_r = self.network(x, own, other)
            (t,) = torch.autograd.grad(log_r.sum(), own, create_graph=differentiable)
        return log_r, t * self.network.scale
