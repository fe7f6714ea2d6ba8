"""What systematic uncertainties do to a measurement: pulls, impacts, and the widths of intervals with and without each.

- Pull: the fitted value of a nuisance parameter, with its error after the fit; 0 +- 1 is what was known before.
- Impact: by how far the best fit of a parameter moves when a nuisance parameter is held at its fitted value plus or
  minus its error, and everything else is fitted again.
- Width: of the interval of a parameter around its best fit, all other parameters profiled. Without a systematic effect,
  its nuisance parameter is known to be nominal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq

from assay.errors import AssayError
from assay.files import read_json, write_json
from assay.inference.maximisation import maximise_over
from assay.inference.models import Measurement
from assay.inference.nuisance import Profiled
from assay.inference.profiles import critical_q
from assay.inference.protocols import Array, Likelihood
from assay.inference.summaries import covariance_at

_FORMAT = "assay-systematics-1"
_STEPS = 40
_WALL = 1e6  # in place of an infinite q, where nothing is physical

LikelihoodOf = Callable[[Measurement], Likelihood]


@dataclass(frozen=True)
class Pull:
    """A nuisance parameter after the fit, in standard deviations of what was known before; the error None if flat."""

    nuisance: str
    value: float
    error: float | None


@dataclass(frozen=True)
class Impact:
    """The move of a parameter's best fit when a nuisance parameter is one error up or down."""

    nuisance: str
    parameter: str
    up: float
    down: float


@dataclass(frozen=True)
class Widths:
    """Widths of intervals.

    Parameters
    ----------
    name
        `all`, `without NAME`, `without systematics`, or what the caller named.
    lower, upper
        Ends of the interval of each parameter, None where it reaches the edge of the range.
    """

    name: str
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]

    @property
    def widths(self) -> tuple[float | None, ...]:
        """Of each parameter; None where the interval is open."""
        pairs = zip(self.lower, self.upper, strict=True)
        return tuple(None if low is None or high is None else high - low for low, high in pairs)


