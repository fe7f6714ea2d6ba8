"""The objective of the score methods."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from assay.estimators.methods import ScoreMethod
from assay.estimators.networks import ScoreNetwork
from assay.estimators.objectives import Groups
from assay.sampling.samples import ScoreSample


class ScoreObjective:
    """The objective of SALLY and SALLINO for a network of x."""

    def __init__(self, method: ScoreMethod, network: ScoreNetwork, sample: ScoreSample) -> None:
        self.method = method
        self.network = network
        self._n_x = len(sample.info.observables)
        self.columns = ((*sample.info.observables, *(f"t_xz {name}" for name in sample.info.parameters)),)

    def pack(self, sample: ScoreSample) -> Groups:
        """Return all samples: columns x and t_xz."""
        return (torch.from_numpy(np.column_stack([sample.x, sample.t_xz]).astype(np.float32)),)

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows."""
        (rows,) = groups
        return self.method.objective(self.network(rows[:, : self._n_x]), rows[:, self._n_x :], self.network.score.scale)
