"""Unweighted events of the embedded generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.errors import GenerationError
from assay.generation.adaptive_grid import AdaptiveGrid
from assay.generation.hard_process import HardProcess
from assay.generation.integration import evaluate_on_grid
from assay.generation.kinematics import FloatArray, rotated_about_beam
from assay.generation.scales import Scales

POINTS_PER_CHUNK = 25_000
HIGHEST_OVERWEIGHT_FRACTION = 0.01
EVENTS_BEFORE_JUDGEMENT = 10_000
POINTS_WITHOUT_EVENT = 2_500_000


@dataclass(frozen=True)
class HardEvents:
    """Unweighted events.

    Attributes
    ----------
    momenta
        (n, legs, 4) in GeV.
    scales
        Scales per event.
    ratios
        (n, B) differential cross section at every benchmark over that at the benchmark of generation.
    efficiency
        Events per point tried.
    overweight_fraction
        Share of the cross section above the maximum weight; such events are drawn more than once, at other azimuths.
    """

    momenta: FloatArray
    scales: Scales
    ratios: FloatArray
    efficiency: float
    overweight_fraction: float


def unweighted_events(
    process: HardProcess,
    grid: AdaptiveGrid,
    maximum: float,
    couplings: FloatArray,
    own: int,
    n_events: int,
    rng: np.random.Generator,
) -> HardEvents:
    """Draw events at coupling vector number `own` of `couplings` (B, 1 + operators).

    A point of weight w is taken floor(w / maximum + u) times, u uniform in [0, 1): once at most below the maximum, and
    without bias above. Each copy has an azimuth of its own, in which the process is flat.

    Raises
    ------
    GenerationError
        If more than 1 % of the cross section lies above the maximum weight: the grid does not fit.
    """
    parts: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = []
    found = chunks = 0
    total = above = 0.0
    while found < n_events:
        _, points, inverse_density = evaluate_on_grid(process, grid, POINTS_PER_CHUNK, rng)
        values = points.differential(couplings)
        relative = values[:, own] * inverse_density / maximum
        copies = np.floor(relative + rng.random(len(relative))).astype(np.intp)
        chosen = np.repeat(np.arange(len(copies)), copies)
        angle = rng.uniform(-np.pi, np.pi, len(chosen))
        parts.append(
            (
                rotated_about_beam(points.momenta[chosen], angle),
                points.scales.renormalisation[chosen],
                points.scales.factorisation[chosen],
                values[chosen] / values[chosen, own][:, None],
            )
        )
        found, chunks = found + len(chosen), chunks + 1
        total, above = total + float(np.sum(relative)), above + float(np.sum(np.maximum(relative - 1.0, 0.0)))
        _require_fit(found, chunks * POINTS_PER_CHUNK, total, above)
    momenta, renormalisation, factorisation, ratios = (
        np.concatenate(column)[:n_events] for column in zip(*parts, strict=True)
    )
    scales = Scales(renormalisation, factorisation)
    return HardEvents(momenta, scales, ratios, found / (chunks * POINTS_PER_CHUNK), above / total)


def _require_fit(found: int, points: int, total: float, above: float) -> None:
    """Raise once enough has been drawn to know; `total` and `above` in units of events."""
    if found == 0 and points >= POINTS_WITHOUT_EVENT:
        fault = f"no event in {points} points"
    elif total > EVENTS_BEFORE_JUDGEMENT and above > HIGHEST_OVERWEIGHT_FRACTION * total:
        fault = f"{above / total:.1%} of the cross section above the maximum weight"
    else:
        return
    raise GenerationError(
        f"the sampling grid does not fit: {fault}",
        expected=f"at most {HIGHEST_OVERWEIGHT_FRACTION:.0%} above the maximum weight",
        mend="run prepare again with more points",
    )
