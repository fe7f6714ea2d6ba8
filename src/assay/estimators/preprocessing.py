"""What happens to observables before the first layer; part of the network, so that training and evaluation agree.

What to use when:

- `standard`: (x - mean) / standard deviation; for whatever is roughly Gaussian.
- `log`: the logarithm, standardised; for energies, momenta and masses, whose tails reach over orders of magnitude.
- `signed_log`: sign(x) log(1 + |x| / s), s the standard deviation; for tails on both sides of zero.
- `periodic`: sine and cosine; for angles, whose ends are the same place.
- `mask`: standardised where the object exists, zero where it is missing, and a second input that says which; for
  observables that have a default value where there is no such object.
- `none`: as it is.

`auto` chooses among them by the training sample (`chosen_kinds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from assay.errors import TrainingError

Kind = Literal["standard", "log", "signed_log", "periodic", "mask", "none"]
Choice = Kind | Literal["auto"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_MISSING_SHARE = 0.005  # of a value that stands for a missing object
_WIDE = 2.0  # skewness from which a positive observable is taken as one with a tail
_ROWS = 100_000  # that decide


class Standardisation(nn.Module):
    """(value - centre) / scale, by column, in float32.

    Parameters
    ----------
    centre, scale
        Shape (n,). A scale of zero (a constant column carries no information) is taken as one.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, centre: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("centre", centre.to(torch.float32))
        self.register_buffer("scale", torch.where(scale > 0, scale, 1.0).to(torch.float32))

    @property
    def n_columns(self) -> int:
        """Number of columns that go in."""
        return len(self.centre)

    @property
    def n_features(self) -> int:
        """Number of columns that come out."""
        return len(self.centre)

    def forward(self, value: Tensor) -> Tensor:
        """Return the standardised value, shape (..., n)."""
        return (value - self.centre) / self.scale


class Preprocessing(nn.Module):
    """Observables of different kinds to features of order one: (n, O) to (n, F).

    Features are ordered by kind as in `KINDS`, columns of a kind as they come; then the cosines of periodic columns
    follow, then the indicators of masked ones (1: the object exists).

    Parameters
    ----------
    kinds
        Of every column.
    anchor
        Per column (O,): the smallest value that `log` takes, the unit of `signed_log`, the value that means "missing"
        to `mask`; not used by the others.
    centre, scale
        Of the transformed columns, in the order of the columns (O,).
    """

    anchor: Tensor

    def __init__(self, kinds: Sequence[Kind], anchor: Tensor, centre: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        self.order = tuple(column for kind in KINDS for column, own in enumerate(self.kinds) if own == kind)
        self.register_buffer("anchor", anchor.to(torch.float32))
        order = torch.tensor(self.order, dtype=torch.long)
        self.standard = Standardisation(centre[order], scale[order])
        # spans of the columns of one kind among the ordered ones
        self.spans: dict[Kind, slice] = {}
        start = 0
        for kind in KINDS:
            n = self.kinds.count(kind)
            self.spans[kind] = slice(start, start + n)
            start += n

    @property
    def n_columns(self) -> int:
        """Number of observables."""
        return len(self.kinds)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.kinds) + self.kinds.count("periodic") + self.kinds.count("mask")

    def forward(self, x: Tensor) -> Tensor:
        """Return the features, shape (n, F)."""
        ordered, anchor = x[:, list(self.order)], self.anchor[list(self.order)]
        parts: list[Tensor] = []
        extra: list[Tensor] = []
        for kind, span in self.spans.items():
            if span.stop == span.start:
                continue
            value, own = ordered[:, span], anchor[span]
            centre, scale = self.standard.centre[span], self.standard.scale[span]
            if kind == "periodic":
                parts.append(torch.sin(value))
                extra.append(torch.cos(value))
            elif kind == "mask":
                exists = (value != own).to(value.dtype)
                parts.append((value - centre) / scale * exists)
                extra.append(exists)
            else:
                parts.append((_transformed(kind, value, own) - centre) / scale)
        return torch.cat([*parts, *extra], dim=1)


def _transformed(kind: Kind, value: Tensor, anchor: Tensor) -> Tensor:
    if kind == "log":
        return torch.log(torch.maximum(value, anchor))
    if kind == "signed_log":
        return torch.sign(value) * torch.log1p(torch.abs(value) / anchor)
    return value


