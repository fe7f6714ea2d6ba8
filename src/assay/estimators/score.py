"""The local score estimator: t(x | theta) at a fixed theta."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from assay.errors import ModelError
from assay.estimators.described import DescribedEstimator
from assay.estimators.inputs import as_columns
from assay.estimators.networks import ScoreNetwork

Array = NDArray[np.float64]

_ROWS_PER_CHUNK = 1 << 14


class LocalScore(DescribedEstimator[ScoreNetwork]):
    """A network of x, evaluated in blocks."""

    def score(self, x: ArrayLike) -> Array:
        """Return t(x | theta) at the reference point.

        Parameters
        ----------
        x
            Observables, shape (E, O).

        Returns
        -------
        score
            In one over the parameters' units, shape (E, P).

        Raises
        ------
        ModelError
            If the columns do not fit or hold values that are not finite.
        """
        values = as_columns(x, self.observables, "x", ModelError).astype(np.float32)
        device = self.network.output.weight.device
        with torch.inference_mode():
            chunks = torch.split(torch.from_numpy(values), _ROWS_PER_CHUNK)
            parts = [self.network(chunk.to(device)).cpu() for chunk in chunks]
        return torch.cat(parts).numpy().astype(np.float64)
