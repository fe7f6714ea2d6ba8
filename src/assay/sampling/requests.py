"""Which augmented data the methods of a study need: light to import, as a stage that is complete asks for no more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from assay.study import model

Kind = Literal["ratio", "doubly", "score", "density"]
Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class SampleRequest:
    """The augmented data that a method is trained on; methods with equal requests share them.

    Parameters
    ----------
    kind
        `ratio`: at theta0 and at one theta1; `doubly`: at pairs of theta0 and theta1; `score`: at the reference;
        `density`: at theta.
    points
        Values of the theory parameters in place of the study's hypotheses, as for estimators of point by point.
    """

    kind: Kind
    points: Points | None = None

    @property
    def name(self) -> str:
        """A name for its folder."""
        if self.points is None:
            return self.kind
        return f"{self.kind}_{hashlib.sha256(repr(self.points).encode()).hexdigest()[:8]}"


def sample_request(method: model.Method) -> SampleRequest | None:
    """Return what a method of a resolved study is trained on; None if it needs no augmented data."""
    if isinstance(method, model.ScoreMethod):
        return SampleRequest("score")
    if isinstance(method, model.DensityMethod):
        return SampleRequest("density")
    if not isinstance(method, model.RatioMethod):
        return None
    if method.family == "doubly_parameterised":
        return SampleRequest("doubly")
    if method.family != "pointwise":
        return SampleRequest("ratio")
    points = [theta for theta in method.points or () if isinstance(theta, dict)]
    return SampleRequest("ratio", tuple(tuple(point.values()) for point in points))
