"""From a sample to what a training minimises: packed rows, a network scaled to them, and the loss of a batch.

A sample is packed into one matrix per label, so that a batch is one look-up per label, and the samples with y = 0,
which alone need the network's derivative, come apart from the others at no cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators.likelihood_ratio import RatioBatch
from assay.estimators.methods import RatioMethod
from assay.estimators.networks import RatioNetwork, ScoreNetwork, Standardisation
from assay.estimators.sally import sally
from assay.estimators.settings import NetworkSettings
from assay.sampling.samples import RatioSample, ScoreSample

Groups = tuple[Tensor, ...]


class Objective(Protocol):
    """A network and the loss of a batch."""

    @property
    def network(self) -> nn.Module:
        """The network to be trained."""

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss of a batch of packed rows; `differentiable` if its gradient will be asked for."""


class RatioObjective:
    """The objective of a ratio method for a network of x and theta0.

    Parameters
    ----------
    method
        Which objective.
    alpha
        Weight of its score term.
    network
        To be trained. The score is measured in one over its scale of theta.
    """

    def __init__(self, method: RatioMethod, alpha: float, network: RatioNetwork) -> None:
        self.method = method
        self.alpha = alpha
        self.network = network

    def pack(self, sample: RatioSample) -> Groups:
        """Return the samples with y = 0 and those with y = 1: columns x, theta0, r_xz and the scaled t_xz."""
        scale = self.network.theta.scale.cpu().numpy()
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
        n_x, n_theta = len(self.network.x.centre), len(self.network.theta.centre)
        x, theta, r, t_xz = torch.split(rows, [n_x, n_theta, 1, rows.shape[1] - n_x - n_theta - 1], dim=1)
        return x, theta, r[:, 0], t_xz

    def _log_ratio_and_score(self, x: Tensor, theta: Tensor, differentiable: bool) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            theta = theta.detach().requires_grad_()
            log_r = self.network(x, theta)
            (t,) = torch.autograd.grad(log_r.sum(), theta, create_graph=differentiable)
        return log_r, t * self.network.theta.scale


class ScoreObjective:
    """The objective of SALLY for a network of x."""

    def __init__(self, network: ScoreNetwork) -> None:
        self.network = network

    def pack(self, sample: ScoreSample) -> Groups:
        """Return all samples: columns x and t_xz."""
        return (torch.from_numpy(np.column_stack([sample.x, sample.t_xz]).astype(np.float32)),)

    def loss(self, groups: Groups, differentiable: bool) -> Tensor:
        """Return the mean loss over the rows."""
        n_x = len(self.network.x.centre)
        (rows,) = groups
        return sally(self.network(rows[:, :n_x]), rows[:, n_x:], self.network.score.scale)


def ratio_network(sample: RatioSample, settings: NetworkSettings, seed: int) -> RatioNetwork:
    """Return an untrained network: observables standardised by the sample, parameters to [-1, 1] over their ranges."""
    low, high = torch.tensor(sample.info.ranges, dtype=torch.float64).T
    theta = Standardisation((low + high) / 2.0, (high - low) / 2.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RatioNetwork(_standardised(sample.x), theta, settings)


def score_network(sample: ScoreSample, settings: NetworkSettings, seed: int) -> ScoreNetwork:
    """Return an untrained network, observables and score standardised by the sample."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ScoreNetwork(_standardised(sample.x), _standardised(sample.t_xz), settings)


def check_finite(sample: RatioSample | ScoreSample, where: str) -> None:
    """Refuse a sample with values that are not finite, naming the column and the first row.

    Raises
    ------
    TrainingError
        If there is one.
    """
    for name in sample.arrays:
        array = np.asarray(getattr(sample, name))
        bad = ~np.isfinite(array.reshape(len(array), -1))
        if bad.any():
            row, column = (int(index) for index in np.argwhere(bad)[0])
            raise TrainingError(
                f"{int(bad.any(axis=1).sum())} rows of {_column(sample, name, column)} are not finite, as row {row}",
                where=where,
                expected="finite numbers",
                mend="look at the observable's definition for these events, or at the weights of the event file",
            )


def _column(sample: RatioSample | ScoreSample, name: str, column: int) -> str:
    names: Iterable[str] = sample.info.observables if name == "x" else sample.info.parameters
    return f"`{name}` ({list(names)[column]})" if getattr(sample, name).ndim == 2 else f"`{name}`"


def _standardised(values: NDArray[np.float32]) -> Standardisation:
    mean = np.mean(values, axis=0, dtype=np.float64)
    return Standardisation(torch.from_numpy(mean), torch.from_numpy(np.std(values, axis=0, dtype=np.float64)))
