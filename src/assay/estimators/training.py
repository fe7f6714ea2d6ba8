"""From samples to a trained estimator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from assay.errors import TrainingError
from assay.estimators.description import Family, ModelDescription, TrainingRecord
from assay.estimators.families import (
    FAMILIES,
    Estimator,
    Parts,
    check_fits,
    default_family,
    parts_of,
)
from assay.estimators.fitting import Callback, fit
from assay.estimators.history import TrainingHistory
from assay.estimators.methods import Method, ScoreMethod, method_named
from assay.estimators.objectives import AnyObjective, Groups, check_finite
from assay.estimators.preprocessing import kinds_of
from assay.estimators.ratio_objective import RatioObjective
from assay.estimators.settings import KINKED, FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.sources import Mapped, Resident, Source, Streamed, bytes_of, head
from assay.sampling.mapped import chunks
from assay.sampling.samples import RatioSample, Sample
from assay.sampling.streaming import SampleStream

_SCALING_ROWS = 2_000_000  # that decide scalings and kinds of preprocessing
_SCALING_SHARE, _WINDOW_SHARE = 0.1, 0.15  # of the memory for samples: of each there are several copies on the way


@dataclass(frozen=True)
class TrainedEstimator:
    """An estimator and how its training went."""

    estimator: Estimator
    history: TrainingHistory


def train_estimator(
    method: str,
    train: Sample | SampleStream[Any],
    validation: Sample,
    network: NetworkSettings,
    settings: TrainingSettings,
    *,
    family: Family | None = None,
    flow: FlowSettings | None = None,
    callback: Callback | None = None,
    checkpoint: Path | None = None,
) -> TrainedEstimator:
    """Train a method's network.

    Parameters
    ----------
    method
        Its name in the registry.
    train, validation
        Samples of the kind that the method needs, of disjoint events. A stream is drawn afresh for every epoch; samples
        larger than `settings.resident_bytes` stay in their files and are read in windows.
    network, settings
        Architecture and training.
    family
        Of ratio estimators: see `assay.estimators.families`; by default the parameterised one.
    flow
        Of density estimators.
    callback
        Called after every epoch with its record: for progress and tracking.
    checkpoint
        File for the state after every epoch; a training killed in the middle goes on from it with the same result.

    Raises
    ------
    TrainingError
        If the method is unknown, the samples do not fit it or each other or hold values that are not finite, or the
        training diverges.
    """
    definition = method_named(method)
    chosen = family or default_family(definition)
    first = train.draw(0) if isinstance(train, SampleStream) else train
    _check(definition, chosen, first, validation, network)
    device = _device(settings)
    digests = (first.digest(), validation.digest())
    scaled_by = head(first, min(_SCALING_ROWS, _rows_within(first, _SCALING_SHARE * settings.resident_bytes)))
    parts = parts_of(scaled_by, chosen, network, flow)
    objective = FAMILIES[chosen].objective(definition, settings.alpha, _built(chosen, parts, settings.seed), scaled_by)
    objective.network.to(device)
    if settings.compiled:
        _compile(objective, definition)
    pack = _packing(objective, settings)
    history = fit(
        objective,
        _source(train, pack, settings, device, ordered=False),
        _source(validation, pack, settings, device, ordered=True),
        settings,
        callback=callback,
        checkpoint=checkpoint,
        fingerprint=_fingerprint(method, chosen, parts, settings, digests),
    )
    record = _record(settings, digests, (len(first), len(validation)), history)
    description = _description(method, chosen, first, parts, record)
    return TrainedEstimator(_estimator(objective, chosen, description), history)


def _check(method: Method, family: Family, train: Sample, validation: Sample, network: NetworkSettings) -> None:
    _check_samples(train, validation)
    for sample in (train, validation):
        check_fits(method, family, sample)
        if isinstance(sample, RatioSample):
            _check_ratio_sample(sample)
    if method.uses_joint_score and network.activation in KINKED:
        raise TrainingError(
            f"{method.name} learns from the joint score with the activation {network.activation}",
            expected="a smooth activation, since the score is a derivative of the network",
            mend="take silu, gelu, elu, softplus, tanh or sigmoid",
        )


def _packing(objective: AnyObjective, settings: TrainingSettings) -> Callable[[Any], Groups]:
    """Return how samples become rows: joint ratios trimmed if asked."""

    def pack(sample: Any) -> Groups:
        if settings.trim is not None and isinstance(sample, RatioSample):
            low, high = np.exp(np.array([-settings.trim, settings.trim], dtype=np.float32))
            sample = replace(sample, r_xz=np.clip(sample.r_xz, low, high))
        return objective.pack(sample)

    return pack


def _source(
    sample: Sample | SampleStream[Any],
    pack: Callable[[Any], Groups],
    settings: TrainingSettings,
    device: torch.device,
    *,
    ordered: bool,
) -> Source:
    """Return the source of rows: in memory, streamed, or from files; validation rows come in order."""
    if isinstance(sample, SampleStream):
        return Streamed(sample.draw, pack, len(sample.draw(0)), device)
    if bytes_of(sample) <= settings.resident_bytes:
        return Resident(tuple(rows.to(device) for rows in pack(sample)))
    window = _rows_within(sample, _WINDOW_SHARE * settings.resident_bytes)
    return Mapped(sample, pack, window, None if ordered else settings.seed, device)


def _rows_within(sample: Sample, n_bytes: float) -> int:
    return max(1, int(n_bytes * len(sample) / bytes_of(sample)))


def _compile(objective: AnyObjective, method: Method) -> None:
    if method.uses_joint_score and not isinstance(method, ScoreMethod):
        raise TrainingError(
            f"{method.name} with a compiled network",
            expected="a method without derivatives of the network in its loss",
            mend="set `compile: false`",
        )
    if isinstance(objective, RatioObjective):
        objective.with_graphs()
    objective.network.forward = torch.compile(objective.network.forward)


def _built(family: Family, parts: Parts, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FAMILIES[family].network(parts)


def _estimator(objective: AnyObjective, family: Family, description: ModelDescription) -> Estimator:
    network = objective.network.cpu()
    network.__dict__.pop("forward", None)  # a compiled one
    network.eval()
    return FAMILIES[family].estimator(network, description)


def _description(method: str, family: Family, train: Sample, parts: Parts, record: TrainingRecord) -> ModelDescription:
    info = train.info
    low, high = _extent(train.x)
    return ModelDescription(
        method=method,
        family=family,
        observables=info.observables,
        parameters=info.parameters,
        ranges=info.ranges,
        reference=info.reference,
        network=replace(parts.settings, preprocessing=kinds_of(parts.x)),
        training=record,
        x_ranges=tuple(zip(low.tolist(), high.tolist(), strict=True)),
        nuisance=info.nuisance,
        rate=info.rate if family in ("morphing_aware_ratio", "quadratic_ratio") else None,
        points=None if parts.points is None else tuple(map(tuple, parts.points.tolist())),
        flow=(parts.flow or FlowSettings()) if family == "density" else None,
        discrete=parts.discrete,
    )


def _extent(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the smallest and the largest value of every column."""
    parts = [(part.min(axis=0), part.max(axis=0)) for part in chunks(x)]
    return np.min([low for low, _ in parts], axis=0), np.max([high for _, high in parts], axis=0)


