"""Hypotheses and samples as a study asks for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import SamplingError
from assay.events.pool import EventPool, Partition
from assay.sampling.from_study import (
    hypothesis_prior,
    nuisance_names,
    point_of,
    sample_source,
)
from assay.sampling.priors import Flat, Gaussian, IndependentPrior, LogUniform, PointsPrior
from assay.sampling.requests import SampleRequest, sample_request
from assay.study import model
from assay.study.load import load_study
from assay.study.resolve import resolve, trained_interval

from .varied import NUISANCE, varied_pool

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"
ALL = (SampleRequest("ratio"), SampleRequest("doubly"), SampleRequest("score"), SampleRequest("density"))


def study_with(**sampling: Any) -> model.Study:
    """The default study, of two parameters, with another section `sampling`."""
    study = load_study(INPUT)
    return study.model_copy(update={"sampling": study.sampling.model_copy(update=sampling)})


@pytest.fixture(scope="module")
def varied() -> EventPool:
    return varied_pool(1500, 2000)


@pytest.fixture
def study() -> model.Study:
    section = {"CWL2": model.FlatPrior(flat=(-0.5, 0.5)), "CPWL2": model.FlatPrior(flat=(-0.5, 0.5))}
    return study_with(prior=section, hypotheses=100)


def test_every_kind_of_prior_becomes_its_marginal() -> None:
    flat, gaussian = model.FlatPrior(flat=(-0.5, 0.25)), model.GaussianPrior(gaussian=(0.5, 0.25))
    prior = hypothesis_prior(study_with(prior={"CWL2": flat, "CPWL2": gaussian}))
    assert isinstance(prior, IndependentPrior)
    assert prior.sequence == "sobol"
    assert prior.marginals[0] == Flat(-0.5, 0.25)
    assert prior.marginals[1] == Gaussian(0.5, 0.25, -0.25, 1.2)  # up to three standard deviations, or the range
    logarithmic = model.LogUniformPrior(log_uniform=(0.01, 1.0))
    other = hypothesis_prior(study_with(prior={"CWL2": logarithmic, "CPWL2": flat}, sequence="independent"))
    assert isinstance(other, IndependentPrior)
    assert other.marginals[0] == LogUniform(0.01, 1.0)
    assert other.sequence == "independent"


def test_without_a_prior_the_range_counts() -> None:
    np.testing.assert_array_equal(hypothesis_prior(study_with(prior={})).ranges, [[-1.2, 1.2], [-1.2, 1.2]])


def test_nuisance_parameters_are_gaussian_unless_the_study_says_otherwise(varied: EventPool) -> None:
    default = study_with(prior={})
    assert nuisance_names(default, varied) == NUISANCE
    prior = hypothesis_prior(default, NUISANCE)
    assert isinstance(prior, IndependentPrior)
    assert prior.marginals[2:] == (Gaussian(0.0, 1.0, -3.0, 3.0),) * 2
    chosen = study_with(nuisance={"tt_normalisation": model.FlatPrior(flat=(-2.0, 2.0))})
    assert nuisance_names(chosen, varied) == ("tt_normalisation",)
    one = hypothesis_prior(chosen, ("tt_normalisation",))
    assert isinstance(one, IndependentPrior)
    assert one.marginals[2:] == (Flat(-2.0, 2.0),)
    assert nuisance_names(study_with(nuisance={}), varied) == ()
    with pytest.raises(SamplingError, match="muf"):
        nuisance_names(study_with(nuisance={"muf": model.FlatPrior(flat=(-1.0, 1.0))}), varied)


def test_numerators_are_benchmarks_and_points(varied: EventPool) -> None:
    study = study_with(prior={}, numerator=("sm", {"CWL2": 0.5, "CPWL2": -0.25}), nuisance={})
    prior = hypothesis_prior(study)
    assert isinstance(prior, PointsPrior)
    assert prior.points == ((0.0, 0.0), (0.5, -0.25))
    np.testing.assert_array_equal(prior.ranges, [[-1.2, 1.2], [-1.2, 1.2]])
    sample = sample_source(study, SampleRequest("ratio"), varied, Partition.TRAIN, 400)(np.random.default_rng(1))
    np.testing.assert_array_equal(np.unique(sample.theta0, axis=0), [[0.0, 0.0], [0.5, -0.25]])
    # with nuisance parameters, each point comes with many values of these
    both = study_with(prior={}, numerator=("sm",), hypotheses=50)
    sample = sample_source(both, SampleRequest("ratio"), varied, Partition.TRAIN, 400)(np.random.default_rng(1))
    assert len(np.unique(sample.theta0, axis=0)) == 50
    assert np.all(sample.theta0[:, :2] == 0.0)


def test_points_of_a_request_take_the_place_of_the_studys_hypotheses(study: model.Study, pool: EventPool) -> None:
    request = SampleRequest("ratio", ((0.25, 0.5), (0.5, 0.25), (0.0, 0.75)))
    sample = sample_source(study, request, pool, Partition.TRAIN, 300)(np.random.default_rng(2))
    assert sorted(map(tuple, np.unique(sample.theta0, axis=0))) == sorted(request.points or ())
    assert request.name != SampleRequest("ratio").name != SampleRequest("ratio", ((0.25, 0.5),)).name


def test_the_denominator_is_the_reference_unless_the_study_says_otherwise(pool: EventPool) -> None:
    for denominator, expected in ((None, (0.0, 0.0)), ({"CWL2": 0.25, "CPWL2": 0.5}, (0.25, 0.5))):
        study = study_with(prior={"CWL2": model.FlatPrior(flat=(-0.5, 0.5))}, hypotheses=50, denominator=denominator)
        sample = sample_source(study, SampleRequest("ratio"), pool, Partition.TRAIN, 200)(np.random.default_rng(3))
        assert sample.info.reference == expected
        assert np.all(sample.theta1 == expected)
    # the score is at the reference all the same
    score = sample_source(study, SampleRequest("score"), pool, Partition.TRAIN, 200)(np.random.default_rng(3))
    assert score.info.reference == (0.0, 0.0)


def test_points_are_found_by_name_and_by_value() -> None:
    study = load_study(INPUT)
    assert point_of(study, None) == point_of(study, "sm") == (0.0, 0.0)
    assert point_of(study, {"CPWL2": 2.0, "CWL2": 1.0}) == (1.0, 2.0)
    with pytest.raises(SamplingError, match="unknown"):
        point_of(study, "sn")
    with pytest.raises(SamplingError, match="CPWL2"):
        point_of(study, {"CWL2": 1.0})


def test_methods_of_the_same_kind_share_their_samples() -> None:
    methods = load_study(INPUT).methods
    requests = {name: sample_request(method) for name, method in methods.items()}
    assert requests["alices"] == SampleRequest("ratio")
    assert requests["sally"] == SampleRequest("score")
    assert requests["rate"] is None


def test_every_family_gets_the_samples_that_it_learns_from(varied: EventPool) -> None:
    study = load_study(INPUT)
    methods: dict[str, model.Method] = {
        "quadratic": model.RatioMethod(kind="alices", family="quadratic"),
        "both": model.RatioMethod(kind="alices", family="doubly_parameterised"),
        "grid": model.RatioMethod(kind="alice", family="pointwise"),
        "two": model.RatioMethod(kind="alice", family="pointwise", points=("sm", {"CPWL2": 0.5, "CWL2": -0.25})),
        "sallino": model.ScoreMethod(kind="sallino"),
        "scandal": model.DensityMethod(kind="scandal"),
    }
    resolved = resolve(study.model_copy(update={"methods": methods})).methods
    requests = {name: sample_request(method) for name, method in resolved.items()}
    kinds = {name: request.kind for name, request in requests.items() if request is not None}
    assert kinds == {
        "quadratic": "ratio",
        "both": "doubly",
        "grid": "ratio",
        "two": "ratio",
        "sallino": "score",
        "scandal": "density",
    }
    grid, two = requests["grid"], requests["two"]
    assert grid is not None
    assert two is not None
    assert two.points == ((0.0, 0.0), (-0.25, 0.5))  # in the order of the study's parameters
    assert grid.points is not None
    assert len(set(grid.points)) == 25
    low, high = trained_interval(study.parameters["CWL2"], study.sampling.prior.get("CWL2"))
    assert sorted({point[0] for point in grid.points}) == pytest.approx([low, low / 2, 0.0, high / 2, high], abs=1e-9)
    # networks of single points know no nuisance parameters
    sample = sample_source(study, two, varied, Partition.TRAIN, 100)(np.random.default_rng(1))
    assert sample.info.nuisance == ()
    assert sample.t_xz.shape[1] == 2


@pytest.mark.parametrize("request_", ALL, ids=lambda request: request.kind)
def test_all_kinds_have_the_rows_and_the_columns_that_were_asked_for(
    request_: SampleRequest, study: model.Study, varied: EventPool
) -> None:
    sample = sample_source(study, request_, varied, Partition.VALIDATION, 501)(np.random.default_rng(4))
    assert sample.kind == ("ratio" if request_.kind == "doubly" else request_.kind)
    assert sample.info.doubly == (request_.kind == "doubly")
    assert len(sample) == (500 if sample.kind == "ratio" else 501)
    assert sample.t_xz.shape[1] == 4
    assert sample.info.nuisance == NUISANCE


def test_no_event_is_in_two_partitions_whatever_the_method_or_the_member(study: model.Study, varied: EventPool) -> None:
    """Training events of one method or member are never validation or test events of another."""
    numbers: dict[Partition, set[float]] = {partition: set() for partition in Partition}
    for partition in Partition:
        for kind in ALL:
            source = sample_source(study, kind, varied, partition, 2000)
            for member in range(3):
                numbers[partition] |= set(source(np.random.default_rng([member, partition])).x[:, 3].tolist())
            for epoch in range(2):
                numbers[partition] |= set(source.stream((7,)).draw(epoch).x[:, 3].tolist())
    for partition in Partition:
        own = set(np.flatnonzero(varied.partition == partition).astype(float).tolist())
        assert numbers[partition] <= own
        assert len(numbers[partition]) > 0.9 * len(own)
    assert not numbers[Partition.TRAIN] & numbers[Partition.VALIDATION]
    assert not numbers[Partition.TRAIN] & numbers[Partition.TEST]
    assert not numbers[Partition.VALIDATION] & numbers[Partition.TEST]


def test_too_few_effective_events_are_refused_as_the_study_says(make_pool: Callable[..., EventPool]) -> None:
    few = make_pool(100)
    source = sample_source(
        study_with(prior={}, min_effective_events=1000.0), SampleRequest("score"), few, Partition.TRAIN, 100
    )
    with pytest.raises(SamplingError, match="unweighted events"):
        source(np.random.default_rng(5))
    told = sample_source(
        study_with(prior={}, min_effective_events=50.0), SampleRequest("score"), few, Partition.TRAIN, 100
    )(np.random.default_rng(5)).info.effective_sample_size
    assert told is not None
    assert told.warning_threshold == 500.0
    assert told.warning is not None
