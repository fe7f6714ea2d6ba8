"""The families of estimators: which network, objective and estimator belong together.

What to use when, of ratios:

- parameterised: the default; any dependence on theta.
- quadratic: where the cross section is a polynomial of even powers (operators at amplitude level); positive by
  construction, and limits cost one evaluation per event instead of one per event and hypothesis.
- morphing-aware: the same for any polynomial, without the guarantee.
- doubly parameterised: when ratios between any two hypotheses are wanted.
- pointwise: few fixed hypotheses, as in a classical analysis; interpolated between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from assay.errors import TrainingError
from assay.estimators.calibrated import CalibratedRatio
from assay.estimators.coefficient_ratio import CoefficientRatio
from assay.estimators.density import Density
from assay.estimators.density_objective import DensityObjective
from assay.estimators.description import Family, ModelDescription
from assay.estimators.doubly_network import DoublyParameterisedNetwork
from assay.estimators.doubly_objective import DoublyObjective
from assay.estimators.doubly_ratio import DoublyParameterisedRatio
from assay.estimators.flows import DensityNetwork
from assay.estimators.methods import DensityMethod, Method, RatioMethod
from assay.estimators.morphing_networks import MorphingAwareNetwork, QuadraticNetwork
from assay.estimators.networks import Features, RatioNetwork, ScoreNetwork
from assay.estimators.objectives import AnyObjective
from assay.estimators.pointwise_network import PointwiseNetwork
from assay.estimators.pointwise_ratio import PointwiseRatio
from assay.estimators.preprocessing import Standardisation, blank_preprocessing
from assay.estimators.preprocessing_fit import invertible_kinds, preprocessing
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.ratio_objective import RatioObjective
from assay.estimators.score import LocalScore
from assay.estimators.score_objective import ScoreObjective
from assay.estimators.settings import FlowSettings, NetworkSettings
from assay.estimators.thin_plate import spans
from assay.sampling.rate import PolynomialRate
from assay.sampling.samples import DensitySample, RatioSample, Sample, ScoreSample

Ratio = ParameterisedRatio | CoefficientRatio | DoublyParameterisedRatio | PointwiseRatio | Density | CalibratedRatio
Estimator = Ratio | LocalScore


@dataclass(frozen=True)
class Parts:
    """What networks are made of; each family takes what it needs."""

    x: Features
    theta: Standardisation
    score: Standardisation
    settings: NetworkSettings
    rate: PolynomialRate | None = None
    middle: torch.Tensor | None = None
    points: torch.Tensor | None = None
    flow: FlowSettings | None = None
    discrete: tuple[bool, ...] = ()


@dataclass(frozen=True)
class FamilyDefinition:
    """A family: how its network is built of parts, trained, and used."""

    sample: type[Sample]
    network: Callable[[Parts], nn.Module]
    objective: Callable[[Any, float, Any, Any], AnyObjective]
    estimator: Callable[[Any, ModelDescription], Estimator]
    centred_at_reference: bool = False


def _score_objective(method: Any, alpha: float, network: ScoreNetwork, sample: ScoreSample) -> ScoreObjective:
    return ScoreObjective(method, network, sample)


def _ratio(network: Callable[[Parts], nn.Module], estimator: type[Any], centred: bool = False) -> FamilyDefinition:
    return FamilyDefinition(RatioSample, network, RatioObjective, estimator, centred)


FAMILIES: Mapping[Family, FamilyDefinition] = MappingProxyType(
    {
        "parameterised_ratio": _ratio(lambda p: RatioNetwork(p.x, p.theta, p.settings), ParameterisedRatio),
        "doubly_parameterised_ratio": FamilyDefinition(
            RatioSample,
            lambda p: DoublyParameterisedNetwork(p.x, p.theta, p.settings),
            DoublyObjective,
            DoublyParameterisedRatio,
        ),
        "morphing_aware_ratio": _ratio(
            lambda p: MorphingAwareNetwork(p.x, p.theta, _rate(p), p.settings), CoefficientRatio, True
        ),
        "quadratic_ratio": _ratio(
            lambda p: QuadraticNetwork(p.x, p.theta, _rate(p), p.settings, p.middle), CoefficientRatio, True
        ),
        "pointwise_ratio": _ratio(lambda p: PointwiseNetwork(p.x, p.theta, _points(p), p.settings), PointwiseRatio),
        "local_score": FamilyDefinition(
            ScoreSample, lambda p: ScoreNetwork(p.x, p.score, p.settings), _score_objective, LocalScore
        ),
        "density": FamilyDefinition(
            DensitySample,
            lambda p: DensityNetwork(p.x, p.theta, p.discrete, p.flow or FlowSettings(), p.settings),
            DensityObjective,
            Density,
        ),
    }
)


def default_family(method: Method) -> Family:
    """Return the family of a method that is not told one."""
    if isinstance(method, RatioMethod):
        return "parameterised_ratio"
    return "density" if isinstance(method, DensityMethod) else "local_score"


def parts_of(sample: Sample, family: Family, settings: NetworkSettings, flow: FlowSettings | None) -> Parts:
    """Return the parts of an untrained network, scaled by a training sample."""
    info = sample.info
    low, high = np.asarray(info.ranges, dtype=np.float64).T
    centre = np.asarray(info.reference) if FAMILIES[family].centred_at_reference else (low + high) / 2.0
    discrete = _discrete(sample.x) if family == "density" else ()
    kinds = settings.preprocessing
    if family == "density":
        kinds = invertible_kinds(sample.x, kinds, discrete)
    score = _moments(sample.t_xz) if isinstance(sample, ScoreSample) else _unit(len(info.parameters))
    points = None
    if family == "pointwise_ratio" and isinstance(sample, RatioSample):
        points = torch.from_numpy(np.unique(np.asarray(sample.theta0), axis=0))
    return Parts(
        x=preprocessing(sample.x, kinds, info.observables),
        theta=Standardisation(torch.from_numpy(centre), torch.from_numpy((high - low) / 2.0)),
        score=score,
        settings=settings,
        rate=info.rate,
        middle=torch.from_numpy((low + high) / 2.0),
        points=points,
        flow=flow,
        discrete=discrete,
    )


def blank_parts(description: ModelDescription) -> Parts:
    """Return the parts of a network whose numbers are to be loaded."""
    n_theta = len(description.parameters)
    return Parts(
        x=blank_preprocessing(description.network.preprocessing, len(description.observables)),
        theta=_unit(n_theta),
        score=_unit(n_theta),
        settings=description.network,
        rate=description.rate,
        points=None if description.points is None else torch.tensor(description.points),
        flow=description.flow,
        discrete=description.discrete,
    )


def check_fits(method: Method, family: Family, sample: Sample) -> None:
    """Refuse a method, a family and a sample that do not fit each other.

    Raises
    ------
    TrainingError
        Saying what would.
    """
    definition = FAMILIES[family]
    kinds = {RatioMethod: "_ratio", DensityMethod: "density"}.get(type(method), "local_score")
    if not family.endswith(kinds):
        raise TrainingError(f"{method.name} is no method of the family {family}", expected=default_family(method))
    if not isinstance(sample, definition.sample):
        raise TrainingError(
            f"{method.name} cannot be trained on a {sample.kind} sample",
            expected=f"a {definition.sample.kind} sample",
            where=method.name,
        )
    doubly = family == "doubly_parameterised_ratio"
    if isinstance(sample, RatioSample) and sample.info.doubly != doubly:
        raise TrainingError(
            f"theta1 {'varies' if sample.info.doubly else 'is the same'} in the sample",
            where=family,
            expected="two free hypotheses" if doubly else "a fixed denominator",
            mend="draw the sample for this family",
        )
    if family == "pointwise_ratio" and isinstance(sample, RatioSample):
        _check_points(sample)
    if family == "pointwise_ratio" and method.uses_joint_score:
        raise TrainingError(
            f"{method.name} with a network per point",
            expected="carl, rolr or alice: networks of single points have no derivative in theta",
            mend="take another family, or a method without the score",
        )


def _rate(parts: Parts) -> PolynomialRate:
    if parts.rate is None:
        raise TrainingError(
            "the sample does not say how the cross section depends on the parameters",
            expected="a sample drawn from weighted events, or info.rate",
            mend="take the family parameterised",
        )
    return parts.rate


def _points(parts: Parts) -> torch.Tensor:
    if parts.points is None or len(parts.points) > _MOST_POINTS:
        found = 0 if parts.points is None else len(parts.points)
        raise TrainingError(
            f"{found} points, each with a network of its own",
            expected=f"one to {_MOST_POINTS}",
            mend="draw the sample at fixed points (sampling.numerator, or the method's points)",
        )
    return parts.points


def _check_points(sample: RatioSample) -> None:
    nodes = np.vstack([np.unique(np.asarray(sample.theta0), axis=0), np.asarray(sample.info.reference)])
    low, high = np.asarray(sample.info.ranges, dtype=np.float64).T
    if not spans((nodes - low) / (high - low)):
        raise TrainingError(
            f"{len(nodes) - 1} points and the reference lie on a line, plane or hyperplane of the parameters",
            where="pointwise",
            expected="points that span all parameters, between which log r can be interpolated",
            mend="give more points",
        )


_MOST_POINTS = 200
_MOST_COUNTS = 1e5


def _unit(n: int) -> Standardisation:
    return Standardisation(torch.zeros(n), torch.ones(n))


def _moments(values: NDArray[np.float32]) -> Standardisation:
    mean, deviation = np.mean(values, axis=0, dtype=np.float64), np.std(values, axis=0, dtype=np.float64)
    return Standardisation(torch.from_numpy(mean), torch.from_numpy(deviation))


def _discrete(x: NDArray[np.float32]) -> tuple[bool, ...]:
    """Return which observables (N, O) are counts: whole numbers, of which there are some, and not rounded ones."""
    return tuple(
        bool((column == np.round(column)).all() and column.min() < column.max() and np.abs(column).max() < _MOST_COUNTS)
        for column in np.asarray(x).T
    )
