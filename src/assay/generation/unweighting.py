"""Unweighted events of the embedded generator."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation.adaptive_map import AdaptiveMap
from assay.generation.hard_process import Channel, HardPoints, Integrand
from assay.generation.integration import evaluate_on_map
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
        (n, legs, 4) in GeV; legs 0 and 1 come from beams 1 and 2.
    pdg_ids
        (n, legs) flavours.
    colours
        (n, legs, 2) colour and anticolour lines.
    renormalisation, factorisation
        (n,), (n, 2) scales in GeV.
    ratios
        (n, B) differential cross section at every benchmark over that at the benchmark of generation.
    """

    momenta: FloatArray
    pdg_ids: NDArray[np.int32]
    colours: NDArray[np.int32]
    renormalisation: FloatArray
    factorisation: FloatArray
    ratios: FloatArray

    def __len__(self) -> int:
        return len(self.momenta)

    @property
    def scales(self) -> Scales:
        """Scales per event."""
        return Scales(self.renormalisation, self.factorisation)

    def rows(self, which: NDArray[np.intp] | slice) -> HardEvents:
        """Return some of the events."""
        return HardEvents(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


@dataclass(frozen=True)
class Unweighted:
    """Events, how many there are per point tried, and the share of the cross section above the maximum weights.

    Events above are drawn more than once, at other azimuths.
    """

    events: HardEvents
    efficiency: float
    overweight_fraction: float


@dataclass(frozen=True)
class Source:
    """A channel as events are drawn from it: its map and its maximum weight in pb at the benchmark of generation."""

    channel: Channel
    sampling: AdaptiveMap
    maximum: float


def unweighted_events(
    integrand: Integrand,
    sources: list[Source],
    couplings: FloatArray,
    own: int,
    n_events: int,
    rng: np.random.Generator,
) -> Unweighted:
    """Draw events at coupling vector number `own` of `couplings` (B, 1 + operators).

    Points come from the channels in proportion to their maximum weights. A point of weight w is taken
    floor(w / maximum + u) times, u uniform in [0, 1): once at most below the maximum, and without bias above. Each copy
    has an azimuth of its own, in which the process is flat.

    Raises
    ------
    GenerationError
        If more than 1 % of the cross section lies above the maximum weights: the maps do not fit.
    """
    maxima = np.array([source.maximum for source in sources])
    chunks: list[HardEvents] = []
    found = points = 0
    total = above = 0.0
    while found < n_events:
        parts = []
        for source, count in zip(sources, rng.multinomial(POINTS_PER_CHUNK, maxima / maxima.sum()), strict=True):
            if count:
                events, relative = _drawn(integrand, source, couplings, own, int(count), rng)
                parts.append(events)
                total += float(np.sum(relative))
                above += float(np.sum(np.maximum(relative - 1.0, 0.0)))
        chunk = _joined(parts)
        # channels are mixed, so that any number of first events is a fair sample
        chunks.append(chunk.rows(rng.permutation(len(chunk))) if len(parts) > 1 else chunk)
        found, points = found + len(chunk), points + POINTS_PER_CHUNK
        _require_fit(found, points, total, above)
    return Unweighted(_joined(chunks).rows(slice(n_events)), found / points, above / total)


def _drawn(
    integrand: Integrand, source: Source, couplings: FloatArray, own: int, n_points: int, rng: np.random.Generator
) -> tuple[HardEvents, FloatArray]:
    """Return the events of some points of one channel, and the points' weights over the maximum."""
    _, points, inverse_density = evaluate_on_map(integrand, source.channel, source.sampling, n_points, rng)
    values = points.differential(couplings)
    relative = values[:, own] * inverse_density / source.maximum
    copies = np.floor(relative + rng.random(len(relative))).astype(np.intp)
    chosen = np.repeat(np.arange(len(copies)), copies)
    return _events(points, values, chosen, couplings[own], rng, own), relative


def _events(
    points: HardPoints,
    values: FloatArray,
    chosen: NDArray[np.intp],
    couplings: FloatArray,
    rng: np.random.Generator,
    own: int,
) -> HardEvents:
    channel, combinations = points.channel, points.channel.flavours.combinations
    momenta = rotated_about_beam(points.momenta[chosen], rng.uniform(-np.pi, np.pi, len(chosen)))
    which = _choices(points.luminosities[chosen], rng)
    flow = _choices(channel.flow_weights(points.components[chosen], couplings), rng)
    pdg_ids = np.array([combination.legs for combination in combinations], dtype=np.int32)[which]
    colours = np.array(channel.amplitude.flows, dtype=np.int32)[flow]
    factorisation = points.scales.factorisation[chosen]
    mirrored = np.array([combination.mirrored for combination in combinations])[which]
    if mirrored.any():
        # a rotation by pi about the x axis takes each beam to the other's place
        momenta[mirrored] = (momenta[mirrored] * [1.0, 1.0, -1.0, -1.0])[:, _swapped(momenta)]
        for array in (pdg_ids, colours):
            array[mirrored] = array[mirrored][:, _swapped(array)]
        factorisation[mirrored] = factorisation[mirrored][:, ::-1]
    return HardEvents(
        momenta,
        pdg_ids,
        colours,
        points.scales.renormalisation[chosen],
        factorisation,
        values[chosen] / values[chosen, own][:, None],
    )


def _swapped(array: NDArray[np.generic]) -> list[int]:
    return [1, 0, *range(2, array.shape[1])]


def _choices(weights: FloatArray, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return a column per row, (n,), drawn in proportion to weights (n, columns)."""
    if weights.shape[1] == 1:
        return np.zeros(len(weights), dtype=np.intp)
    cumulative = np.cumsum(weights, axis=1)
    threshold = rng.random(len(weights)) * cumulative[:, -1]
    columns: NDArray[np.intp] = np.sum(cumulative[:, :-1] <= threshold[:, None], axis=1)
    return columns


def _joined(parts: list[HardEvents]) -> HardEvents:
    return HardEvents(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(HardEvents)})


def _require_fit(found: int, points: int, total: float, above: float) -> None:
    """Raise once enough has been drawn to know; `total` and `above` in units of events."""
    if found == 0 and points >= POINTS_WITHOUT_EVENT:
        fault = f"no event in {points} points"
    elif total > EVENTS_BEFORE_JUDGEMENT and above > HIGHEST_OVERWEIGHT_FRACTION * total:
        fault = f"{above / total:.1%} of the cross section above the maximum weight"
    else:
        return
    raise GenerationError(
        f"the sampling maps do not fit: {fault}",
        expected=f"at most {HIGHEST_OVERWEIGHT_FRACTION:.0%} above the maximum weight",
        mend="run prepare again with more points",
    )
