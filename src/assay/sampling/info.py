"""What the columns of augmented data are and where they come from, as `sample.json` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.sampling.effective_sizes import EffectiveSampleSize
from assay.sampling.rate import PolynomialRate


@dataclass(frozen=True)
class SampleInfo:
    """What a sample's columns are and where it comes from.

    Parameters
    ----------
    observables, parameters
        The names of the columns of x and of theta: theory parameters, then nuisance parameters.
    ranges
        (low, high) of every parameter in the prior of theta0, or in the parameter space for score samples.
    reference
        theta1 of a ratio sample, theta of a score sample; the reference benchmark if that varies by row.
    effective_sample_size
        None if the sample was not drawn from weighted events.
    n_rounded_to_zero
        Weights found below zero by no more than the rounding of the event file, over all events and hypotheses.
    nuisance
        The last of the parameters: those that are nuisance parameters, in units of their constraint.
    rate
        The cross section at theta relative to the reference; None if the sample was not drawn from weighted events.
    doubly
        Whether theta1 of a ratio sample varies by row.
    """

    observables: tuple[str, ...]
    parameters: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    effective_sample_size: EffectiveSampleSize | None = None
    n_rounded_to_zero: int = 0
    nuisance: tuple[str, ...] = ()
    rate: PolynomialRate | None = None
    doubly: bool = False

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> SampleInfo:
        """Return what `dataclasses.asdict` of a description, written as JSON, describes.

        Raises
        ------
        KeyError, TypeError
            If an entry is missing or too many.
        """
        size, rate = content["effective_sample_size"], content["rate"]
        if size is not None:
            size = EffectiveSampleSize(**{**size, "theta_of_minimum": tuple(size["theta_of_minimum"])})
        if rate is not None:
            rate = PolynomialRate(tuple(map(tuple, rate["powers"])), tuple(rate["coefficients"]))
        return cls(
            observables=tuple(content["observables"]),
            parameters=tuple(content["parameters"]),
            ranges=tuple((low, high) for low, high in content["ranges"]),
            reference=tuple(content["reference"]),
            effective_sample_size=size,
            n_rounded_to_zero=content["n_rounded_to_zero"],
            nuisance=tuple(content["nuisance"]),
            rate=rate,
            doubly=content["doubly"],
        )