@dataclass(frozen=True)
class SystematicsResult:
    """The effect of systematic uncertainties on one method's limits.

    Parameters
    ----------
    method, include_rate
        Of which limits.
    parameters, nuisance
        Names.
    confidence_level
        Of the intervals.
    pulls, impacts
        Of every nuisance parameter, and on every parameter.
    widths
        `all` first.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    nuisance: tuple[str, ...]
    confidence_level: float
    pulls: tuple[Pull, ...]
    impacts: tuple[Impact, ...]
    widths: tuple[Widths, ...]

    def width(self, name: str) -> Widths:
        """Return the widths of a name."""
        return next(one for one in self.widths if one.name == name)


def systematics(
    method: str,
    include_rate: bool,
    measurement: Measurement,
    likelihood_of: LikelihoodOf,
    bounds: Array,
    confidence_level: float,
    others: Mapping[str, Likelihood] | None = None,
) -> SystematicsResult:
    """Return pulls, impacts and widths.

    Parameters
    ----------
    method, include_rate
        Recorded in the result.
    measurement
        With its nuisance parameters.
    likelihood_of
        From a measurement to the likelihood of the data, such as `lambda m: m.expected(theta_true, True)`.
    bounds
        Of the parameters of interest, (P, 2).
    confidence_level
        Of the intervals.
    others
        Further likelihoods whose widths are of interest, by name, such as that without background.
    """
    whole = _Fit.of(likelihood_of(measurement), bounds)
    critical = critical_q(confidence_level, 1)
    named: list[tuple[str, Likelihood]] = []
    if len(measurement.nuisance) > 1:
        named += [(f"without {name}", likelihood_of(measurement.without(name))) for name in measurement.nuisance]
    if measurement.nuisance:
        named.append(("without systematics", likelihood_of(measurement.without(*measurement.nuisance))))
    named += list((others or {}).items())
    fits = [("all", whole), *((name, _Fit.of(likelihood, bounds)) for name, likelihood in named)]
    return SystematicsResult(
        method,
        include_rate,
        measurement.parameters,
        measurement.nuisance,
        confidence_level,
        whole.pulls(measurement.nuisance),
        whole.impacts(measurement.parameters, measurement.nuisance),
        tuple(fit.widths(name, critical) for name, fit in fits),
    )


@dataclass(frozen=True)
class _Fit:
    """The best fit of P parameters of interest and K nuisance parameters, and refits around it."""

    joint: Likelihood
    n_interest: int
    bounds: Array
    theta: Array
    top: float
    errors: Array | None

    @classmethod
    def of(cls, likelihood: Likelihood, bounds: Array) -> _Fit:
        n = len(bounds)
        joint: Likelihood = likelihood
        box = bounds
        if isinstance(likelihood, Profiled):
            joint = likelihood.joint
            box = np.vstack([bounds, np.broadcast_to(np.asarray(likelihood.bounds), (likelihood.n_nuisance, 2))])
        even = np.stack(np.meshgrid(*[np.linspace(0.1, 0.9, 5)] * min(n, 2), indexing="ij"), axis=-1)
        starts = np.zeros((even.reshape(-1, min(n, 2)).shape[0] + 1, len(box)))
        starts[:, :n] = bounds.mean(axis=1)
        starts[1:, : min(n, 2)] = bounds[:2, 0] + even.reshape(-1, min(n, 2)) * np.ptp(bounds[:2], axis=1)
        scale = np.concatenate([0.05 * np.ptp(bounds, axis=1), np.ones(len(box) - n)])
        values, points = maximise_over(joint, starts, range(len(box)), box, scale)
        best = int(np.argmax(values))
        covariance = covariance_at(joint, points[best], 0.2 * scale)
        errors = None if covariance is None else np.sqrt(np.diag(covariance))
        return cls(joint, n, box, points[best], float(values[best]), errors)

    @property
    def scale(self) -> Array:
        return 0.05 * np.ptp(self.bounds, axis=1) if self.errors is None else self.errors

    def pulls(self, names: Sequence[str]) -> tuple[Pull, ...]:
        columns = range(self.n_interest, len(self.theta))
        errors = [None if self.errors is None else float(self.errors[c]) for c in columns]
        return tuple(Pull(n, float(self.theta[c]), e) for n, c, e in zip(names, columns, errors, strict=True))

    def impacts(self, parameters: Sequence[str], names: Sequence[str]) -> tuple[Impact, ...]:
        found = []
        for number, name in enumerate(names):
            column = self.n_interest + number
            error = 1.0 if self.errors is None else float(self.errors[column])
            _, points = self._refit(column, self.theta[column] + error * np.array([1.0, -1.0]))
            moves = points[:, : self.n_interest] - self.theta[: self.n_interest]
            found += [Impact(name, p, float(up), float(down)) for p, up, down in zip(parameters, *moves, strict=True)]
        return tuple(found)

    def widths(self, name: str, critical: float) -> Widths:
        ends = [(self._end(p, -1, critical), self._end(p, 1, critical)) for p in range(self.n_interest)]
        return Widths(name, tuple(low for low, _ in ends), tuple(high for _, high in ends))

    def _refit(self, column: int, values: Array) -> tuple[Array, Array]:
        """Return the largest log likelihoods with one parameter at given values, and where."""
        others = [c for c in range(len(self.theta)) if c != column]
        start = np.tile(self.theta, (len(values), 1))
        start[:, column] = values
        return maximise_over(self.joint, start, others, self.bounds[others], self.scale[others])

    def _end(self, column: int, side: int, critical: float) -> float | None:
        """Return where the profile of a parameter crosses the critical value on one side of the best fit."""
        edge = float(self.bounds[column, 0 if side < 0 else 1])

        def excess(value: float) -> float:
            q = -2.0 * (float(self._refit(column, np.array([value]))[0][0]) - self.top)
            return min(q - critical, _WALL)

        inner = float(self.theta[column])
        step = side * float(self.scale[column]) * np.sqrt(critical)
        for _ in range(_STEPS):
            outer = float(np.clip(inner + step, *self.bounds[column]))
            if excess(outer) > 0:
                return float(brentq(excess, inner, outer, xtol=1e-9))
            if outer == edge:
                return None
            inner, step = outer, 1.5 * step
        return None


def write_systematics(path: str | Path, results: Sequence[SystematicsResult]) -> None:
    """Write the results as JSON, with the widths beside the ends of intervals."""
    entries = []
    for result in results:
        entry = asdict(result)
        for one, stored in zip(result.widths, entry["widths"], strict=True):
            stored["widths"] = one.widths
        entries.append(entry)
    write_json(Path(path), {"format": _FORMAT, "results": entries})


def read_systematics(path: str | Path) -> tuple[SystematicsResult, ...]:
    """Read what `write_systematics` wrote.

    Raises
    ------
    AssayError
        If the file is of another kind.
    """
    content = read_json(Path(path))
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise AssayError("not a file of systematics", where=str(path), expected=f'"format": "{_FORMAT}"')
    try:
        return tuple(_result(entry) for entry in content["results"])
    except (KeyError, TypeError) as error:
        raise AssayError(f"the systematics cannot be read ({error})", where=str(path)) from None


def _result(entry: dict[str, Any]) -> SystematicsResult:
    return SystematicsResult(
        entry["method"],
        entry["include_rate"],
        tuple(entry["parameters"]),
        tuple(entry["nuisance"]),
        entry["confidence_level"],
        tuple(Pull(**one) for one in entry["pulls"]),
        tuple(Impact(**one) for one in entry["impacts"]),
        tuple(Widths(one["name"], tuple(one["lower"]), tuple(one["upper"])) for one in entry["widths"]),
    )
