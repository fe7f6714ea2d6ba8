"""The doubly parameterised ratio: log r(x | theta0, theta1) for any two hypotheses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from assay.errors import ModelError
from assay.estimators.doubly_network import DoublyParameterisedNetwork
from assay.estimators.inputs import as_columns
from assay.estimators.ratio import Array, BlockwiseRatio, block_sizes


class DoublyParameterisedRatio(BlockwiseRatio[DoublyParameterisedNetwork]):
    """A network of x and two hypotheses; as an estimator of ratios to a reference, theta1 is the reference."""

    def log_ratio_between(self, x: ArrayLike, theta0: ArrayLike, theta1: ArrayLike) -> Array:
        """Return log r(x | theta0, theta1), shape (T, E), for x (E, O), theta0 (T, P) and one theta1 (P,).

        Raises
        ------
        ModelError
            If the columns do not fit or hold values that are not finite.
        """
        other = as_columns(np.atleast_2d(np.asarray(theta1, dtype=np.float64)), self.parameters, "theta1", ModelError)
        values, points = self._checked(x, theta0)
        result = np.empty((len(points), len(values)))
        for rows, columns, block in self._blocks_to(values, points, other[0]):
            result[rows, columns] = block.cpu().numpy()
        return result

    def _pairs(self, x: Tensor, theta: Tensor) -> Tensor:
        reference = torch.tensor(self.reference, dtype=theta.dtype, device=theta.device)
        result: Tensor = self.network(x, theta, reference.expand(len(theta), -1))
        return result

    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        return self._blocks_to(x, theta, self.reference)

    def _blocks_to(self, x: Array, theta: Array, theta1: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        pairs, device = self.network.pairs, self._device
        step_theta, step_x = block_sizes(device, len(theta))
        with torch.inference_mode():
            own = torch.from_numpy(theta.astype(np.float32)).to(device)
            other = torch.from_numpy(np.broadcast_to(theta1, theta.shape).astype(np.float32)).to(device)
            forward = pairs.first_of_theta(torch.cat([own, other], dim=1))
            backward = pairs.first_of_theta(torch.cat([other, own], dim=1))
            for i in range(0, len(x), step_x):
                of_x = pairs.first_of_x(torch.from_numpy(x[i : i + step_x].astype(np.float32)).to(device))
                for j in range(0, len(theta), step_theta):
                    part = slice(j, j + step_theta)
                    shape = (len(forward[part]), len(of_x))
                    block = [
                        pairs.log_ratio((of_theta[part, None, :] + of_x[None]).flatten(0, 1)).view(shape)
                        for of_theta in (forward, backward)
                    ]
                    yield slice(j, j + shape[0]), slice(i, i + shape[1]), block[0] - block[1]
