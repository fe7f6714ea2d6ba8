"""What limits are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.inference.grid import Grid


@dataclass(frozen=True)
class Expectation:
    """What limits are expected for.

    Parameters
    ----------
    grid
        Where to evaluate likelihoods.
    theta_true
        Parameters of the Asimov data, (P,).
    luminosity
        fb^-1.
    confidence_levels
        Of intervals and regions.
    include_rate
        For which choices to give limits: with the number of events, from the shape alone, or both.
    ranges
        Ranges of the parameters (P, 2) over which estimators were trained, or None.
    reference
        The point (P,) of the Standard Model, whose exclusion is of interest, or None.
    strategy
        A full grid, profiles alone, or contours found by few evaluations.
    profile_nuisance
        Whether nuisance parameters of the events are profiled; if not, they have their nominal values.
    """

    grid: Grid
    theta_true: tuple[float, ...]
    luminosity: float
    confidence_levels: tuple[float, ...] = (0.68, 0.95)
    include_rate: tuple[bool, ...] = (True, False)
    ranges: tuple[tuple[float, float], ...] | None = None
    reference: tuple[float, ...] | None = None
    strategy: Literal["grid", "profiles", "contours"] = "grid"
    profile_nuisance: bool = True
