"""Checks of how steps run: known stages, options of the backend that is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from assay.study.checks.draft import Check, Draft
from assay.study.model import ResourcesSection
from assay.study.model_execution import STAGES
from assay.study.problems import Finding, Location, listed, suggestion

_BACKEND_OF_PREFIX = {"kubernetes": "kubernetes", "htcondor": "htcondorcern", "slurm": "slurmcern"}


def stages_with_resources(draft: Draft) -> Iterable[Finding]:
    """Check that resources are of stages that the workflow has."""
    for stage in draft.execution.resources if draft.execution is not None else ():
        if stage not in STAGES:
            yield Finding(
                ("execution", "resources", stage),
                f"resources of the unknown stage {stage}",
                f"one of {listed(STAGES)}",
                suggestion(stage, STAGES, "remove it"),
                on_key=True,
            )


def options_of_backend(draft: Draft) -> Iterable[Finding]:
    """Check that options of a backend stand with that backend, which would be the only one to heed them.

    Those of Slurm may stand without a backend, too: `--batch-system slurm` heeds them.
    """
    for stage, resources in draft.execution.resources.items() if draft.execution is not None else ():
        for option in resources.options.model_fields_set:
            backend = _BACKEND_OF_PREFIX.get(option.partition("_")[0])
            asked = (resources.backend,) if resources.backend is not None else ("kubernetes", "slurmcern")
            if backend is not None and backend not in asked:
                yield Finding(
                    ("execution", "resources", stage, "options", option),
                    f"{option} for the backend {resources.backend or 'kubernetes'}",
                    f"backend: {backend}",
                    f"write `backend: {backend}`, or remove {option}",
                    on_key=True,
                )


def requests_within_limits(draft: Draft) -> Iterable[Finding]:
    """Check that no more memory and cores are set aside than a step may have."""
    for stage, resources in draft.execution.resources.items() if draft.execution is not None else ():
        yield from _request_findings(("execution", "resources", stage), resources)


def _request_findings(location: Location, resources: ResourcesSection) -> Iterable[Finding]:
    options = resources.options
    for option, request, key, limit in (
        ("kubernetes_memory_request", options.kubernetes_memory_request, "memory", resources.memory),
        ("kubernetes_cpu_request", options.kubernetes_cpu_request, "cores", resources.cores),
    ):
        if request is not None and limit is not None and request > limit:
            yield Finding(
                (*location, "options", option),
                f"{request:g}, more than {key}: {limit:g}",
                f"at most {limit:g}",
                f"lower it, or raise {key}",
            )


EXECUTION_CHECKS: tuple[Check, ...] = (stages_with_resources, options_of_backend, requests_within_limits)
