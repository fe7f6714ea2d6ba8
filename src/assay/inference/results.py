"""Limits as they are written: numbers as JSON, arrays as HDF5 with axis names and units, under one stem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from scipy.stats import chi2

from assay.errors import AssayError, InferenceError
from assay.files import read_json, write_json
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.inference.fit import BestFit
from assay.inference.profiles import Interval, Profile, Segment, critical_q
from assay.inference.protocols import Array, Mask
from assay.inference.summaries import EnsembleSpread, Exclusion, NuisanceFit, correlation_of

_FORMAT = "assay-limits-1"
_MANY_WAYS = "run the evaluate stage again"


@dataclass(frozen=True)
class LimitResult:
    """Limits of one method on P parameters over a grid of shape (n_1, ..., n_P).

    Parameters
    ----------
    method
        The method's name in the study.
    include_rate
        Whether the Poisson likelihood of the number of events is included.
    parameters
        Names of the parameters, in the order of the axes.
    axes
        Values of each parameter.
    log_likelihood
        (n_1, ..., n_P), up to a constant; minus infinity where a predicted rate is negative. None where there is no
        full grid, but profiles alone.
    q
        -2 [log_likelihood - that of the best fit]; None without full grid.
    effective_sample_size
        Effective number of simulated events at each point, or None.
    best_fit
        Continuous maximum within the grid's bounds.
    profiles
        In each single parameter.
    pair_profiles
        In each pair of parameters, those earlier in `parameters` first.
    intervals
        For each parameter, at each confidence level.
    theta_true
        The parameters of the (expected) data, (P,); None for observed data.
    q_true
        q at `theta_true`: 0 for a perfect method; None for observed data.
    luminosity
        fb^-1.
    n_events
        Events in the data; expected ones for Asimov data.
    confidence_levels
        Such as 0.68 and 0.95.
    points_inside
        Grid points within the P-dimensional region of each confidence level; none without full grid.
    n_unphysical
        Grid points at which a predicted rate is negative; they are excluded.
    warnings
        What a reader has to know before believing the limits.
    covariance
        Of the best fit, (P, P); None where it is at an edge or log L is flat.
    exclusion
        Of the reference point (the Standard Model).
    nuisance
        Profiled nuisance parameters at the best fit; None without.
    ensemble
        The spread over the members of an ensemble; None of a single model.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    axes: tuple[Array, ...]
    log_likelihood: Array | None
    q: Array | None
    effective_sample_size: Array | None
    best_fit: BestFit
    profiles: tuple[Profile, ...]
    pair_profiles: tuple[Profile, ...]
    intervals: tuple[Interval, ...]
    theta_true: tuple[float, ...] | None
    q_true: float | None
    luminosity: float
    n_events: float
    confidence_levels: tuple[float, ...]
    points_inside: tuple[int, ...]
    n_unphysical: int
    warnings: tuple[str, ...]
    covariance: Array | None = None
    exclusion: Exclusion | None = None
    nuisance: NuisanceFit | None = None
    ensemble: EnsembleSpread | None = None

    @property
    def p_values(self) -> Array | None:
        """Asymptotic p-values over the grid: chi-square with P degrees of freedom."""
        return None if self.q is None else np.asarray(chi2.sf(self.q, len(self.parameters)), dtype=np.float64)

    @property
    def physical(self) -> Mask | None:
        """Whether the predicted rates are positive, over the grid."""
        return None if self.log_likelihood is None else np.isfinite(self.log_likelihood)

    @property
    def correlation(self) -> Array | None:
        """Correlation of the best fit's parameters, (P, P)."""
        return None if self.covariance is None else correlation_of(self.covariance)

    def pair(self, first: str, second: str) -> Profile:
        """Return the profile in two parameters, `first` along the first axis whatever order they are stored in."""
        for found in self.pair_profiles:
            if found.parameters == (first, second):
                return found
            if found.parameters == (second, first):
                swapped = (found.log_likelihood.T, found.theta.transpose(1, 0, 2), found.q.T)
                return Profile((first, second), found.axes[::-1], *swapped)
        raise InferenceError(f"no profile of {first} and {second}", expected=f"two of {', '.join(self.parameters)}")

    def interval(self, parameter: str, confidence_level: float) -> Interval:
        """Return the interval of a parameter at a confidence level."""
        for found in self.intervals:
            if found.parameter == parameter and found.confidence_level == confidence_level:
                return found
        raise InferenceError(
            f"no interval of {parameter} at {confidence_level}",
            expected=f"levels {self.confidence_levels} of {self.parameters}",
        )

    def level(self, confidence_level: float) -> float:
        """Return q on the P-dimensional contour of a confidence level."""
        return critical_q(confidence_level, len(self.parameters))


def write_limits(stem: str | Path, result: LimitResult) -> tuple[Path, Path]:
    """Write `<stem>.json` and `<stem>.h5` and return their paths."""
    json_path, h5_path = _paths(stem)
    with atomic_hdf5(h5_path) as file:
        file.attrs["format"] = _FORMAT
        _write_scan(file, result.parameters, result.axes, {"log_likelihood": result.log_likelihood, "q": result.q})
        if result.covariance is not None:
            _write_array(file, "covariance", result.covariance, ("parameter", "parameter"), "1")
        if result.ensemble is not None and result.ensemble.q is not None:
            _write_array(file, "q_spread", result.ensemble.q, result.parameters, "1")
        if result.effective_sample_size is not None:
            _write_array(file, "effective_sample_size", result.effective_sample_size, result.parameters, "events")
        for kind, stored in (("profiles", result.profiles), ("pair_profiles", result.pair_profiles)):
            group = file.create_group(kind, track_order=True)
            for one in stored:
                part = group.create_group("+".join(one.parameters))
                _write_scan(part, one.parameters, one.axes, {"log_likelihood": one.log_likelihood, "q": one.q})
                _write_array(part, "theta", one.theta, (*one.parameters, "parameter"), "1")
    write_json(json_path, {"format": _FORMAT, "arrays": h5_path.name, **_numbers(result)})
    return json_path, h5_path


