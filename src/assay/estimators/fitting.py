"""The training loop: plain tensors, no workers.

Every epoch's order of rows, and whatever else is random in it, follows from the seed and the epoch's number alone, so a
training resumed from a checkpoint goes on as if it had not been interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators.checkpoint import Progress, read_checkpoint, write_checkpoint
from assay.estimators.culprits import culprits
from assay.estimators.flat import flattened
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.objectives import AnyObjective, ByHand, Groups
from assay.estimators.optimisers import Optimiser
from assay.estimators.schedules import learning_rate_at
from assay.estimators.settings import TrainingSettings
from assay.estimators.sources import Resident, Source

Callback = Callable[[EpochRecord], None]

_VALIDATION_BATCH = 4096  # whose layers stay in the cache
_LOOK_UP = 1 << 16  # rows
_MEND = "lower the learning rate, set a gradient clip, trim extreme joint ratios, or look at the rows named"


def fit(
    objective: AnyObjective,
    train: Groups | Source,
    validation: Groups | Source,
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
        The network and its loss; everything on the device of the rows.
    train, validation
        Packed rows, or sources of them.
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
        If a loss or a gradient is not finite, naming epoch, batch, rows and inputs.
    """
    rows, tests = _source(train), _source(validation)
    parameters = flattened(objective.network)
    optimiser = Optimiser(parameters, settings)
    training = _Training(objective, optimiser, parameters, settings, _by_hand(objective, settings))
    progress = Progress(best_state=_copy_of(objective.network))
    if checkpoint is not None and checkpoint.exists():
        progress = read_checkpoint(checkpoint, fingerprint, objective.network, optimiser) or progress
    while not progress.finished(settings):
        epoch = len(progress.records) + 1
        train_loss, rate = _train_epoch(training, rows, epoch)
        record = EpochRecord(epoch, train_loss, _validate(objective, tests, settings, epoch), rate)
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


def _source(rows: Groups | Source) -> Source:
    return Resident(rows) if isinstance(rows, tuple) else rows


def _by_hand(objective: AnyObjective, settings: TrainingSettings) -> ByHand | None:
    return objective if isinstance(objective, ByHand) and objective.by_hand and not settings.mixed_precision else None


@dataclass(frozen=True)
class _Training:
    """What a step needs; `parameters` are the network's, in one row; `by_hand` the objective, if it needs no graph."""

    objective: AnyObjective
    optimiser: Optimiser
    parameters: nn.Parameter
    settings: TrainingSettings
    by_hand: ByHand | None

    @property
    def looks_at_every_step(self) -> bool:
        """Whether losses are looked at as they come: on a GPU every look waits for it."""
        return self.parameters.device.type == "cpu"


@dataclass
class _Losses:
    """Losses and norms of gradients of an epoch's batches, and their sizes."""

    losses: list[Tensor]
    norms: list[Tensor]
    sizes: list[int]


def _train_epoch(training: _Training, source: Source, epoch: int) -> tuple[float, float]:
    """Return the mean loss while training and the learning rate at the end of the epoch."""
    if training.looks_at_every_step:
        found, rate = _steps(training, source, epoch, look=True)
    else:
        before = _copy_of(training.objective.network), training.optimiser.state_dict()
        found, rate = _steps(training, source, epoch, look=False)
        if not torch.isfinite(torch.stack([*found.losses, *found.norms])).all():
            # once more, to name the batch and its rows
            training.objective.network.load_state_dict(before[0])
            training.optimiser.load_state_dict(before[1])
            found, rate = _steps(training, source, epoch, look=True)
    sizes = torch.tensor(found.sizes, dtype=torch.float64)
    return float((torch.stack(found.losses).double().cpu() * sizes).sum() / sizes.sum()), rate


