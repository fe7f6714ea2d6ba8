"""Fisher information of each kind of method from an event pool: what the evaluate stage calls.

Each function returns two results, with the rate and from the shape alone; the rate always comes from all events.
"""

from __future__ import annotations

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
from assay.inference.protocols import Array, WeightedEvents, as_points
from assay.inference.templates import Templates


@dataclass(frozen=True)
class FisherSetting:
    """Where information is evaluated.

    Parameters
    ----------
    total
        Cross section of all events after cuts, from `assay.inference.expected.total_templates`.
    theta
        The point, (P,).
    luminosity
        fb^-1.
    parameters
        Names.
    """

    total: Templates
    theta: tuple[float, ...]
    luminosity: float
    parameters: tuple[str, ...]

    @property
    def sigma(self) -> float:
        """Cross section at theta after cuts, pb."""
        return float(self.total.cross_sections(self.theta)[0, 0])

    def rate(self) -> FisherResult:
        """Return the information in the number of events."""
        return rate_information(self.total, self.theta, self.luminosity, self.parameters)


def histogram_fisher(setting: FisherSetting, templates: Templates, method: str) -> tuple[FisherResult, FisherResult]:
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
    weights = event_weights(events, setting.theta)
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
        joint_scores(events, setting.theta),
        event_weights(events, setting.theta),
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
        joint_scores(events, setting.theta),
        event_weights(events, setting.theta),
        setting.theta,
        setting.luminosity,
        setting.sigma,
        setting.parameters,
        method,
        parton_level=True,
    )
    return with_rate(shape, setting.rate()), shape


def joint_scores(events: WeightedEvents, theta: npt.ArrayLike) -> Array:
    """Return grad log [w_theta / sigma(theta)] of events (E, P) at theta (P,).

    It is 0 for events of weight 0 at theta, which have no part in means.
    """
    point = as_points(theta)
    gradients = events.weights @ events.morphing.weight_gradients(point)[0]
    weights = event_weights(events, theta)
    slope = gradients.sum(axis=0) / weights.sum()
    used = weights != 0
    scores: Array = np.divide(gradients, weights[:, None], out=np.zeros_like(gradients), where=used[:, None]) - slope
    return np.where(used[:, None], scores, 0.0)
