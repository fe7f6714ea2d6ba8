"""From samples to a trained estimator."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from assay.errors import TrainingError
from assay.estimators.description import ModelDescription, TrainingRecord
from assay.estimators.fitting import Callback, fit
from assay.estimators.history import TrainingHistory
from assay.estimators.methods import RatioMethod, method_named
from assay.estimators.objectives import (
    Groups,
    RatioObjective,
    ScoreObjective,
    check_finite,
    ratio_network,
    score_network,
)
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.sampling.samples import RatioSample, ScoreSample


@dataclass(frozen=True)
class TrainedEstimator:
    """An estimator and how its training went."""

    estimator: ParameterisedRatio | LocalScore
    history: TrainingHistory


@dataclass(frozen=True)
class _Data:
    """The packed rows of both samples, and what identifies them."""

    train: Groups
    validation: Groups
    digests: tuple[str, str]


def train_estimator(
    method: str,
    train: RatioSample | ScoreSample,
    validation: RatioSample | ScoreSample,
    network: NetworkSettings,
    settings: TrainingSettings,
    *,
    callback: Callback | None = None,
    checkpoint: Path | None = None,
) -> TrainedEstimator:
    """Train a method's network.

    Parameters
    ----------
    method
        Its name in the registry.
    train, validation
        Samples of the kind that the method needs, of disjoint events.
    network, settings
        Architecture and training.
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
    _check_samples(train, validation)
    device = _device(settings)
    digests = (train.digest(), validation.digest())
    objective: RatioObjective | ScoreObjective
    if isinstance(definition, RatioMethod) and isinstance(train, RatioSample) and isinstance(validation, RatioSample):
        _check_ratio_sample(train)
        _check_ratio_sample(validation)
        objective = RatioObjective(definition, settings.alpha, ratio_network(train, network, settings.seed))
        data = _Data(objective.pack(train), objective.pack(validation), digests)
    elif (
        not isinstance(definition, RatioMethod)
        and isinstance(train, ScoreSample)
        and isinstance(validation, ScoreSample)
    ):
        objective = ScoreObjective(score_network(train, network, settings.seed))
        data = _Data(objective.pack(train), objective.pack(validation), digests)
    else:
        needed = "ratio" if isinstance(definition, RatioMethod) else "score"
        raise TrainingError(
            f"{method} cannot be trained on a {train.kind} sample", expected=f"a {needed} sample", where=method
        )
    objective.network.to(device)
    history = fit(
        objective,
        tuple(rows.to(device) for rows in data.train),
        tuple(rows.to(device) for rows in data.validation),
        settings,
        callback=callback,
        checkpoint=checkpoint,
        fingerprint=_fingerprint(method, network, settings, digests),
    )
    record = _record(settings, digests, (len(train), len(validation)), history)
    return TrainedEstimator(_estimator(objective, method, train, network, record), history)


def _estimator(
    objective: RatioObjective | ScoreObjective,
    method: str,
    train: RatioSample | ScoreSample,
    network: NetworkSettings,
    record: TrainingRecord,
) -> ParameterisedRatio | LocalScore:
    info = train.info
    description = ModelDescription(
        method=method,
        family="parameterised_ratio" if isinstance(objective, RatioObjective) else "local_score",
        observables=info.observables,
        parameters=info.parameters,
        ranges=info.ranges,
        reference=info.reference,
        network=network,
        training=record,
    )
    if isinstance(objective, RatioObjective):
        return ParameterisedRatio(objective.network.cpu(), description)
    return LocalScore(objective.network.cpu(), description)


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


def _fingerprint(method: str, network: NetworkSettings, settings: TrainingSettings, digests: tuple[str, str]) -> str:
    content = {"method": method, "network": asdict(network), "settings": asdict(settings), "samples": digests}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_samples(train: RatioSample | ScoreSample, validation: RatioSample | ScoreSample) -> None:
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
    """Refuse what this estimator family would train on without noticing."""
    if not np.allclose(sample.theta1, np.asarray(sample.info.reference, dtype=np.float32), rtol=1e-6, atol=0.0):
        raise TrainingError(
            "theta1 is not the same in all rows",
            expected=f"theta1 = {list(sample.info.reference)}, since the estimator's denominator is fixed",
        )
    n_one = int(np.count_nonzero(np.asarray(sample.y) > 0.5))
    if 2 * n_one != len(sample):
        raise TrainingError(
            f"{n_one} of {len(sample)} samples have y = 1",
            expected="as many from theta1 as from theta0: with other shares the classifier's odds are not the ratio",
        )
