"""The systematics of a study as an event file has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.events.table import NuisanceWeights, Systematic
from assay.study.model import EfficiencySystematic, ScaleSystematic
from assay.theory.systematics import Effect


def nuisance_weights(effects: tuple[Effect, ...], columns: NDArray[np.float64]) -> NuisanceWeights | None:
    """Return the part of an event table that describes systematics; None for a study without.

    Parameters
    ----------
    effects
        The study's systematics.
    columns
        Weights in pb of all their columns, shape `(n_events, n_columns)`.
    """
    # an efficiency without an uncertainty is a factor on the weights, and nothing varies
    effects = tuple(e for e in effects if not isinstance(e.section, EfficiencySystematic) or e.parameters)
    if not effects:
        return None
    return NuisanceWeights(
        tuple(column for effect in effects for column in effect.columns),
        columns,
        tuple(parameter for effect in effects for parameter in effect.parameters),
        tuple(_systematic(effect) for effect in effects),
    )


def _systematic(effect: Effect) -> Systematic:
    section = effect.section
    scale = section.scale if isinstance(section, ScaleSystematic) else None
    return Systematic(effect.name, section.kind, effect.value, scale, section.samples)
