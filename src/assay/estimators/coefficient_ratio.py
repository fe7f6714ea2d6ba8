"""Morphing-aware and quadratic ratios: coefficients once per event, then any hypothesis for the price of a product."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from assay.estimators.morphing_networks import CoefficientNetwork
from assay.estimators.ratio import Array, BlockwiseRatio

_EVENTS = 16_384
_PAIRS = 1 << 17  # half a megabyte: what is between coefficients and logarithms stays in the cache


class CoefficientRatio(BlockwiseRatio[CoefficientNetwork]):
    """log r(x|theta) = log [polynomial in theta with coefficients from x] - log R(theta)."""

    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        device = self._device
        step = max(1, _PAIRS // max(1, min(len(x), _EVENTS)))
        with torch.inference_mode():
            points = torch.from_numpy(theta.astype(np.float32)).to(device)
            for i in range(0, len(x), _EVENTS):
                chunk = torch.from_numpy(x[i : i + _EVENTS].astype(np.float32)).to(device)
                coefficients = self.network.coefficients(chunk)
                for j in range(0, len(theta), step):
                    block = self.network.grid(coefficients, points[j : j + step])
                    yield slice(j, j + len(block)), slice(i, i + len(chunk)), block
