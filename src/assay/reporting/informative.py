"""Where the information is in every observable, and what systematic uncertainties do to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay.events.pool import EventPool
from assay.reporting.content import Picture, Table
from assay.reporting.figures.distributions import common_edges
from assay.reporting.figures.information import InformationInBins, information_histogram, information_in_bins
from assay.reporting.figures.style import AxisLabel
from assay.reporting.figures.variations import distribution_with_systematics, largest, varied_histogram
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import joined, significant
from assay.reporting.run import RunResults

_WHERE = "Where the information is"
_SYSTEMATICS = "Systematic uncertainties of the distributions"


def information_pictures(
    results: RunResults,
    pool: EventPool,
    observables: Mapping[str, AxisLabel],
    parameters: Mapping[str, AxisLabel],
    gallery: Gallery,
) -> tuple[Table, list[Picture]]:
    """Draw the information in the bins of every observable at the reference, and rank the observables by it."""
    reference, luminosity = pool.space.reference_values, results.study.luminosity
    weights = pool.event_weights(reference[None, :])[:, 0]
    gradients = pool.event_weight_gradients(reference)
    pictures, found = [], {}
    for column, (name, label) in enumerate(observables.items()):
        x = pool.x[:, column]
        found[name] = information_in_bins(x, weights, gradients, common_edges(x, weights[:, None]), luminosity)
        pictures.append(
            gallery.add(
                f"information_{name}",
                information_histogram(found[name], label, tuple(parameters[p] for p in pool.space.names)),
                f"Information in {name}",
                f"Grey: share of the cross section at {pool.space.reference}. Dashed: share of the Fisher information "
                "in the complete event record, rate included. Solid: what is left of it if only the events in each bin "
                "are counted.",
                numbers=_columns(found[name], pool.space.names),
                group=_WHERE,
            )
        )
    return _ranking(found, pool.space.names, luminosity), pictures


def _columns(found: InformationInBins, parameters: tuple[str, ...]) -> dict[str, np.ndarray]:
    columns = {"low": found.edges[:-1], "high": found.edges[1:], "share_of_cross_section": found.share}
    for p, name in enumerate(parameters):
        columns |= {f"counted {name}": found.counted[p], f"event record {name}": found.recorded[p]}
    return columns


def _ranking(found: Mapping[str, InformationInBins], parameters: tuple[str, ...], luminosity: float) -> Table:
    """Tabulate the information in a histogram of each observable alone, the most informative first."""
    values = {name: np.maximum((one.counted - one.noise).sum(axis=1), 0.0) for name, one in found.items()}
    best = np.maximum(np.max(list(values.values()), axis=0), np.finfo(float).tiny)
    order = sorted(values, key=lambda name: float((values[name] / best).sum()), reverse=True)
    rows = tuple((name, *(significant(float(value), 3) for value in values[name])) for name in order)
    caption = (
        f"Fisher information in a histogram of one observable alone, rate included, {luminosity:g} fb⁻¹, all other "
        "parameters known; what noise of the simulation adds is subtracted"
    )
    return Table(caption, ("observable", *(f"on {name}" for name in parameters)), rows)


def varied_pictures(
    results: RunResults, pool: EventPool, observables: Mapping[str, AxisLabel], gallery: Gallery
) -> list[Picture]:
    """Draw every observable with its systematic uncertainties; nothing for a study without nuisance parameters."""
    names = pool.nuisance_names
    if not names:
        return []
    reference = pool.space.reference_values[None, :]
    nominal = pool.event_weights(reference)[:, 0]
    shifts = np.eye(len(names))
    varied = {
        name: (pool.event_weights(reference, shifts[k])[:, 0], pool.event_weights(reference, -shifts[k])[:, 0])
        for k, name in enumerate(names)
    }
    pictures = []
    for column, (name, label) in enumerate(observables.items()):
        x = pool.x[:, column]
        found = varied_histogram(x, nominal, varied, common_edges(x, nominal[:, None]))
        numbers = {"low": found.edges[:-1], "high": found.edges[1:], "nominal": found.nominal}
        for nuisance, pair in found.ratios.items():
            numbers |= {f"{nuisance} up": pair[0], f"{nuisance} down": pair[1]}
        pictures.append(
            gallery.add(
                f"systematics_{name}",
                distribution_with_systematics(found, label, pool.space.reference),
                f"{name} with systematic uncertainties",
                f"At {pool.space.reference}. Band: all {len(names)} nuisance parameters by one standard deviation, "
                f"added in quadrature. Lines: ratios to the nominal of {joined(list(largest(found)))}.",
                numbers=numbers,
                group=_SYSTEMATICS,
            )
        )
    return pictures
