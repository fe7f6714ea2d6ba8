r"""Where in an observable the Fisher information is (1612.05261, section V).

    I_ij = L d_i sigma d_j sigma / sigma + L sigma E[t_i t_j]

The second term is a sum over events: in a bin n of an observable it is L sum_n w t_i t_j, with a statistical error from
the finite simulation. The bins add up to the information in the shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.errors import AssayError, InferenceError
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.inference.protocols import PER_INVERSE_FEMTOBARN, Array

_FORMAT = "assay-information-distributions-1"


@dataclass(frozen=True)
class InformationDistribution:
    """The information in the shape, by bins of an observable.

    Parameters
    ----------
    method
        Of whose score.
    observable
        Its name.
    parameters
        P names.
    edges
        (N + 1,); under- and overflow are in the outer bins.
    events
        Expected events per bin, (N,).
    information, errors
        Per bin, (N, P, P), and statistical standard deviations.
    """

    method: str
    observable: str
    parameters: tuple[str, ...]
    edges: Array
    events: Array
    information: Array
    errors: Array


def information_distribution(
    method: str,
    observable: str,
    parameters: tuple[str, ...],
    values: Array,
    scores: Array,
    weights: Array,
    luminosity: float,
    bins: int,
) -> InformationDistribution:
    """Return the distribution over equal bins between the 0.5 % and 99.5 % quantiles of an observable.

    Parameters
    ----------
    values
        Of the observable, (E,).
    scores
        t at the point of interest, (E, P).
    weights
        In pb at that point, such that they add up to the cross section, (E,).
    luminosity
        fb^-1.
    """
    if len(values) == 0 or not np.isfinite(values).all() or not np.isfinite(scores).all():
        raise InferenceError("values or scores are not finite, or there are none", where=observable)
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    low, high = (values[order][np.searchsorted(cumulated, q * cumulated[-1])] for q in (0.005, 0.995))
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    index = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    factor, n = PER_INVERSE_FEMTOBARN * luminosity, len(parameters)
    information, variance = np.empty((bins, n, n)), np.empty((bins, n, n))
    for i in range(n):
        for j in range(n):
            products = weights * scores[:, i] * scores[:, j]
            information[:, i, j] = np.bincount(index, products, minlength=bins)
            variance[:, i, j] = np.bincount(index, products**2, minlength=bins)
    events = factor * np.bincount(index, weights, minlength=bins).astype(np.float64)
    return InformationDistribution(
        method, observable, parameters, edges, events, factor * information, factor * np.sqrt(variance)
    )


def write_distributions(path: str | Path, distributions: Sequence[InformationDistribution]) -> None:
    """Write distributions as HDF5, a group for each."""
    with atomic_hdf5(path) as file:
        file.attrs["format"] = _FORMAT
        for number, one in enumerate(distributions):
            group = file.create_group(str(number))
            group.attrs["method"], group.attrs["observable"] = one.method, one.observable
            group.attrs["parameters"] = list(one.parameters)
            for name in ("edges", "events", "information", "errors"):
                group.create_dataset(name, data=getattr(one, name), fletcher32=True)


def read_distributions(path: str | Path) -> tuple[InformationDistribution, ...]:
    """Read what `write_distributions` wrote.

    Raises
    ------
    AssayError
        If the file is missing, damaged or of another kind.
    """

    def fault(error: Exception) -> AssayError:
        return AssayError(f"the distributions cannot be read ({error})", where=str(path))

    with reading_hdf5(path, fault, OSError, KeyError) as file:
        if file.attrs.get("format") != _FORMAT:
            raise AssayError("not a file of information distributions", where=str(path), expected=f"format {_FORMAT}")
        return tuple(
            InformationDistribution(
                str(group.attrs["method"]),
                str(group.attrs["observable"]),
                tuple(map(str, group.attrs["parameters"])),
                *(group[name][()] for name in ("edges", "events", "information", "errors")),
            )
            for group in (file[str(n)] for n in range(len(file)))
        )
