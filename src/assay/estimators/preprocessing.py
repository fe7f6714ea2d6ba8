"""What happens to observables before the first layer; part of the network, so that training and evaluation agree.

What to use when:

- `standard`: (x - mean) / standard deviation; for whatever is roughly Gaussian.
- `log`: the logarithm, standardised; for energies, momenta and masses, whose tails reach over orders of magnitude.
- `signed_log`: sign(x) log(1 + |x| / s), s the standard deviation; for tails on both sides of zero.
- `periodic`: sine and cosine; for angles, whose ends are the same place.
- `mask`: standardised where the object exists, zero where it is missing, and a second input that says which; for
  observables that have a default value where there is no such object.
- `none`: as it is.

`auto` chooses among them by the training sample (`preprocessing_fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

Kind = Literal["standard", "log", "signed_log", "periodic", "mask", "none"]
Choice = Kind | Literal["auto"]
KINDS: tuple[Kind, ...] = get_args(Kind)
INVERTIBLE: tuple[Kind, ...] = ("standard", "signed_log", "none")
"""Kinds that keep densities densities."""


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

    def log_slope(self, value: Tensor) -> Tensor:
        """Return the logarithm of the product of all features' slopes at values (n, columns), shape (n,)."""
        return -torch.log(self.scale).sum().expand(len(value))

    def inverse(self, features: Tensor) -> Tensor:
        """Return the value (..., n) of features."""
        return features * self.scale + self.centre


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
    order: Tensor

    def __init__(self, kinds: Sequence[Kind], anchor: Tensor, centre: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.kinds = tuple(kinds)
        order = torch.tensor([c for kind in KINDS for c, own in enumerate(self.kinds) if own == kind], dtype=torch.long)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("anchor", anchor.to(torch.float32))
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
        ordered, anchor = x[:, self.order], self.anchor[self.order]
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

    def log_slope(self, x: Tensor) -> Tensor:
        """Return the logarithm of the product of all features' slopes, shape (n,), if all kinds have an `inverse`."""
        stretched = self.order[self.spans["signed_log"]]
        slopes = torch.log(self.anchor[stretched] + torch.abs(x[:, stretched])).sum(dim=1)
        return -slopes - torch.log(self.standard.scale).sum()

    def inverse(self, features: Tensor) -> Tensor:
        """Return the observables (n, O) of features of the kinds `INVERTIBLE`."""
        ordered = self.standard.inverse(features)
        span = self.spans["signed_log"]
        stretched = ordered[:, span]
        unit = self.anchor[self.order[span]]
        ordered[:, span] = torch.sign(stretched) * unit * torch.expm1(torch.abs(stretched))
        return ordered[:, torch.argsort(self.order)]


def _transformed(kind: Kind, value: Tensor, anchor: Tensor) -> Tensor:
    if kind == "log":
        return torch.log(torch.maximum(value, anchor))
    if kind == "signed_log":
        return torch.sign(value) * torch.log1p(torch.abs(value) / anchor)
    return value


def blank_preprocessing(
    kinds: Literal["auto", "standard"] | Sequence[Choice], n: int
) -> Preprocessing | Standardisation:
    """Return a preprocessing of n observables whose numbers are to be loaded."""
    zeros, ones = torch.zeros(n), torch.ones(n)
    if isinstance(kinds, str) or set(kinds) == {"standard"}:
        return Standardisation(zeros, ones)
    return Preprocessing([kind for kind in kinds if kind != "auto"], ones, zeros, ones)


def kinds_of(module: Preprocessing | Standardisation) -> tuple[Kind, ...]:
    """Return the kind of every observable."""
    return module.kinds if isinstance(module, Preprocessing) else _all_standard(module.n_columns)


def _all_standard(n: int) -> tuple[Kind, ...]:
    standard: Kind = "standard"
    return (standard,) * n
