from __future__ import annotations

import math

import pytest
from reana_commons.job_utils import (
    kubernetes_cpu_to_millicores,
    kubernetes_memory_to_bytes,
    validate_kubernetes_cpu,
    validate_kubernetes_memory,
)

from assay.errors import WorkflowError
from assay.running.resources import StepResources, merge, notation, resources_of
from assay.study.model import BackendOptions, ResourcesSection

pytestmark = pytest.mark.fast

HONOURED = {
    "compute_backend", "kerberos", "kubernetes_cpu_limit", "kubernetes_cpu_request", "kubernetes_job_timeout",
    "kubernetes_memory_limit", "kubernetes_memory_request", "kubernetes_uid", "unpacked_img", "voms_proxy", "rucio",
    "htcondor_accounting_group", "htcondor_max_runtime", "slurm_partition", "slurm_time",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "memory"),
    [("4Gi", 4 * 2**30), ("512Mi", 2**29), ("1.5Gi", 3 * 2**29), ("2G", 2 * 10**9), ("1000", 1000), ("3k", 3000)],
)
def test_memory_as_kubernetes_writes_it(text: str, memory: int) -> None:
    assert resources_of([{"kubernetes_memory_limit": text}]) == StepResources(memory=memory)


@pytest.mark.parametrize(("text", "cores"), [("2", 2), (3, 3), ("500m", 1), ("1500m", 2), ("0.5", 1)])
def test_a_part_of_a_core_is_a_core(text: str | int, cores: int) -> None:
    assert resources_of([{"kubernetes_cpu_limit": text}]) == StepResources(cores=cores)


@pytest.mark.parametrize("text", ["4 Gi", "-1", "", "much", "4GiB", "1e3"])
def test_other_quantities_are_refused(text: str) -> None:
    with pytest.raises(WorkflowError, match="cannot be read"):
        resources_of([{"kubernetes_memory_limit": text}])


def test_the_last_of_several_counts_and_others_are_passed_over() -> None:
    listed = [{"kubernetes_job_timeout": 60}, {"voms_proxy": True}, {"kubernetes_job_timeout": 90}]
    assert resources_of(listed) == StepResources(time_limit=90)
    assert merge(listed) == {"kubernetes_job_timeout": 90, "voms_proxy": True}
    assert resources_of([]) == StepResources()


def test_what_a_study_asks_for_comes_back() -> None:
    section = ResourcesSection(
        memory=2.5,
        cores=3,
        time_limit=0.51,
        options=BackendOptions(slurm_partition="short", kubernetes_cpu_request=0.5, kubernetes_memory_request=1.0),
    )
    written = notation(section)
    assert resources_of([written]) == StepResources(5 * 2**29, 3, 31, "short")
    memory = [written["kubernetes_memory_limit"], written["kubernetes_memory_request"]]
    cores = [written["kubernetes_cpu_limit"], written["kubernetes_cpu_request"]]
    assert all(map(validate_kubernetes_memory, memory))
    assert list(map(kubernetes_memory_to_bytes, memory)) == [5 * 2**29, 2**30]
    assert all(map(validate_kubernetes_cpu, cores))
    assert list(map(kubernetes_cpu_to_millicores, cores)) == [3000, 500]


def test_a_section_that_asks_for_nothing_changes_nothing() -> None:
    assert notation(ResourcesSection()) == {}


@pytest.mark.parametrize(
    ("backend", "limits"),
    [
        ("kubernetes", {}),
        ("slurmcern", {"slurm_time": "91"}),
        ("htcondorcern", {"htcondor_max_runtime": str(math.ceil(60 * 90.01))}),
    ],
)
def test_a_time_limit_in_the_words_of_each_backend(backend: str, limits: dict[str, str]) -> None:
    written = notation(ResourcesSection.model_validate({"time_limit": 90.01, "backend": backend}))
    assert written == {"compute_backend": backend, "kubernetes_job_timeout": 5401, **limits}


def test_every_option_reaches_reanas_engine_under_a_key_that_it_knows() -> None:
    options = {
        "kubernetes_uid": 1000, "kubernetes_cpu_request": 1.0, "kubernetes_memory_request": 1.0,
        "htcondor_accounting_group": "group_a", "slurm_partition": "p", "kerberos": True, "voms_proxy": True,
        "rucio": True, "unpacked_img": True,
    }  # fmt: skip
    assert set(options) == set(BackendOptions.model_fields)
    written = notation(ResourcesSection(options=BackendOptions.model_validate(options)))
    assert set(written) == set(options)
    assert set(written) <= HONOURED
