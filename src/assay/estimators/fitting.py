"""The training loop: plain tensors that stay in memory, no workers.

Every epoch's order of samples follows from the seed and the epoch's number alone, so a training resumed from a
checkpoint goes on as if it had not been interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators.checkpoint import Progress, read_checkpoint, write_checkpoint
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.objectives import Groups, Objective
from assay.estimators.settings import TrainingSettings

Callback = Callable[[EpochRecord], None]

_VALIDATION_BATCH = 16_384


def fit(
    objective: Objective,
    train: Groups,
    validation: Groups,
    settings: TrainingSettings,
    *,
    callback: Callback | None = None,
    checkpoint: Path | None = None,
    fingerprint: str = "",
) -> TrainingHistory:
    """Train the objective's network, which ends with the weights of the epoch of the least validation loss.

    Parameters
    ----------
    objective
        The network and its loss; everything on the device of `train`.
    train, validation
        Packed rows.
    settings
        The training.
    callback
        Called after every epoch, resumed ones not repeated.
    checkpoint
        File that is written after every epoch; if there is one of the same `fingerprint`, training goes on from it.
    fingerprint
        Identifies the training (method, settings and data): a checkpoint of another one is not used.

    Raises
    ------
    TrainingError
        If a loss or a gradient is not finite, naming epoch and batch.
    """
    optimiser = _optimiser(objective.network, settings)
    progress = Progress(best_state=_copy_of(objective.network))
    if checkpoint is not None and checkpoint.exists():
        progress = read_checkpoint(checkpoint, fingerprint, objective.network, optimiser) or progress
    while not progress.finished(settings):
        epoch = len(progress.records) + 1
        train_loss, rate = _train_epoch(objective, optimiser, train, settings, epoch)
        record = EpochRecord(epoch, train_loss, _validate(objective, validation, epoch), rate)
        if record.validation_loss < progress.best_loss:
            progress.best_epoch, progress.best_loss = epoch, record.validation_loss
            progress.best_state = _copy_of(objective.network)
        progress.records.append(record)
        if checkpoint is not None:
            write_checkpoint(checkpoint, fingerprint, progress, objective.network, optimiser)
        if callback is not None:
            callback(record)
    objective.network.load_state_dict(progress.best_state)
    objective.network.eval()
    return TrainingHistory(tuple(progress.records), progress.best_epoch, len(progress.records) < settings.epochs)


def learning_rate_at(settings: TrainingSettings, done: float) -> float:
    """Return the learning rate when the fraction `done` of the training has passed."""
    first, last = settings.learning_rate, settings.final_learning_rate
    if settings.schedule == "cosine":
        return last + (first - last) * (1.0 + math.cos(math.pi * done)) / 2.0
    if settings.schedule == "exponential":
        return first * math.exp(done * math.log(last / first))
    return first


def _train_epoch(
    objective: Objective, optimiser: torch.optim.Optimizer, train: Groups, settings: TrainingSettings, epoch: int
) -> tuple[float, float]:
    """Return the mean loss while training and the learning rate at the end of the epoch."""
    objective.network.train()
    orders = _orders(train, settings.seed, epoch)
    slices = list(_slices(train, settings.batch_size))
    losses = torch.empty(len(slices), device=train[0].device)
    norms = torch.zeros(len(slices), device=train[0].device)
    parameters = list(objective.network.parameters())
    for index, chosen in enumerate(slices):
        rate = learning_rate_at(settings, (epoch - 1 + index / len(slices)) / settings.epochs)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.zero_grad(set_to_none=True)
        batch = tuple(rows[order[part]] for rows, order, part in zip(train, orders, chosen, strict=True))
        loss = objective.loss(batch, differentiable=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if settings.gradient_clip is not None:
            norms[index] = nn.utils.clip_grad_norm_(parameters, settings.gradient_clip)
        optimiser.step()
        losses[index] = loss.detach()
    _check_finite(losses, norms, epoch)
    sizes = torch.tensor([_size(chosen) for chosen in slices], dtype=torch.float64)
    return float((losses.double().cpu() * sizes).sum() / sizes.sum()), rate


def _validate(objective: Objective, validation: Groups, epoch: int) -> float:
    objective.network.eval()
    total, n = 0.0, 0
    for chosen in _slices(validation, _VALIDATION_BATCH):
        batch = tuple(rows[part] for rows, part in zip(validation, chosen, strict=True))
        with torch.no_grad():
            loss = float(objective.loss(batch, differentiable=False))
        total += loss * _size(chosen)
        n += _size(chosen)
    if not math.isfinite(total):
        raise TrainingError(
            f"the validation loss after epoch {epoch} is {total}", mend="lower the learning rate or set a gradient clip"
        )
    return total / n


def _optimiser(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if settings.optimiser == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True)


def _orders(groups: Groups, seed: int, epoch: int) -> list[Tensor]:
    rng = np.random.default_rng([seed, epoch])
    return [torch.from_numpy(rng.permutation(len(rows))).to(rows.device) for rows in groups]


def _slices(groups: Groups, batch_size: int) -> Iterator[tuple[slice, ...]]:
    """Yield batches of nearly equal size, each with its share of every group, that hold every row once."""
    n_batches = max(1, round(sum(len(rows) for rows in groups) / batch_size))
    edges = [np.linspace(0, len(rows), n_batches + 1).round().astype(int).tolist() for rows in groups]
    for index in range(n_batches):
        yield tuple(slice(edge[index], edge[index + 1]) for edge in edges)


def _size(chosen: tuple[slice, ...]) -> int:
    return sum(part.stop - part.start for part in chosen)


def _copy_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _check_finite(losses: Tensor, norms: Tensor, epoch: int) -> None:
    """Name the first batch that went wrong: its loss, or else its gradient, which spoils the loss of the next one."""
    bad = torch.nonzero(~torch.isfinite(losses) | ~torch.isfinite(norms))
    if len(bad):
        index = int(bad[0])
        loss = float(losses[index])
        what, value = ("gradient", float(norms[index])) if math.isfinite(loss) else ("loss", loss)
        raise TrainingError(
            f"the {what} of epoch {epoch}, batch {index + 1} of {len(losses)} is {value}",
            expected="a finite number",
            mend="lower the learning rate, set a gradient clip, or look for extreme joint ratios in the sample",
        )
