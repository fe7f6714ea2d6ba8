"""What a training did, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochRecord:
    """One epoch.

    Parameters
    ----------
    epoch
        Counted from 1.
    train_loss
        Mean over the epoch's batches, each before its own step.
    validation_loss
        After the epoch.
    learning_rate
        At its last step.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    learning_rate: float


@dataclass(frozen=True)
class TrainingHistory:
    """A whole training.

    Parameters
    ----------
    records
        Every epoch in order.
    best_epoch
        The epoch of the least validation loss, whose weights the network has.
    stopped_early
        Whether patience ended it.
    """

    records: tuple[EpochRecord, ...]
    best_epoch: int
    stopped_early: bool

    @property
    def best(self) -> EpochRecord:
        """The record of the best epoch."""
        return self.records[self.best_epoch - 1]
