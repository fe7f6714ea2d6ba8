"""Density estimators: log p(x | theta) for any theta, and with it log ratios and samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from assay.estimators.flows import DensityNetwork
from assay.estimators.ratio import Array, BlockwiseRatio

_PAIRS = 1 << 14


class Density(BlockwiseRatio[DensityNetwork]):
    """A normalised density; as a ratio estimator, log r = log p(x | theta) - log p(x | reference)."""

    def log_likelihood(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log p(x | theta), shape (T, E), for x (E, O) and theta (T, P); counts have probabilities.

        Raises
        ------
        ModelError
            If the columns do not fit or hold values that are not finite.
        """
        values, hypotheses = self._checked(x, theta)
        return np.stack([self._log_density(values, point) for point in hypotheses])

    def sample(self, theta: ArrayLike, n: int, seed: int) -> Array:
        """Return n draws of x (n, O) at one theta (P,)."""
        return self.paired_sample(np.repeat(np.atleast_2d(theta), n, axis=0), seed)

    def paired_sample(self, theta: ArrayLike, seed: int) -> Array:
        """Return one draw of x (N, O) for each theta (N, P)."""
        _, points = self._checked(np.empty((0, len(self.observables))), theta)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            drawn: NDArray[np.float32] = (
                self.network.draw(torch.from_numpy(points.astype(np.float32)).to(self._device)).cpu().numpy()
            )
        return drawn.astype(np.float64)

    def _pairs(self, x: Tensor, theta: Tensor) -> Tensor:
        reference = torch.tensor(self.reference, dtype=theta.dtype, device=theta.device)
        result: Tensor = self.network(x, theta) - self.network(x, reference.expand(len(x), -1))
        return result

    def _log_density(self, x: Array, theta: Array) -> Array:
        device = self._device
        parts = []
        with torch.inference_mode():
            for i in range(0, len(x), _PAIRS):
                rows = torch.from_numpy(x[i : i + _PAIRS].astype(np.float32)).to(device)
                at = torch.from_numpy(theta.astype(np.float32)).to(device).expand(len(rows), -1)
                parts.append(self.network(rows, at).cpu().numpy().astype(np.float64))
        return np.concatenate(parts) if parts else np.empty(0)

    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        reference = self._log_density(x, self.reference)
        for number, point in enumerate(theta):
            row = self._log_density(x, point) - reference
            yield slice(number, number + 1), slice(0, len(x)), torch.from_numpy(row[None])
