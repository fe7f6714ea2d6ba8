"""The objective of the density methods."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from assay.estimators.flows import DensityNetwork
from assay.estimators.methods import DensityMethod
from assay.estimators.objectives import Groups
from assay.sampling.samples import DensitySample


class DensityObjective:
    """The objective of NDE and SCANDAL for a flow of x, given theta.

    Parameters
    ----------
    method
        Which objective.
    alpha
        Weight of its score term.
    network
        To be trained. The score is measured in one over its scale of theta.
    sample
        Any sample of the study, for the names of the columns.
    """

    def __init__(self, method: DensityMethod, alpha: float, network: DensityNetwork, sample: DensitySample) -> None:
        self.method = method
        self.alpha = alpha
        self.network = network
        self._n_x, self._n_theta = len(sample.info.observables), len(sample.info.parameters)
        names = (*sample.info.observables, *(f"theta {name}" for name in sample.info.parameters))
        scores = tuple(f"t_xz {name}" for name in sample.info.parameters) if method.uses_joint_score else ()
        self.columns = ((*names, *scores),)

    def pack(self, sample: DensitySample) -> Groups:
        """Return all samples: columns x, theta and the scaled t_xz."""
        scale = self.network.theta.scale.cpu().numpy()
        t_xz = sample.t_xz * scale if self.method.uses_joint_score else sample.t_xz[:, :0]
        return (torch.from_numpy(np.column_stack([sample.x, sample.theta, t_xz]).astype(np.float32)),)

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows."""
        (rows,) = groups
        x, theta = rows[:, : self._n_x], rows[:, self._n_x : self._n_x + self._n_theta]
        t_xz = rows[:, self._n_x + self._n_theta :]
        if not self.method.uses_joint_score:
            return self.method.objective(self.network(x, theta), t_xz, t_xz, self.alpha)
        with torch.enable_grad():
            theta = theta.detach().requires_grad_()
            log_p = self.network(x, theta)
            (t,) = torch.autograd.grad(log_p.sum(), theta, create_graph=differentiable)
        return self.method.objective(log_p, t * self.network.theta.scale, t_xz, self.alpha)
