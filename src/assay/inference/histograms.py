"""Histogram templates that a likelihood can use: affordable numbers of bins, none without events, a note on changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.binning import Binning, equal_count_binning
from assay.inference.nuisance_templates import VaryingTemplates, fill_templates
from assay.inference.protocols import Array, Integers, WeightedEvents, as_points
from assay.inference.templates import Templates, merge_groups

MAX_BINS = 1728
_EVENTS_PER_BIN = 20
_MIN_EFFECTIVE_EVENTS = 5.0
_FEWEST_BINS = 2


@dataclass(frozen=True)
class HistogramModel:
    """Templates whose every bin can be used, and how they came about.

    Parameters
    ----------
    binning
        Before bins were merged.
    groups
        Bin of `templates` to which each bin of `binning` goes, (n_bins,).
    templates
        Cross sections, pb.
    notes
        What was merged or reduced.
    """

    binning: Binning
    groups: Integers
    templates: Templates | VaryingTemplates
    notes: tuple[str, ...]

    def counts(self, values: Array, weights: Array | None = None) -> Array:
        """Return the number of events with `values` (E, D), or their sum of weights (E,), per bin of `templates`."""
        bins = self.groups[self.binning.index(values)]
        return np.bincount(bins, weights, minlength=self.templates.n_bins).astype(np.float64)


@dataclass(frozen=True)
class BinningSample:
    """The events that set the edges: values (E, D) with names, and weights (E,) of which bins hold equal shares."""

    names: tuple[str, ...]
    values: Array
    weights: Array


def histogram_model(
    edges_from: BinningSample,
    pool: WeightedEvents,
    values: Array,
    bins: int | Sequence[int],
    theta_true: npt.ArrayLike,
    theta: Array,
) -> HistogramModel:
    """Fill templates with bins that hold equal shares of the weights of `edges_from`.

    Parameters
    ----------
    edges_from
        Events that set the edges.
    pool
        Events that fill the templates.
    values
        Their values (E, D) of what is binned.
    bins
        Bins per dimension, or those of each; reduced when there are too few events or too many dimensions, with a note.
    theta_true, theta
        Points (P,) and (T, P) at which every bin must have a positive expectation; bins are merged to this end, with a
        note.
    """
    n_dims = len(edges_from.names)
    asked = [bins] * n_dims if isinstance(bins, int) else list(bins)
    chosen = affordable_bins(asked, len(edges_from.values))
    binning = equal_count_binning(edges_from.names, edges_from.values, edges_from.weights, chosen)
    filled = fill_templates(pool, binning.index(values), binning.n_bins)
    nominal = filled.nominal if isinstance(filled, VaryingTemplates) else filled
    groups = merge_groups(nominal, np.asarray(theta_true, dtype=np.float64), as_points(theta), _MIN_EFFECTIVE_EVENTS)
    templates = filled.merged(groups)
    notes = []
    if chosen != asked:
        notes.append(
            f"{_times(chosen)} in place of {_times(asked)} bins, given {len(edges_from.values)} training events"
        )
    if templates.n_bins < filled.n_bins:
        notes.append(
            f"{filled.n_bins - templates.n_bins} of {filled.n_bins} bins were merged with a neighbour: fewer than "
            f"{_MIN_EFFECTIVE_EVENTS:g} effective simulated events, or an expectation that is not positive "
            "on the whole grid"
        )
    return HistogramModel(binning, groups, templates, tuple(notes))


def affordable_bins(bins: Sequence[int], n_events: int) -> list[int]:
    """Return bins per dimension, 2 to `bins`, for at most `MAX_BINS` in all and 20 training events in each."""
    most = min(MAX_BINS, n_events // _EVENTS_PER_BIN)
    if int(np.prod(bins)) <= most:
        return list(bins)
    largest = max(bins)
    while largest > _FEWEST_BINS and int(np.prod(np.minimum(bins, largest))) > most:
        largest -= 1
    return [max(_FEWEST_BINS, min(n, largest)) for n in bins]


def _times(bins: Sequence[int]) -> str:
    return " x ".join(map(str, bins))


def columns(pool: WeightedEvents, names: Sequence[str]) -> Array:
    """Return the named observables of the pool's events, (E, D).

    Raises
    ------
    InferenceError
        If the pool lacks an observable.
    """
    known = list(pool.observables)
    missing = [name for name in names if name not in known]
    if missing:
        raise InferenceError(
            f"no observable {', '.join(missing)} in the events", expected=f"some of {', '.join(known)}"
        )
    return pool.x[:, [known.index(name) for name in names]]


def event_weights(pool: WeightedEvents, theta: npt.ArrayLike) -> Array:
    """Return the events' weights at one point theta (P,), (E,) in pb."""
    weights: Array = pool.weights @ pool.morphing.weights(as_points(theta))[0]
    return weights


def information_weights(scores: Array, weights: Array) -> Array:
    """Return weights (E,) by which bins of equal shares are finer where scores (E, P) are large.

    Every event counts 1 + sum_p (t_p - E[t_p])^2 / Var[t_p] times: its share of the events and of the information on
    each parameter. Scores have long tails, in which few events carry much of the information: bins of equal counts put
    them all into one.
    """
    share = weights / weights.sum()
    squares = (scores - share @ scores) ** 2
    variances = share @ squares
    pulls = np.divide(squares, variances, out=np.zeros_like(squares), where=variances > 0)
    informative: Array = weights * (1.0 + pulls.sum(axis=1))
    return informative


def principal_axes(scores: Array, weights: Array, n_axes: int) -> Array:
    """Return the directions (P, n_axes) in score space that carry most information, as E[t t^T] sees it."""
    share = weights / weights.sum()
    _, vectors = np.linalg.eigh(np.einsum("e,ei,ej->ij", share, scores, scores))
    axes: Array = vectors[:, ::-1][:, :n_axes]
    return axes
