"""The weights of generated events as an event file has them: at the benchmarks, and for every systematic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from assay.errors import LHEError
from assay.generation.from_study import scale_variations
from assay.generation.lhe import LHESample
from assay.study.model import (
    EfficiencySystematic,
    NormalisationSystematic,
    ReplicaSystematic,
    ScaleSystematic,
    WeightsSystematic,
)
from assay.study.model_samples import weight_names
from assay.theory.parameters import ParameterSpace
from assay.theory.systematics import Effect
from assay.theory.variations import envelope, hessian_pairs, normalisation, symmetric_hessian

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Origin:
    """What generated events are: the study's `sample`, the `benchmark` at which they were drawn, and the k-factor.

    The benchmark of a background is None.
    """

    sample: str
    benchmark: str | None
    k_factor: float = 1.0


def benchmark_weights(space: ParameterSpace, sample: LHESample, origin: Origin) -> Array:
    """Return weights in pb at all benchmarks, k-factor included, shape `(n_events, n_benchmarks)`.

    Those of a background are its nominal weights, at every benchmark.

    Raises
    ------
    LHEError
        If the events of a signal lack the weight of a benchmark.
    """
    names = space.benchmark_names
    if origin.benchmark is None:
        return np.repeat(origin.k_factor * sample.nominal_weights[:, None], len(names), axis=1)
    missing = [name for name in names if name not in sample.weight_names]
    if missing:
        raise LHEError(
            f"no weights for the benchmarks {', '.join(missing)}",
            expected="a weight per benchmark on every event",
            mend="generate them with these weights, or leave the sample's benchmark out: it is a background then",
        )
    return origin.k_factor * sample.weights[:, [sample.weight_names.index(name) for name in names]]


def varied_weights(effects: tuple[Effect, ...], sample: LHESample, reference: Array, origin: Origin) -> Array:
    """Return weights in pb of all systematics' columns, shape `(n_events, n_columns)`.

    Parameters
    ----------
    effects
        The study's systematics. Those that do not act on the sample have the reference weights in their columns, and
        so have efficiencies, which depend on reconstructed objects (`assay.observables.efficiencies`).
    sample
        The generated events, whose weights of variations are at the benchmark at which they were drawn.
    reference
        Weights at the reference benchmark, k-factor included, shape `(n_events,)`.
    origin
        What the events are.

    Raises
    ------
    LHEError
        If the events lack the weights of a systematic that acts on them.
    """
    nominal = sample.nominal_weights
    # a variation changes weights by the same factor at every benchmark
    scale = np.divide(reference, nominal, out=np.full(len(nominal), origin.k_factor), where=nominal != 0.0)
    columns = [np.empty((len(nominal), 0))]
    for effect in effects:
        if effect.acts_on(origin.sample):
            columns.append(_columns(effect, reference, partial(_scaled_weight, sample, scale, effect)))
        else:
            columns.append(np.repeat(reference[:, None], len(effect.columns), axis=1))
    return np.concatenate(columns, axis=1)


def _columns(effect: Effect, reference: Array, weight: Callable[[str], Array]) -> Array:
    """Return the columns of a systematic that acts on the events, shape `(n_events, n_columns)`."""
    section = effect.section
    if isinstance(section, EfficiencySystematic):  # applied to objects, once there are any
        return np.repeat(reference[:, None], len(effect.columns), axis=1)
    if isinstance(section, NormalisationSystematic):
        return normalisation(reference, section.uncertainty)[:, None]
    if isinstance(section, WeightsSystematic):
        return np.stack([weight(name) for name in (section.up, section.down) if name is not None], axis=1)
    if isinstance(section, ScaleSystematic):
        varied = [weight(variation.name) for variation in scale_variations(section)]
        if section.envelope:
            return np.stack(envelope(reference, np.stack(varied, axis=1)), axis=1)
        down, up = varied
        return np.stack([up, down], axis=1)
    members = np.stack([weight(name) for name in weight_names(section.members)], axis=1)
    if isinstance(section, ReplicaSystematic):
        return members
    central = None if section.central is None else weight(section.central)
    if section.symmetric:
        return symmetric_hessian(reference, members, section.confidence_level, central)
    pairs = hessian_pairs(reference, members, section.confidence_level, central)
    return np.stack(pairs, axis=2).reshape(len(reference), -1)


def _scaled_weight(sample: LHESample, scale: Array, effect: Effect, name: str) -> Array:
    known = str(sample.metadata.get("aliases", {}).get(name, name))
    if name not in sample.weight_names and known not in sample.weight_names:
        shown = ", ".join(sample.weight_names[:20]) + (", ..." if len(sample.weight_names) > 20 else "")
        raise LHEError(
            f"no weights {name} on its events",
            where=f"systematic {effect.name}",
            expected=f"one of {shown or '(there are none)'}",
            mend="name other weights, generate the events with these, or say by `samples:` what the systematic acts on",
        )
    weights: Array = scale * sample.weight(name if name in sample.weight_names else known)
    return weights


def with_weights(space: ParameterSpace, effects: tuple[Effect, ...], sample: LHESample, origin: Origin) -> LHESample:
    """Return generated events with the weights of an event file: benchmarks first, then systematics."""
    at_benchmarks = benchmark_weights(space, sample, origin)
    reference = at_benchmarks[:, space.index_of(space.reference)]
    varied = varied_weights(effects, sample, reference, origin)
    names = (*space.benchmark_names, *(column for effect in effects for column in effect.columns))
    return replace(sample, weights=np.concatenate([at_benchmarks, varied], axis=1), weight_names=names)
