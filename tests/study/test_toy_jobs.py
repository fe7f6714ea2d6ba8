from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from assay.study.load import load_study
from assay.study.model import Study
from assay.study.model_toys import PosteriorSection, ToysSection
from assay.study.toy_jobs import NO_TOYS, toy_jobs

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def with_toys(section: ToysSection | None) -> Study:
    study = load_study(INPUT)
    return study.model_copy(update={"limits": study.limits.model_copy(update={"toys": section})})


def test_without_toys_there_is_one_job_that_does_nothing() -> None:
    (job,) = toy_jobs(with_toys(None))
    assert (job.name, job.method, job.n_toys) == (NO_TOYS, "", 0)


def test_jobs_share_the_experiments_of_each_method() -> None:
    jobs = toy_jobs(with_toys(ToysSection(experiments=100, jobs=3, methods=("alices", "rate"))))
    assert [job.name for job in jobs] == [
        f"{method}~toys{number}" for method in ("alices", "rate") for number in (1, 2, 3)
    ]
    assert [job.n_toys for job in jobs] == [34, 33, 33] * 2
    assert {job.method for job in jobs} == {"alices", "rate"}


def test_all_methods_by_default_and_never_more_jobs_than_experiments() -> None:
    study = with_toys(ToysSection(experiments=20, jobs=100))
    jobs = toy_jobs(study)
    assert len(jobs) == 20 * len(study.methods)
    assert all(job.n_toys == 1 for job in jobs)


def test_names_are_safe_in_file_names_and_shells() -> None:
    for job in toy_jobs(with_toys(ToysSection())):
        assert job.name.replace("~", "").replace("_", "").isalnum()


@pytest.mark.parametrize("wrong", [{"experiments": 5}, {"jobs": 0}, {"points": ()}, {"something": 1}])
def test_wrong_sections_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        ToysSection(**wrong)


def test_posteriors_need_walkers_and_steps() -> None:
    with pytest.raises(ValidationError):
        PosteriorSection(walkers=2)
    with pytest.raises(ValidationError):
        PosteriorSection(steps=10)