def preprocessing(
    x: NDArray[np.float32], kinds: Literal["auto", "standard"] | Sequence[Choice], observables: Sequence[str]
) -> Preprocessing | Standardisation:
    """Return the preprocessing of observables (N, O) of a training sample.

    `kinds` is of all observables, or of each.

    Raises
    ------
    TrainingError
        If there is not one known kind for each observable.
    """
    if isinstance(kinds, str):
        chosen = chosen_kinds(x) if kinds == "auto" else _all_standard(x.shape[1])
    else:
        chosen = tuple(kinds)
    unknown = [kind for kind in chosen if kind not in KINDS]
    if len(chosen) != x.shape[1] or unknown:
        raise TrainingError(
            f"{len(chosen)} kinds of preprocessing for {x.shape[1]} observables ({', '.join(observables)})"
            + (f", among them {unknown[0]!r}" if unknown else ""),
            expected=f"one for each: {', '.join(KINDS)}",
        )
    mean, deviation = np.mean(x, axis=0, dtype=np.float64), np.std(x, axis=0, dtype=np.float64)
    if set(chosen) == {"standard"}:
        return Standardisation(torch.from_numpy(mean), torch.from_numpy(deviation))
    anchors, centres, scales = [], [], []
    for column, kind in enumerate(chosen):
        anchor, centre, scale = _numbers(kind, np.asarray(x[:, column], dtype=np.float64))
        anchors.append(anchor)
        centres.append(centre)
        scales.append(scale)
    return Preprocessing(chosen, *(torch.tensor(values, dtype=torch.float64) for values in (anchors, centres, scales)))


def blank_preprocessing(kinds: Literal["auto", "standard"] | Sequence[Choice], n: int) -> Preprocessing | Standardisation:
    """Return a preprocessing of n observables whose numbers are to be loaded."""
    zeros, ones = torch.zeros(n), torch.ones(n)
    if isinstance(kinds, str) or set(kinds) == {"standard"}:
        return Standardisation(zeros, ones)
    return Preprocessing(tuple(kinds), ones, zeros, ones)


def kinds_of(module: Preprocessing | Standardisation) -> tuple[Kind, ...]:
    """Return the kind of every observable."""
    return module.kinds if isinstance(module, Preprocessing) else _all_standard(module.n_columns)


def _all_standard(n: int) -> tuple[Kind, ...]:
    standard: Kind = "standard"
    return (standard,) * n


def _numbers(kind: Kind, values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return anchor, centre and scale of a column."""
    if kind == "none":
        return 1.0, 0.0, 1.0
    if kind == "periodic":
        return 1.0, 0.0, 1.0
    if kind == "mask":
        missing, _ = _most_frequent(values)
        there = values[values != missing]
        return missing, float(there.mean()) if len(there) else 0.0, float(there.std()) if len(there) else 1.0
    if kind == "log":
        positive = values[values > 0]
        anchor = float(positive.min()) if len(positive) else 1.0
        transformed = np.log(np.maximum(values, anchor))
        return anchor, float(transformed.mean()), float(transformed.std())
    if kind == "signed_log":
        anchor = float(values.std()) or 1.0
        transformed = np.sign(values) * np.log1p(np.abs(values) / anchor)
        return anchor, float(transformed.mean()), float(transformed.std())
    return 1.0, float(values.mean()), float(values.std())


def chosen_kinds(x: NDArray[np.float32]) -> tuple[Kind, ...]:
    """Choose a kind for each observable (N, O) by its distribution.

    One value that stands out among continuous ones means "missing" (`mask`); values that fill [-pi, pi] to its ends
    are `periodic`; positive ones with a long tail are taken by their `log`, others with long tails by `signed_log`.
    """
    return tuple(_kind(np.asarray(column, dtype=np.float64)) for column in np.asarray(x[:_ROWS]).T)


def _kind(values: NDArray[np.float64]) -> Kind:
    n_distinct = len(np.unique(values))
    if n_distinct < 0.1 * len(values):  # counts, charges, constants
        return "standard"
    missing, share = _most_frequent(values)
    if share > _MISSING_SHARE and missing in (values.min(), values.max(), 0.0):
        return "mask"
    if np.abs(values).max() <= np.pi * (1 + 1e-6) and values.min() < -3.0 and values.max() > 3.0:
        return "periodic"
    deviation = values.std()
    skewness = float(np.mean(((values - values.mean()) / deviation) ** 3))
    if values.min() > 0 and skewness > _WIDE / 2.0:
        return "log"
    tails = float(np.mean(((values - values.mean()) / deviation) ** 4))
    return "signed_log" if tails > 10.0 else "standard"


def _most_frequent(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the most frequent value and its share."""
    distinct, counts = np.unique(values, return_counts=True)
    index = int(np.argmax(counts))
    return float(distinct[index]), float(counts[index]) / max(1, len(values))