def _steps(training: _Training, source: Source, epoch: int, look: bool) -> tuple[_Losses, float]:
    """Go through an epoch; `look`: refuse the first batch whose loss or gradient is not finite."""
    settings, objective = training.settings, training.objective
    objective.network.train()
    total = max(1, round(source.n_rows() / settings.batch_size))
    found, rate = _Losses([], [], []), settings.learning_rate
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        for number, groups in enumerate(source.windows(epoch)):
            for batch in _batches(groups, _orders(groups, settings.seed, epoch, number), settings.batch_size):
                rate = learning_rate_at(settings, (epoch - 1 + min(1.0, len(found.sizes) / total)) / settings.epochs)
                loss, norm = _step(training, batch)
                if look and not math.isfinite(float(loss) + float(norm)):
                    _refuse(objective, batch, (float(loss), float(norm)), (epoch, len(found.sizes) + 1, total))
                training.optimiser.step(rate)
                found.losses.append(loss)
                found.norms.append(norm)
                found.sizes.append(sum(len(rows) for rows in batch))
    return found, rate


def _step(training: _Training, batch: Groups) -> tuple[Tensor, Tensor]:
    """Return the loss and the norm of its gradient, which is clipped and left with the parameters."""
    gradient, clip = training.parameters.grad, training.settings.gradient_clip
    assert gradient is not None  # noqa: S101 - `flattened` makes one
    gradient.zero_()
    if training.by_hand is not None:
        loss = training.by_hand.loss_with_gradient(batch)
    else:
        with _precision(batch, training.settings):
            loss = training.objective.loss(batch, differentiable=True)
        loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.linalg.vector_norm(gradient)
    if clip is not None:
        gradient.mul_((clip / (norm + 1e-6)).clamp_(max=1.0))
    return loss.detach(), norm


def _precision(batch: Groups, settings: TrainingSettings) -> AbstractContextManager[object]:
    return torch.autocast(batch[0].device.type, torch.bfloat16) if settings.mixed_precision else nullcontext()


def _validate(objective: AnyObjective, source: Source, settings: TrainingSettings, epoch: int) -> float:
    objective.network.eval()
    total, n = 0.0, 0
    for groups in source.windows(1):
        for chosen in _slices(groups, _VALIDATION_BATCH):
            batch = tuple(rows[part] for rows, part in zip(groups, chosen, strict=True))
            with torch.no_grad(), _precision(batch, settings):
                loss = float(objective.loss(batch, differentiable=False))
            total += loss * _size(chosen)
            n += _size(chosen)
    if not math.isfinite(total):
        raise TrainingError(
            f"the validation loss after epoch {epoch} is {total}", mend="lower the learning rate or set a gradient clip"
        )
    return total / n


def _orders(groups: Groups, seed: int, epoch: int, window: int) -> list[Tensor]:
    rng = np.random.default_rng([seed, epoch, window] if window else [seed, epoch])
    return [torch.from_numpy(rng.permutation(len(rows))).to(rows.device) for rows in groups]


def _batches(groups: Groups, orders: list[Tensor], batch_size: int) -> Iterator[Groups]:
    """Yield shuffled batches; rows are looked up for many batches at a time, of which the batches are parts."""
    chosen = list(_slices(groups, batch_size))
    stretch = max(1, _LOOK_UP // batch_size)
    for first in range(0, len(chosen), stretch):
        parts = chosen[first : first + stretch]
        starts = [part.start for part in parts[0]]
        together = [
            rows[order[start : last.stop]]
            for rows, order, start, last in zip(groups, orders, starts, parts[-1], strict=True)
        ]
        for part in parts:
            yield tuple(
                rows[own.start - start : own.stop - start]
                for rows, own, start in zip(together, part, starts, strict=True)
            )


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


def _refuse(
    objective: AnyObjective, batch: Groups, found: tuple[float, float], place: tuple[int, int, int]
) -> NoReturn:
    """Name a batch (epoch, number, of how many) whose loss, or its gradient, is not finite, and its rows at fault."""
    what, value = ("gradient", found[1]) if math.isfinite(found[0]) else ("loss", found[0])
    rows = culprits(objective, batch) if what == "loss" else ""
    raise TrainingError(
        f"the {what} of epoch {place[0]}, batch {place[1]} of {place[2]} is {value}" + (f" ({rows})" if rows else ""),
        expected="a finite number",
        mend=_MEND,
    )
