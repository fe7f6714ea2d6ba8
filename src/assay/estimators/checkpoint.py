"""Where a training stands, in a file that outlives the process."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators.history import EpochRecord
from assay.estimators.optimisers import Optimiser
from assay.estimators.settings import TrainingSettings
from assay.files import atomic_path
from assay.machine import lacks_memory

_FORMAT = 2  # of the optimiser's state: one row of numbers for all parameters


@dataclass
class Progress:
    """The epochs so far, and the best weights among them."""

    best_state: dict[str, Tensor]
    records: list[EpochRecord] = field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf

    def finished(self, settings: TrainingSettings) -> bool:
        """Whether all epochs are done, or `patience` epochs have passed without a better one."""
        done = len(self.records)
        waited = settings.patience is not None and done - self.best_epoch >= settings.patience
        return done >= settings.epochs or waited


def write_checkpoint(
    path: Path, fingerprint: str, progress: Progress, network: nn.Module, optimiser: Optimiser
) -> None:
    """Write all that is needed to go on."""
    content = {
        "format": _FORMAT,
        "fingerprint": fingerprint,
        "records": [asdict(record) for record in progress.records],
        "best_epoch": progress.best_epoch,
        "best_loss": progress.best_loss,
        "best_state": progress.best_state,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    stream = BytesIO()  # written from here, for torch does not say why it could not write
    torch.save(content, stream)
    with atomic_path(path) as temporary:
        temporary.write_bytes(stream.getbuffer())


def read_checkpoint(path: Path, fingerprint: str, network: nn.Module, optimiser: Optimiser) -> Progress | None:
    """Set network and optimiser to a checkpoint and return its progress; None if it is of another training.

    Raises
    ------
    TrainingError
        If the file is damaged.
    """
    device = next(network.parameters()).device
    try:
        # weights_only: tensors and plain containers, nothing that runs code
        content = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:  # torch raises what its readers raise
        if lacks_memory(error):
            raise
        raise TrainingError(
            f"the checkpoint cannot be read ({type(error).__name__}: {error})", where=str(path), mend="delete it"
        ) from None
    if content.get("format") != _FORMAT or content["fingerprint"] != fingerprint:
        return None
    network.load_state_dict(content["network"])
    optimiser.load_state_dict(content["optimiser"])
    return Progress(
        best_state=content["best_state"],
        records=[EpochRecord(**record) for record in content["records"]],
        best_epoch=content["best_epoch"],
        best_loss=content["best_loss"],
    )
