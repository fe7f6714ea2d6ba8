"""Checks of a specification before anything runs: what REANA would refuse late, or ignore without a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reana_commons.job_utils import kubernetes_memory_to_bytes
from reana_commons.specification import load_reana_spec
from reana_commons.validation.utils import validate_reana_yaml, validate_workflow_name

from assay.errors import ReanaError
from assay.running.reana.staging import SPECIFICATION, Staged

ENGINE_KEYS = frozenset(
    {
        "compute_backend", "htcondor_accounting_group", "htcondor_max_runtime", "kerberos", "kubernetes_cpu_limit",
        "kubernetes_cpu_request", "kubernetes_job_timeout", "kubernetes_memory_limit", "kubernetes_memory_request",
        "kubernetes_uid", "rucio", "slurm_partition", "slurm_time", "unpacked_img", "voms_proxy",
    }
)  # fmt: skip
"""Resources that the yadage engine of REANA 0.9 hands on; it drops all others without a word."""


def load_specification(staged: Staged) -> dict[str, Any]:
    """Load a staged specification with its workflow, as reana-client does, and check it without a server.

    Raises
    ------
    ReanaError
        If REANA would not accept it, or would ignore a part of it.
    """
    path = staged.folder / SPECIFICATION
    try:
        specification: dict[str, Any] = load_reana_spec(str(path), str(staged.folder))
        warnings = validate_reana_yaml(specification)
    except Exception as error:  # of yadage-schemas, jsonschema, yaml: whatever is wrong with the files
        raise ReanaError(
            f"not a specification that REANA accepts ({getattr(error, 'message', error)})",
            where=str(path),
            expected="reana.yml, workflow/ and steps/ of the project",
            mend="put the project's files right",
        ) from error
    if warnings:
        raise ReanaError(f"REANA would ignore a part of it: {warnings}", where=str(path), mend="remove that part")
    for step, resource in _resources(specification["workflow"]["specification"]):
        _check_resource(step, resource)
    return specification


def check_name(name: str) -> str:
    """Return a run's name, if it may be one.

    Raises
    ------
    ReanaError
        If REANA could not tell it from a run's number.
    """
    try:
        return str(validate_workflow_name(name))
    except ValueError as error:
        raise ReanaError(str(error), where="--name", expected="a name without dots", mend="choose another") from None


def check_cluster(specification: Mapping[str, Any], info: Mapping[str, Any]) -> None:
    """Compare what the steps ask for with what the cluster has.

    Parameters
    ----------
    specification
        As `load_specification` returns it.
    info
        The cluster's settings: title and value, by name.

    Raises
    ------
    ReanaError
        If a step asks for a backend that is not there, or for more memory or time than it may have.
    """
    backends = [name.lower() for name in _setting(info, "compute_backends") or ()]
    memory, time = _setting(info, "kubernetes_max_memory_limit"), _setting(info, "maximum_kubernetes_jobs_timeout")
    for step, resource in _resources(specification["workflow"]["specification"]):
        for key, value in resource.items():
            if key == "compute_backend" and backends and str(value).lower() not in backends:
                raise _excess(step, "backend", value, f"one of {', '.join(backends)}")
            if key == "kubernetes_memory_limit" and memory and _bytes(value) > _bytes(memory):
                raise _excess(step, "memory", value, f"at most {memory} on this cluster")
            if key == "kubernetes_job_timeout" and time and int(value) > int(time):
                raise _excess(step, "time_limit", f"{value} s", f"at most {time} s on this cluster")


def _resources(node: Any, stage: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the entries of `resources` of all steps of a loaded workflow, with the stage's name."""
    for entry in node["stages"]:
        scheduler = entry["scheduler"]
        if scheduler.get("workflow"):
            yield from _resources(scheduler["workflow"], entry["name"])
        else:
            for resource in scheduler["step"]["environment"].get("resources") or ():
                yield entry["name"], resource


def _check_resource(stage: str, resource: Mapping[str, Any]) -> None:
    unknown = sorted(set(resource) - ENGINE_KEYS) if isinstance(resource, Mapping) else [str(resource)]
    if unknown:
        raise ReanaError(
            f"REANA's engine would drop {', '.join(unknown)} without a word",
            where=f"resources of {stage} in steps/",
            expected=f"of {', '.join(sorted(ENGINE_KEYS))}",
            mend="remove it; there are no GPUs on REANA's Kubernetes backend",
        )


def _excess(stage: str, key: str, value: object, expected: str) -> ReanaError:
    return ReanaError(
        f"asks for {value}",
        where=f"execution.resources.{stage}.{key}",
        expected=expected,
        mend="change it in the study",
    )


def _setting(info: Mapping[str, Any], name: str) -> Any:
    return (info.get(name) or {}).get("value")


def _bytes(text: object) -> int:
    return int(kubernetes_memory_to_bytes(str(text)))
