"""Cuts on the jets of a hard process, as in MadGraph's run card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray, rapidity, transverse_momentum, wrapped_azimuth


@dataclass(frozen=True)
class JetCuts:
    """Least pT in GeV, largest |eta| and least separation sqrt(Delta eta^2 + Delta phi^2) of two massless jets."""

    min_pt: float
    max_eta: float
    min_separation: float

    def accepted(self, jets: FloatArray) -> NDArray[np.bool_]:
        """Return which events, (n,), pass; `jets` (n, 2, 4) in GeV."""
        eta = rapidity(jets)
        phi = np.arctan2(jets[..., 2], jets[..., 1])
        separation = np.hypot(eta[:, 0] - eta[:, 1], wrapped_azimuth(phi[:, 0] - phi[:, 1]))
        inside = np.all((transverse_momentum(jets) >= self.min_pt) & (np.abs(eta) <= self.max_eta), axis=1)
        passed: NDArray[np.bool_] = inside & (separation >= self.min_separation)
        return passed
