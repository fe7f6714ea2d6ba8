"""Fisher information of each kind of method from an event pool: what the evaluate stage calls.

Each function returns two results, with the rate and from the shape alone; the rate always comes from all events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.inference.fisher import (
    calibrated_information,
    histogram_information,
    rate_information,
    score_information,
    with_rate,
)
from assay.inference.histograms import event_weights
from assay.inference.information import FisherResult
from assay.inference.nuisance_information import event_rows
from assay.inference.protocols import Array, UncertainExpectations, WeightedEvents


@dataclass(frozen=True)
class FisherSetting:
    """Where information is evaluated.

    Parameters
    ----------
    total
        Cross section of all events after cuts: `assay.inference.measurements.total_templates`, or, with nuisance
        parameters, `assay.inference.nuisance_information.BinnedEvents.total`.
    theta
        The point, (P + K,), zero for nuisance parameters.
    luminosity
        fb^-1.
    parameters
        Names, nuisance parameters last.
    nuisance
        Names of the last K.
    """

    total: UncertainExpectations
    theta: tuple[float, ...]
    luminosity: float
    parameters: tuple[str, ...]
    nuisance: tuple[str, ...] = ()

    @property
    def of_interest(self) -> tuple[float, ...]:
        """The point without nuisance parameters, (P,)."""
        return self.theta[: len(self.theta) - len(self.nuisance)]

    @property
    def sigma(self) -> float:
        """Cross section at theta after cuts, pb."""
        return float(self.total.cross_sections(self.theta)[0, 0])

    def rate(self) -> FisherResult:
        """Return the information in the number of events."""
        return rate_information(self.total, self.theta, self.luminosity, self.parameters)


def histogram_fisher(
    setting: FisherSetting, templates: UncertainExpectations, method: str
) -> tuple[FisherResult, FisherResult]:
    """Return the information in a histogram; its templates may come from a part of the events."""
    whole = templates.scaled(setting.sigma / float(templates.cross_sections(setting.theta).sum()))
    shape = histogram_information(
        whole, setting.theta, setting.luminosity, setting.parameters, method, include_rate=False
    )
    return with_rate(shape, setting.rate()), shape


def score_fisher(
    setting: FisherSetting, events: WeightedEvents, scores: npt.ArrayLike, method: str
) -> tuple[FisherResult, FisherResult]:
    """Return the information in an estimated score (E, P) at the setting's theta, of events that it was not trained on.

    The scores of SALLY are those of its reference point, so the setting's theta has to be that; a ratio estimator
    gives its score anywhere.
    """
    weights = event_weights(events, setting.of_interest)
    shape = score_information(
        scores, weights, setting.theta, setting.luminosity, setting.sigma, setting.parameters, method
    )
    return with_rate(shape, setting.rate()), shape


def calibrated_fisher(
    setting: FisherSetting, events: WeightedEvents, scores: npt.ArrayLike, method: str
) -> tuple[FisherResult, FisherResult]:
    """Return what the mean of an estimated score provably carries, with the joint scores of the same events."""
    shape = calibrated_information(
        scores,
        joint_scores(events, setting.of_interest),
        event_weights(events, setting.of_interest),
        setting.theta,
        setting.luminosity,
        setting.sigma,
        setting.parameters,
        method,
    )
    return with_rate(shape, setting.rate()), shape


def truth_fisher(
    setting: FisherSetting, events: WeightedEvents, method: str = "parton level"
) -> tuple[FisherResult, FisherResult]:
    """Return the information in the complete event record: an upper bound, labelled as such."""
    shape = score_information(
        joint_scores(events, setting.of_interest),
        event_weights(events, setting.of_interest),
        setting.theta,
        setting.luminosity,
        setting.sigma,
        setting.parameters,
        method,
        parton_level=True,
    )
    return with_rate(shape, setting.rate()), shape


def joint_scores(events: WeightedEvents, theta: npt.ArrayLike) -> Array:
    """Return grad log [w / sigma] of events by theta and their nuisance parameters, (E, P + K), at theta (P,), nu = 0.

    It is 0 for events of weight 0 at theta, which have no part in means.
    """
    rows = event_rows(events, np.asarray(theta, dtype=np.float64))
    weights, gradients = rows[:, 0], rows[:, 1:]
    slope = gradients.sum(axis=0) / weights.sum()
    used = weights != 0
    scores: Array = np.divide(gradients, weights[:, None], out=np.zeros_like(gradients), where=used[:, None]) - slope
    return np.where(used[:, None], scores, 0.0)


def profiled(results: Sequence[FisherResult], nuisance: tuple[str, ...]) -> tuple[FisherResult, ...]:
    """Return the information on the parameters of interest, with nuisance parameters constrained and profiled."""
    if not nuisance:
        return tuple(results)
    keep = [name for name in results[0].parameters if name not in nuisance]
    return tuple(result.constrain(dict.fromkeys(nuisance, 1.0)).profile(keep) for result in results)
