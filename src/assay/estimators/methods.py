"""The registry of methods.

What to use when:

- ALICES: the default for limits; the fewest samples for a given accuracy when the joint score is smooth.
- ALICE: as good with many samples, 1.3 times as fast to train, no weight to choose.
- SALLY: the smallest network and the least data; optimal near the reference point, the natural choice for many
  parameters and for Fisher information.
- SALLINO: SALLY's network with a statistic of one dimension; for more parameters than histograms have axes.
- SCANDAL: a density, when samples or likelihoods themselves are wanted; NDE the same without joint quantities.
- CARL: needs no joint quantities; the baseline that shows what they are worth, and the check on them.
- ROLR, RASCAL, CASCAL: forerunners, for comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from assay.errors import TrainingError
from assay.estimators.alice import alice
from assay.estimators.alices import alices
from assay.estimators.carl import carl
from assay.estimators.cascal import cascal
from assay.estimators.likelihood_ratio import RatioBatch
from assay.estimators.nde import nde
from assay.estimators.rascal import rascal
from assay.estimators.rolr import rolr
from assay.estimators.sallino import sallino
from assay.estimators.sally import sally
from assay.estimators.scandal import scandal


@dataclass(frozen=True)
class RatioMethod:
    """A method that estimates log r(x | theta0, theta1).

    Parameters
    ----------
    name
        As in the study.
    objective
        From a batch and alpha to the loss.
    uses_joint_score
        Whether the objective has a score term, weighted by alpha.
    arxiv
        The paper that defines it.
    """

    name: str
    objective: Callable[[RatioBatch, float], Tensor]
    uses_joint_score: bool
    arxiv: str


@dataclass(frozen=True)
class ScoreMethod:
    """A method that estimates the score t(x | theta) at a reference point; `objective` as `sally.sally`."""

    name: str
    objective: Callable[[Tensor, Tensor, Tensor], Tensor]
    arxiv: str
    uses_joint_score: bool = True


@dataclass(frozen=True)
class DensityMethod:
    """A method that estimates the density p(x | theta); `objective` as `scandal.scandal`."""

    name: str
    objective: Callable[[Tensor, Tensor, Tensor, float], Tensor]
    uses_joint_score: bool
    arxiv: str


Method = RatioMethod | ScoreMethod | DensityMethod

_METHODS: tuple[Method, ...] = (
    RatioMethod("carl", carl, False, "1506.02169"),
    RatioMethod("rolr", rolr, False, "1805.00020"),
    RatioMethod("cascal", cascal, True, "1805.00020"),
    RatioMethod("rascal", rascal, True, "1805.00020"),
    RatioMethod("alice", alice, False, "1808.00973"),
    RatioMethod("alices", alices, True, "1808.00973"),
    ScoreMethod("sally", sally, "1805.00020"),
    ScoreMethod("sallino", sallino, "1805.00020"),
    DensityMethod("nde", nde, False, "1805.12244"),
    DensityMethod("scandal", scandal, True, "1805.12244"),
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _METHODS})


def method_named(name: str) -> Method:
    """Return a method by its name.

    Raises
    ------
    TrainingError
        If there is no such method; no other one is taken instead.
    """
    if name not in METHODS:
        raise TrainingError(f"unknown method {name!r}", expected=f"one of {', '.join(METHODS)}")
    return METHODS[name]
