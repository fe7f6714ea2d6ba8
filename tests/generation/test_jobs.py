from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.from_study import benchmark_couplings, embedded_settings
from assay.generation.jobs import Job, jobs_of
from assay.study.load import load_study
from assay.study.model import Study
from assay.theory.from_study import parameter_space

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


@pytest.fixture
def study() -> Study:
    return load_study(INPUT)


def with_jobs(study: Study, events: int, jobs: int) -> Study:
    process = study.process.model_copy(update={"events_per_benchmark": events, "jobs_per_benchmark": jobs})
    return study.model_copy(update={"process": process})


@pytest.mark.parametrize(("events", "jobs"), [(10, 1), (10, 3), (7, 7), (1000, 9)])
def test_events_are_shared_whole(study: Study, events: int, jobs: int) -> None:
    made = jobs_of(with_jobs(study, events, jobs), ["sm", "w"])
    assert len(made) == 2 * jobs
    for benchmark in ("sm", "w"):
        shares = [job.n_events for job in made if job.benchmark == benchmark]
        assert sum(shares) == events
        assert max(shares) - min(shares) <= 1


def test_no_two_jobs_share_a_seed_and_more_jobs_change_none(study: Study) -> None:
    """The predecessor ran all jobs of a benchmark with one seed: the same events again and again."""
    few, many = jobs_of(with_jobs(study, 100, 3), ["sm", "w"]), jobs_of(with_jobs(study, 100, 5), ["sm", "w"])
    assert len({job.seed for job in many}) == len(many)
    seeds = {job.name: job.seed for job in many}
    assert all(seeds[job.name] == job.seed for job in few)
    other = jobs_of(with_jobs(study.model_copy(update={"seed": 2}), 100, 3), ["sm"])
    assert not {job.seed for job in other} & set(seeds.values())


def test_a_job_goes_to_a_file_and_back(study: Study, tmp_path: Path) -> None:
    (job,) = jobs_of(with_jobs(study, 10, 1), ["sm"])
    assert Job.read(job.write(tmp_path)) == job
    (tmp_path / "other.json").write_text('{"name": "x"}')
    with pytest.raises(GenerationError, match="not a job"):
        Job.read(tmp_path / "other.json")


def test_settings_and_couplings_of_the_study(study: Study) -> None:
    settings = embedded_settings(study)
    assert (settings.process, settings.beam_energy, settings.scale) == ("wbf_higgs_w_fusion", 6500.0, "dynamical")
    assert (settings.min_jet_pt, settings.max_jet_eta, settings.min_jet_separation) == (20.0, 5.0, 0.4)
    couplings = benchmark_couplings(parameter_space(study, 1)[0])
    assert couplings["sm"] == {"CWL2": 0.0, "CPWL2": 0.0}
    assert couplings["w"]["CWL2"] == pytest.approx(16.52 * 1.2)
