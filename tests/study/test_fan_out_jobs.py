"""The names of the jobs of the stages train and toys: seeds derive from them, and results find their method by them."""

from __future__ import annotations

from typing import Any

import pytest

from assay.study.model import LimitsSection, Method, RateMethod, RatioMethod, ScoreMethod, Study
from assay.study.model_scan import ScanSection
from assay.study.model_toys import ToysSection
from assay.study.toy_jobs import NO_TOYS, ToyJob, toy_jobs
from assay.study.training_jobs import TrainingJob, method_of_job, training_jobs

pytestmark = pytest.mark.fast


def study(methods: dict[str, Method], toys: ToysSection | None = None) -> Study:
    return Study.model_construct(methods=methods, limits=LimitsSection(toys=toys))


def scan(**settings: Any) -> ScanSection:
    return ScanSection.model_validate({"parameters": {"epochs": (1, 2), "batch_size": (3, 4)}, **settings})


def test_a_job_for_every_training() -> None:
    methods: dict[str, Method] = {
        "alices": RatioMethod(kind="alices", ensemble=3),
        "sally": ScoreMethod(kind="sally", scan=scan(trials=9, jobs=2)),
        "rate": RateMethod(kind="rate"),
        "alice": RatioMethod(kind="alice"),
    }
    jobs = training_jobs(study(methods))
    assert [job.name for job in jobs] == [
        *("alices~member1", "alices~member2", "alices~member3"),
        *("sally~scan1", "sally~scan2"),
        *("rate", "alice"),
    ]
    assert [job.method for job in jobs] == [method_of_job(job.name) for job in jobs]
    assert jobs[4] == TrainingJob("sally~scan2", "sally", 1)
    assert {job.scan for job in jobs if job.method != "sally"} == {None}


@pytest.mark.parametrize(
    ("settings", "n_jobs"),
    [
        ({"trials": 2, "jobs": 5}, 2),
        ({"sampler": "grid", "trials": 100, "jobs": 5}, 4),
        ({"sampler": "grid", "trials": 3, "jobs": 5}, 3),
        ({"sampler": "optuna", "trials": 100, "jobs": 5}, 5),
    ],
)
def test_no_job_of_a_scan_is_without_a_trial(settings: dict[str, Any], n_jobs: int) -> None:
    assert scan(**settings).n_jobs == n_jobs


def test_jobs_of_toys_share_the_experiments() -> None:
    methods: dict[str, Method] = {"alice": RatioMethod(kind="alice"), "rate": RateMethod(kind="rate")}
    assert toy_jobs(study(methods)) == (ToyJob(NO_TOYS, "", 0),)
    jobs = toy_jobs(study(methods, ToysSection(experiments=20, jobs=3)))
    assert [(job.name, job.n_toys) for job in jobs[:3]] == [("alice~toys1", 7), ("alice~toys2", 7), ("alice~toys3", 6)]
    assert [job.method for job in jobs] == ["alice"] * 3 + ["rate"] * 3
    (alone,) = toy_jobs(study(methods, ToysSection(experiments=20, methods=("rate",))))
    assert alone == ToyJob("rate~toys1", "rate", 20)
    assert len(toy_jobs(study(methods, ToysSection(experiments=20, jobs=50, methods=("rate",))))) == 20
