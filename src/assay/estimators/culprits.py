"""Which rows of a batch make a loss that is not finite, and what is unusual about them."""

from __future__ import annotations

import torch
from torch import Tensor

from assay.estimators.objectives import AnyObjective, Groups

_MOST_ROWS = 3


def culprits(objective: AnyObjective, batch: Groups) -> str:
    """Name the rows, and in each the input that lies furthest from its batch; empty if no row is at fault alone."""
    found = []
    for group, rows in enumerate(batch):
        names = getattr(objective, "columns", ((),) * len(batch))[group]
        spread = rows.double().std(dim=0).clamp(min=1e-30)
        away = torch.nan_to_num(((rows.double() - rows.double().median(dim=0).values) / spread).abs(), nan=torch.inf)
        for row in _bad_rows(objective, batch, group):
            column = int(away[row].argmax())
            name = names[column] if column < len(names) else f"column {column + 1}"
            found.append(f"row {row + 1} of group {group + 1}: {name} = {float(rows[row, column]):.6g}")
    return "; ".join(found[:_MOST_ROWS]) + (f" and {len(found) - _MOST_ROWS} more" if len(found) > _MOST_ROWS else "")


def _bad_rows(objective: AnyObjective, batch: Groups, group: int) -> list[int]:
    """Return the rows of one group whose loss alone is not finite, by halves."""
    pending, bad = [slice(0, len(batch[group]))], []
    while pending:
        part = pending.pop()
        size = part.stop - part.start
        if size == 0 or torch.isfinite(_loss(objective, batch, group, part)):
            continue
        if size == 1:
            bad.append(part.start)
        else:
            middle = part.start + size // 2
            pending += [slice(middle, part.stop), slice(part.start, middle)]
    return sorted(bad)


def _loss(objective: AnyObjective, batch: Groups, group: int, part: slice) -> Tensor:
    with torch.no_grad():
        only = tuple(rows[part] if number == group else rows[:0] for number, rows in enumerate(batch))
        size = part.stop - part.start
        return objective.loss(only, differentiable=False) if size else torch.zeros(())
