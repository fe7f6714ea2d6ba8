from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.execution import EXECUTION_CHECKS
from assay.study.model import ExecutionSection
from assay.study.problems import Finding

pytestmark = pytest.mark.fast


def findings(**resources: Any) -> list[Finding]:
    draft = Draft(Path(), execution=ExecutionSection.model_validate({"resources": resources}))
    return [finding for check in EXECUTION_CHECKS for finding in check(draft)]


@pytest.mark.parametrize(
    "resources",
    [
        {"memory": 8, "cores": 2, "time_limit": 60},
        {"options": {"slurm_partition": "short"}},  # of --batch-system slurm
        {"backend": "slurmcern", "options": {"slurm_partition": "short"}},
        {"backend": "htcondorcern", "options": {"htcondor_accounting_group": "group_u"}},
        {"options": {"kubernetes_uid": 1000}},
        {"backend": "htcondorcern", "options": {"kerberos": True}},
        {"memory": 8, "options": {"kubernetes_memory_request": 8}},
    ],
)
def test_what_goes_together(resources: dict[str, Any]) -> None:
    assert findings(train=resources) == []


@pytest.mark.parametrize(
    ("backend", "option", "value"),
    [
        ("slurmcern", "kubernetes_uid", 1000),
        ("kubernetes", "slurm_partition", "short"),
        ("htcondorcern", "slurm_partition", "short"),
        (None, "htcondor_accounting_group", "group_u"),
        ("slurmcern", "htcondor_accounting_group", "group_u"),
    ],
)
def test_what_a_backend_would_not_heed(backend: str | None, option: str, value: object) -> None:
    (finding,) = findings(train={"backend": backend, "options": {option: value}})
    assert finding.location == ("execution", "resources", "train", "options", option)


def test_more_set_aside_than_allowed() -> None:
    options = {"kubernetes_memory_request": 2, "kubernetes_cpu_request": 1.5}
    found = findings(train={"memory": 1, "cores": 1, "options": options}, plot={"options": options})
    assert [finding.location[-1] for finding in found] == list(options)


def test_an_invalid_section_has_no_further_findings() -> None:
    assert not [finding for check in EXECUTION_CHECKS for finding in check(Draft(Path()))]
