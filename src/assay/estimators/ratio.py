"""Estimators of log r(x | theta, theta1) for any theta: what they have in common, and the parameterised one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from assay.errors import ModelError
from assay.estimators.described import DescribedEstimator
from assay.estimators.inputs import as_columns
from assay.estimators.networks import RatioNetwork

Array = NDArray[np.float64]

_EVENTS = 512  # per block: small enough that a block of hidden layers stays in the processor's cache
_ROWS_CPU = 2048
_ROWS_GPU = 1 << 19
_ROWS_PER_CHUNK = 1 << 14


class RatioEstimator(Protocol):
    """What limits need of an estimator of the likelihood ratio."""

    @property
    def observables(self) -> tuple[str, ...]:
        """The names of the columns of x."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the columns of theta."""

    @property
    def nuisance(self) -> tuple[str, ...]:
        """The last of the parameters: those that are nuisance parameters."""

    @property
    def reference(self) -> Array:
        """The denominator hypothesis theta1, shape (P,)."""

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x | theta, theta1), shape (T, E)."""

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x_i | theta_i, theta1) of events (N, O), each at a hypothesis of its own (N, P), shape (N,)."""

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta, theta1), shape (T,)."""

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r with respect to theta, shape (E, P)."""


Network = TypeVar("Network", bound=nn.Module)


class BlockwiseRatio(DescribedEstimator[Network], ABC):
    """A network of x and theta, evaluated in blocks; how, is what kinds of networks differ in."""

    @property
    def ranges(self) -> Array:
        """(low, high) of every parameter in the training, shape (P, 2)."""
        return np.asarray(self.description.ranges, dtype=np.float64)

    def inside(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each theta (T, P) is within the range of the training; beyond it the estimate is a guess."""
        values = as_columns(theta, self.parameters, "theta", ModelError)
        low, high = self.ranges.T
        margin = 1e-9 * (high - low)
        return np.asarray(((values >= low - margin) & (values <= high + margin)).all(axis=1))

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x | theta, theta1).

        Parameters
        ----------
        x
            Observables, shape (E, O).
        theta
            Hypotheses, shape (T, P).

        Returns
        -------
        log_ratio
            Shape (T, E). For many hypotheses and events `summed_log_ratio` needs no memory for it.

        Raises
        ------
        ModelError
            If the columns do not fit or hold values that are not finite.
        """
        values, hypotheses = self._checked(x, theta)
        result = np.empty((len(hypotheses), len(values)))
        for rows, columns, block in self._blocks(values, hypotheses):
            result[rows, columns] = block.cpu().numpy()
        return result

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta, theta1), shape (T,), for weights (E,), in bounded memory."""
        values, hypotheses = self._checked(x, theta)
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != (len(values),):
            raise ModelError(f"weights of shape {w.shape} for {len(values)} events", expected="one for each event")
        result = np.zeros(len(hypotheses))
        for rows, columns, block in self._blocks(values, hypotheses):
            result[rows] += block.cpu().numpy().astype(np.float64) @ w[columns]
        return result

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x_i | theta_i, theta1) of events (N, O), each at a hypothesis of its own (N, P), shape (N,)."""
        values, hypotheses = self._checked(x, theta)
        if len(values) != len(hypotheses):
            raise ModelError(f"{len(values)} events and {len(hypotheses)} hypotheses", expected="one for each event")
        with torch.inference_mode():
            parts = [
                self._pairs(rows.to(self._device), at.to(self._device)).cpu().numpy().astype(np.float64)
                for rows, at in zip(_chunks(values), _chunks(hypotheses), strict=True)
            ]
        return np.concatenate(parts) if parts else np.empty(0)

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r(x | theta, theta1) with respect to theta, shape (E, P), at one theta (P,)."""
        values, hypotheses = self._checked(x, np.atleast_2d(theta))
        device = self._device
        parts = []
        for chunk in _chunks(values):
            rows = torch.from_numpy(hypotheses.astype(np.float32)).to(device).expand(len(chunk), -1)
            rows = rows.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(self._pairs(chunk.to(device), rows).sum(), rows)
            parts.append(gradient.cpu().numpy().astype(np.float64))
        return np.concatenate(parts) if parts else np.empty((0, len(self.parameters)))

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

    def _checked(self, x: ArrayLike, theta: ArrayLike) -> tuple[Array, Array]:
        return (
            as_columns(x, self.observables, "x", ModelError),
            as_columns(theta, self.parameters, "theta", ModelError),
        )

    def _pairs(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log r (n,) of rows x (n, O) and theta (n, P), with its gradient if that is asked for."""
        result: Tensor = self.network(x, theta)
        return result

    @abstractmethod
    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        """Yield (hypotheses, events, log r of all pairs) block by block."""


class ParameterisedRatio(BlockwiseRatio[RatioNetwork]):
    """A plain network of x and theta."""

    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        """Yield blocks; each part of the first layer is computed once per row."""
        device = self._device
        step_theta, step_x = block_sizes(device, len(theta))
        with torch.inference_mode():
            of_theta = self.network.first_of_theta(torch.from_numpy(theta.astype(np.float32)).to(device))
            for i in range(0, len(x), step_x):
                chunk = torch.from_numpy(x[i : i + step_x].astype(np.float32)).to(device)
                of_x = self.network.first_of_x(chunk)
                for j in range(0, len(theta), step_theta):
                    first = of_theta[j : j + step_theta, None, :] + of_x[None, :, :]
                    n_theta, n_x, width = first.shape
                    log_r = self.network.log_ratio(first.view(n_theta * n_x, width)).view(n_theta, n_x)
                    yield slice(j, j + n_theta), slice(i, i + n_x), log_r


def block_sizes(device: torch.device, n_theta: int) -> tuple[int, int]:
    """Return how many hypotheses and events a block has, so that its hidden layers stay near the processor."""
    rows = _ROWS_CPU if device.type == "cpu" else _ROWS_GPU
    step_theta = max(1, rows // _EVENTS)
    return step_theta, max(_EVENTS, rows // max(1, min(step_theta, n_theta)))


def _chunks(values: Array) -> Iterator[Tensor]:
    """Yield the rows in single precision, so many at a time that hidden layers stay in memory's reach."""
    for start in range(0, len(values), _ROWS_PER_CHUNK):
        yield torch.from_numpy(values[start : start + _ROWS_PER_CHUNK].astype(np.float32))