def _record(
    settings: TrainingSettings, digests: tuple[str, str], sizes: tuple[int, int], history: TrainingHistory
) -> TrainingRecord:
    return TrainingRecord(
        settings=settings,
        train_digest=digests[0],
        validation_digest=digests[1],
        n_train=sizes[0],
        n_validation=sizes[1],
        n_epochs=len(history.records),
        best_epoch=history.best_epoch,
        train_loss=history.best.train_loss,
        validation_loss=history.best.validation_loss,
    )


def _device(settings: TrainingSettings) -> torch.device:
    if settings.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "the training asks for a GPU and there is none", mend="set `device: auto` to use one where there is one"
        )
    return torch.device(settings.device)


def _fingerprint(
    method: str, family: Family, parts: Parts, settings: TrainingSettings, digests: tuple[str, str]
) -> str:
    content = {
        "method": method,
        "family": family,
        "network": asdict(parts.settings),
        "flow": None if parts.flow is None else asdict(parts.flow),
        "settings": asdict(settings),
        "samples": digests,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_samples(train: Sample, validation: Sample) -> None:
    for name, sample in (("training sample", train), ("validation sample", validation)):
        if len(sample) == 0:
            raise TrainingError(f"the {name} is empty", expected="at least one row")
        check_finite(sample, name)
    ours, theirs = train.info, validation.info
    for what in ("observables", "parameters", "reference"):
        if getattr(ours, what) != getattr(theirs, what):
            raise TrainingError(
                f"training and validation sample have {what} {getattr(ours, what)} and {getattr(theirs, what)}",
                expected="two samples of one study",
                mend="run the stage `sample` again",
            )


def _check_ratio_sample(sample: RatioSample) -> None:
    """Refuse what an estimator would train on without noticing."""
    reference = np.asarray(sample.info.reference, dtype=np.float32)
    if not sample.info.doubly and not all(
        np.allclose(part, reference, rtol=1e-6, atol=0.0) for part in chunks(sample.theta1)
    ):
        raise TrainingError(
            "theta1 is not the same in all rows",
            expected=f"theta1 = {list(sample.info.reference)}, since the estimator's denominator is fixed",
        )
    n_one = sum(int(np.count_nonzero(part > 0.5)) for part in chunks(sample.y))
    if 2 * n_one != len(sample):
        raise TrainingError(
            f"{n_one} of {len(sample)} samples have y = 1",
            expected="as many from theta1 as from theta0: with other shares the classifier's odds are not the ratio",
        )
