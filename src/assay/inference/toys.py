"""Experiments repeated in simulation: best fits, intervals and test statistics of toys at known true points.

Every toy is analysed by the code that gives the limits of data (`assay.inference.limits`). A toy whose analysis
fails is counted under the name of its error, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from assay.errors import AssayError, InferenceError
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.models import Measurement
from assay.inference.nuisance import Profiled
from assay.inference.protocols import Array, Likelihood, Mask, WeightedEvents
from assay.inference.results import LimitResult
from assay.inference.shapes import RatioShape, Shape
from assay.inference.tabulated import REFINED_UP_TO, spline_likelihoods, summed_log_ratios
from assay.inference.toy_batch import ToyBatch, merged
from assay.inference.toy_data import Toys, draw_toys, joined
from assay.theory.constraints import Constraints, GaussianConstraint

_FEW_EVENTS = 10
"""Effective simulated events per expected one, below which toys say little about other simulations."""
_TOYS_AT_A_TIME = 500
"""At each point: what is held in memory at once."""


@dataclass(frozen=True)
class ToySetting:
    """What toys are drawn from, and how they are analysed.

    Parameters
    ----------
    method
        The method's name.
    measurement
        What makes likelihoods of events.
    events
        Simulated events that nothing was trained on.
    grid
        Over which likelihoods are scanned.
    points
        True points (K, P); the test statistic is recorded at all of them.
    confidence_levels
        Of intervals and regions.
    include_rate
        For which choices to analyse every toy.
    """

    method: str
    measurement: Measurement
    events: WeightedEvents = field(repr=False)
    grid: Grid
    points: Array
    confidence_levels: tuple[float, ...] = (0.6827,)
    include_rate: tuple[bool, ...] = (True,)

    def __post_init__(self) -> None:
        outside = [point.tolist() for point in self.points if not self.grid.contains(point)]
        if outside or not len(self.points):
            raise InferenceError(
                f"toys at {outside or 'no point'}", expected="points within the grid", mend="enlarge the grid"
            )


def run_toys(setting: ToySetting, point: int, n_toys: int, rng: np.random.Generator) -> tuple[ToyBatch, ...]:
    """Draw and analyse toys at one of the setting's points; return a batch for each of `setting.include_rate`.

    Raises
    ------
    InferenceError
        If the point cannot be drawn from the simulation.
    """
    return _analysed(setting, {point: _drawn(setting, point, n_toys, rng)})


def run_all_toys(setting: ToySetting, n_toys: int, seed: int) -> tuple[ToyBatch, ...]:
    """Draw and analyse toys at all points, with log ratios of events that occur at more than one evaluated once."""
    streams = [np.random.default_rng([seed, point]) for point in range(len(setting.points))]
    batches: list[ToyBatch] = []
    for start in range(0, n_toys, _TOYS_AT_A_TIME):
        n = min(_TOYS_AT_A_TIME, n_toys - start)
        batches += _analysed(setting, {point: _drawn(setting, point, n, rng) for point, rng in enumerate(streams)})
    return merged(batches)


def _drawn(setting: ToySetting, point: int, n_toys: int, rng: np.random.Generator) -> Toys:
    theta, measurement = setting.points[point], setting.measurement
    n_expected, n_nuisance = measurement.n_expected(theta), len(measurement.nuisance)
    return draw_toys(setting.events, theta, n_expected, n_toys, n_nuisance, rng)


def _analysed(setting: ToySetting, drawn: Mapping[int, Toys]) -> tuple[ToyBatch, ...]:
    """Return the batches of toys by their points."""
    choices = setting.include_rate if setting.measurement.shape is not None else (True,)
    shapes = _shapes(setting, joined(list(drawn.values())))
    result = []
    for point, toys in drawn.items():
        batches = [_empty(setting, point, toys, include_rate) for include_rate in choices]
        failures: list[list[str]] = [[] for _ in choices]
        for number, shape in enumerate(islice(shapes, len(toys))):
            for batch, failed in zip(batches, failures, strict=True):
                failed.append(_fill(setting, batch, number, toys, shape))
        result += [replace(batch, failures=tuple(failed)) for batch, failed in zip(batches, failures, strict=True)]
    return tuple(result)


def _empty(setting: ToySetting, point: int, toys: Toys, include_rate: bool) -> ToyBatch:
    n, p, c = len(toys), setting.grid.n_parameters, len(setting.confidence_levels)
    return ToyBatch(
        method=setting.method,
        include_rate=include_rate,
        parameters=setting.grid.parameters,
        point=point,
        points=setting.points,
        confidence_levels=setting.confidence_levels,
        n_events=toys.sizes.astype(np.float64),
        best_fit=np.full((n, p), np.nan),
        q=np.full((n, len(setting.points)), np.nan),
        widths=np.full((n, p, c), np.nan),
        covers=np.zeros((n, p, c), dtype=np.bool_),
        at_edge=np.zeros((n, p, c), dtype=np.bool_),
        failures=("",) * n,
        notes=_notes(setting, point),
    )


def _notes(setting: ToySetting, point: int) -> tuple[str, ...]:
    weights = setting.events.weights @ setting.events.morphing.weights(setting.points[point][None])[0]
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    expected = setting.measurement.n_expected(setting.points[point])
    if effective >= _FEW_EVENTS * expected:
        return ()
    return (
        f"toys of {expected:.0f} events are drawn from {effective:.0f} effective simulated events: "
        "they share events, and their spread is underestimated",
    )


def _fill(setting: ToySetting, batch: ToyBatch, number: int, toys: Toys, shape: Likelihood | str | None) -> str:
    """Write the analysis of a toy to the rows of a batch; return the failure, if it is one."""
    if isinstance(shape, str):
        return shape
    try:
        likelihood = _likelihood(setting.measurement, shape, toys, number, batch.include_rate)
        data = DataSet(setting.measurement.luminosity, float(toys.sizes[number]), tuple(map(float, batch.theta_true)))
        found = limits(setting.method, batch.include_rate, likelihood, setting.grid, data, setting.confidence_levels)
        values = likelihood.log_likelihood(batch.points)
    except (AssayError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        return failure_name(error)
    batch.best_fit[number] = found.best_fit.theta
    batch.q[number] = np.maximum(0.0, 2.0 * (found.best_fit.log_likelihood - values))
    covers, widths, at_edge = interval_columns(found, batch.theta_true)
    batch.covers[number], batch.widths[number], batch.at_edge[number] = covers, widths, at_edge
    return ""


def toy_likelihoods(
    setting: ToySetting, theta: npt.ArrayLike, n_toys: int, include_rate: bool, rng: np.random.Generator
) -> Iterator[Likelihood]:
    """Draw toys at a point (P,) and yield their likelihoods.

    Raises
    ------
    InferenceError
        If the point cannot be drawn from the simulation, or the shape of a toy cannot be evaluated.
    """
    measurement = setting.measurement
    n_expected, n_nuisance = measurement.n_expected(theta), len(measurement.nuisance)
    toys = draw_toys(setting.events, theta, n_expected, n_toys, n_nuisance, rng)
    for number, shape in enumerate(_shapes(setting, toys)):
        if isinstance(shape, str):
            raise InferenceError(shape)
        yield _likelihood(measurement, shape, toys, number, include_rate)


def failure_name(error: Exception) -> str:
    """Return under which name a failure is counted: without the numbers of the single toy."""
    what = error.what if isinstance(error, AssayError) else str(error)
    words = " ".join("#" if any(c.isdigit() for c in word) else word for word in what.split())
    return f"{type(error).__name__}: {words}"[:200]


def _likelihood(
    measurement: Measurement, shape: Likelihood | None, toys: Toys, number: int, include_rate: bool
) -> Likelihood:
    joint = measurement.joint(shape, float(toys.sizes[number]), include_rate)
    if not measurement.nuisance:
        return joint
    constraints = Constraints(tuple(GaussianConstraint(float(centre)) for centre in toys.centres[number]))
    return Profiled(joint, len(measurement.nuisance), constraints, measurement.ranges)


def interval_columns(found: LimitResult, theta_true: npt.ArrayLike) -> tuple[Mask, Array, Mask]:
    """Return whether intervals contain the true values, their widths, and whether they reach an edge, (P, C) each."""
    shape = (len(found.parameters), len(found.confidence_levels))
    covers, widths, at_edge = np.zeros(shape, dtype=np.bool_), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    for p, (name, true) in enumerate(zip(found.parameters, np.asarray(theta_true), strict=True)):
        for c, level in enumerate(found.confidence_levels):
            interval = found.interval(name, level)
            covers[p, c] = any(s.lower <= true <= s.upper for s in interval.segments)
            widths[p, c] = sum(s.upper - s.lower for s in interval.segments)
            at_edge[p, c] = not interval.closed
    return covers, widths, at_edge


def _shapes(setting: ToySetting, toys: Toys) -> Iterator[Likelihood | str | None]:
    """Yield the likelihood of the shape of each toy, or the name of what went wrong with it."""
    shape = setting.measurement.shape
    if shape is None:
        yield from [None] * len(toys)
        return
    if isinstance(shape, RatioShape) and not shape.nuisance:
        yield from _tabulated(setting, shape, toys)
        return
    yield from _direct(setting, shape, toys)


def _tabulated(setting: ToySetting, shape: RatioShape, toys: Toys) -> Iterator[Likelihood | str]:
    rows, multiplicities = toys.multiplicities()
    values = shape.values(setting.events)[rows]
    grid = setting.grid.refined() if setting.grid.n_parameters <= REFINED_UP_TO else setting.grid
    sums = summed_log_ratios(shape.estimator, values, multiplicities, grid.points)
    finite = np.array([np.isfinite(row).all() for row in sums], dtype=np.bool_)
    splines = iter(spline_likelihoods(grid, sums[finite]))
    for good in finite:
        yield next(splines) if good else "InferenceError: the log ratio of an event is not finite"


def _direct(setting: ToySetting, shape: Shape, toys: Toys) -> Iterator[Likelihood | str]:
    values = shape.values(setting.events)
    for number in range(len(toys)):
        rows, counts = toys.events(number)
        try:
            yield shape.observed(values[rows], counts)
        except (AssayError, ArithmeticError, ValueError) as error:
            yield failure_name(error)