def read_limits(stem: str | Path) -> LimitResult:
    """Read what `write_limits` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind.
    """
    json_path, h5_path = _paths(stem)
    numbers = read_json(json_path)
    if not isinstance(numbers, dict) or numbers.get("format") != _FORMAT:
        raise AssayError(
            "not a file of limits", where=str(json_path), expected=f'"format": "{_FORMAT}"', mend=_MANY_WAYS
        )

    def fault(error: Exception) -> AssayError:
        return AssayError(f"the limits cannot be read ({error})", where=str(h5_path), mend=_MANY_WAYS)

    with reading_hdf5(h5_path, fault, OSError, KeyError, TypeError, ValueError) as file:
        arrays = _read_arrays(file, tuple(numbers["parameters"]))
        return LimitResult(**arrays, **_typed(numbers), ensemble=_read_ensemble(file, numbers))


def _paths(stem: str | Path) -> tuple[Path, Path]:
    stem = Path(stem)
    return stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".h5")


_ARRAYS = frozenset(
    {"axes", "log_likelihood", "q", "effective_sample_size", "profiles", "pair_profiles", "covariance", "ensemble"}
)


def _numbers(result: LimitResult) -> dict[str, Any]:
    """Everything but arrays, with the levels of q that contours are drawn at."""
    plain = {f.name: getattr(result, f.name) for f in fields(result) if f.name not in _ARRAYS}
    plain["best_fit"] = asdict(result.best_fit)
    plain["intervals"] = [asdict(interval) for interval in result.intervals]
    plain["exclusion"] = asdict(result.exclusion) if result.exclusion else None
    plain["nuisance"] = asdict(result.nuisance) if result.nuisance else None
    if result.correlation is not None:
        plain["correlation"] = result.correlation.tolist()
    if result.ensemble is not None:
        plain["ensemble"] = {**asdict(result.ensemble), "q": None}
    n_parameters = len(result.parameters)
    plain["contour_levels_q"] = {
        str(level): {
            "1": critical_q(level, 1),
            "2": critical_q(level, 2),
            str(n_parameters): critical_q(level, n_parameters),
        }
        for level in result.confidence_levels
    }
    return plain


def _typed(numbers: dict[str, Any]) -> dict[str, Any]:
    derived = {"format", "arrays", "contour_levels_q", "parameters", "correlation", "ensemble"}
    plain = {key: tuple(v) if isinstance(v, list) else v for key, v in numbers.items() if key not in derived}
    fit = numbers["best_fit"]
    plain["best_fit"] = BestFit(tuple(fit["theta"]), fit["log_likelihood"], tuple(fit["at_edge"]))
    plain["intervals"] = tuple(
        Interval(i["parameter"], i["confidence_level"], tuple(Segment(**s) for s in i["segments"]))
        for i in numbers["intervals"]
    )
    plain["parameters"] = tuple(numbers["parameters"])
    if (excluded := numbers.get("exclusion")) is not None:
        plain["exclusion"] = Exclusion(**{**excluded, "theta": tuple(excluded["theta"])})
    if (nuisance := numbers.get("nuisance")) is not None:
        plain["nuisance"] = NuisanceFit(**{key: tuple(values) for key, values in nuisance.items()})
    return plain


def _read_ensemble(file: h5py.File, numbers: dict[str, Any]) -> EnsembleSpread | None:
    found = numbers.get("ensemble")
    if found is None:
        return None
    q = file["q_spread"][()] if "q_spread" in file else None
    return EnsembleSpread(found["n_members"], q, tuple(found["lower"]), tuple(found["upper"]))


def _write_scan(
    group: h5py.Group, names: Sequence[str], axes: Sequence[Array], arrays: dict[str, Array | None]
) -> None:
    for name, axis in zip(names, axes, strict=True):
        _write_array(group, f"axes/{name}", axis, (name,), "1")
    for key, values in arrays.items():
        if values is not None:
            _write_array(group, key, values, names, "1")


def _write_array(group: h5py.Group, name: str, values: Array, dimensions: Sequence[str], unit: str) -> None:
    dataset = group.create_dataset(name, data=values, fletcher32=True)
    dataset.attrs["unit"] = unit
    dataset.attrs["dimensions"] = list(dimensions)
    for dimension, label in zip(dataset.dims, dimensions, strict=True):
        dimension.label = label


def _read_arrays(file: h5py.File, names: tuple[str, ...]) -> dict[str, Any]:
    optional = ("log_likelihood", "q", "effective_sample_size", "covariance")
    return {
        "axes": tuple(file[f"axes/{name}"][()] for name in names),
        **{name: file[name][()] if name in file else None for name in optional},
        "profiles": tuple(_read_profile(part) for part in file["profiles"].values()),
        "pair_profiles": tuple(_read_profile(part) for part in file["pair_profiles"].values()),
    }


def _read_profile(part: h5py.Group) -> Profile:
    names = tuple(part["log_likelihood"].attrs["dimensions"])
    axes = tuple(part[f"axes/{name}"][()] for name in names)
    return Profile(names, axes, part["log_likelihood"][()], part["theta"][()], part["q"][()])
