"""What a step may use, in the notation of REANA's engine: a list of one-key mappings beside the step's image.

`resources_of` reads it for the executors of this machine; `notation` writes what a study asks for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import WorkflowError

if TYPE_CHECKING:  # executors run without the study's models, in other environments, too
    from assay.study.model import ResourcesSection

Value = str | int | bool
_UNITS = {"": 1, **{f"{unit}i": 1024**power for power, unit in enumerate("KMGT", 1)}}
_UNITS |= {unit: 1000**power for power, unit in enumerate(("k", "M", "G", "T"), 1)}
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGT]i|[kMGT]|m|)")


@dataclass(frozen=True)
class StepResources:
    """What a step may use; None: no limit, or the default of where it runs.

    Attributes
    ----------
    memory
        Bytes.
    cores
        Processor cores.
    time_limit
        Seconds.
    partition
        Slurm's partition.
    """

    memory: int | None = None
    cores: int | None = None
    time_limit: int | None = None
    partition: str | None = None


def resources_of(listed: Sequence[Mapping[str, Value]]) -> StepResources:
    """Read the resources of a step's environment.

    Raises
    ------
    WorkflowError
        If a quantity is not in Kubernetes' notation, such as `4Gi` or `500m`.
    """
    merged = merge(listed)
    memory, cores = merged.get("kubernetes_memory_limit"), merged.get("kubernetes_cpu_limit")
    time_limit, partition = merged.get("kubernetes_job_timeout"), merged.get("slurm_partition")
    return StepResources(
        None if memory is None else math.ceil(_quantity(memory)),
        None if cores is None else math.ceil(_quantity(cores)),
        None if time_limit is None else int(time_limit),
        None if partition is None else str(partition),
    )


def merge(listed: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Return the entries of a list of resources; the last counts."""
    return {key: value for entry in listed for key, value in entry.items()}


def notation(section: ResourcesSection) -> dict[str, Value]:
    """Return what a study asks for, by the keys of REANA's engine."""
    options = section.options
    wanted: dict[str, Value | None] = {
        "kubernetes_memory_limit": _memory(section.memory),
        "kubernetes_cpu_limit": None if section.cores is None else str(section.cores),
        "compute_backend": section.backend,
        **_time_limit(section),
        "kubernetes_uid": options.kubernetes_uid,
        "kubernetes_cpu_request": None
        if options.kubernetes_cpu_request is None
        else _cores(options.kubernetes_cpu_request),
        "kubernetes_memory_request": _memory(options.kubernetes_memory_request),
        "htcondor_accounting_group": options.htcondor_accounting_group,
        "slurm_partition": options.slurm_partition,
        "kerberos": options.kerberos or None,
        "voms_proxy": options.voms_proxy or None,
        "rucio": options.rucio or None,
        "unpacked_img": options.unpacked_img or None,
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _time_limit(section: ResourcesSection) -> dict[str, Value]:
    """Return a time limit in the words of the backend, and for the executors of this machine."""
    if section.time_limit is None:
        return {}
    seconds = math.ceil(60 * section.time_limit)
    limits: dict[str, Value] = {"kubernetes_job_timeout": seconds}
    if section.backend == "htcondorcern":
        limits["htcondor_max_runtime"] = str(seconds)
    if section.backend == "slurmcern":
        limits["slurm_time"] = str(math.ceil(section.time_limit))
    return limits


def _memory(gibibytes: float | None) -> str | None:
    if gibibytes is None:
        return None
    return f"{gibibytes:.0f}Gi" if gibibytes == int(gibibytes) else f"{math.ceil(1024 * gibibytes)}Mi"


def _cores(cores: float) -> str:
    return f"{cores:.0f}" if cores == int(cores) else f"{math.ceil(1000 * cores)}m"


def _quantity(text: Value) -> float:
    found = _QUANTITY.fullmatch(str(text))
    if found is None:
        raise WorkflowError(
            f"the resource {text!r} cannot be read",
            expected="a quantity such as 4Gi, 2 or 500m",
            mend="mend steps/*.yml",
        )
    number, unit = found.groups()
    return float(number) / 1000 if unit == "m" else float(number) * _UNITS[unit]
