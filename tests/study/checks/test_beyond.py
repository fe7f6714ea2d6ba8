from __future__ import annotations

from pathlib import Path

import pytest

from assay.study.checks.beyond import posterior, toys
from assay.study.checks.draft import Draft
from assay.study.model import FlatPrior, GaussianPrior, LimitsSection, ParameterSection, Theta
from assay.study.model_toys import PosteriorSection, ToysSection

pytestmark = pytest.mark.fast


def draft(toys: ToysSection | None = None, posterior: PosteriorSection | None = None, n: int = 2) -> Draft:
    parameters = {f"c{i}": ParameterSection(lha_id=i, range=(-1.0, 1.0)) for i in range(n)}
    return Draft(
        Path(),
        declared={"parameters": tuple(parameters), "benchmarks": ("sm",), "methods": ("alice", "rate")},
        parameters=parameters,
        benchmarks={"sm": dict.fromkeys(parameters, 0.0)},
        limits=LimitsSection(toys=toys, posterior=posterior),
    )


def test_neither_is_asked_for() -> None:
    assert not list(toys(draft()))
    assert not list(posterior(draft()))


def test_toys_of_methods_and_at_points_that_there_are() -> None:
    points: tuple[Theta, ...] = ("sm", {"c0": 0.5, "c1": -0.5})
    assert not list(toys(draft(ToysSection(methods=("alice", "rate"), points=points))))
    found = list(toys(draft(ToysSection(methods=("alice", "alicce", "alice"), points=("bsm", {"c0": 0.5, "c1": 2.0})))))
    assert [finding.location[2:] for finding in found][:3] == [("methods", 1), ("methods", 2), ("points", 0)]
    assert found[3].location[2:4] == ("points", 1)
    assert len(found) == 4


def test_priors_of_parameters() -> None:
    good = {"c0": FlatPrior(flat=(-1.0, 1.0)), "c1": GaussianPrior(gaussian=(0.0, 1.0))}
    assert not list(posterior(draft(posterior=PosteriorSection(prior=good))))
    bad = {"c0": FlatPrior(flat=(1.0, -1.0)), "d": GaussianPrior(gaussian=(0.0, 1.0))}
    found = list(posterior(draft(posterior=PosteriorSection(prior=bad))))
    assert [finding.location[3:] for finding in found] == [("c0", "flat"), ("d",)]


def test_walkers_for_all_parameters() -> None:
    assert not list(posterior(draft(posterior=PosteriorSection(walkers=8), n=4)))
    (finding,) = posterior(draft(posterior=PosteriorSection(walkers=7), n=4))
    assert finding.location == ("limits", "posterior", "walkers")
    assert finding.expected == "at least 8"
