"""The section of a study that says how its steps run: batches, retries, resources. Results do not depend on it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import NonNegative, Positive, Section

Backend = Literal["kubernetes", "htcondorcern", "slurmcern"]

FAN_OUT = ("generate", "simulate", "extract")
"""Stages that have a step per batch of jobs."""
STAGES = ("configure", "prepare", *FAN_OUT, "combine", "sample", "train", "toys", "evaluate", "plot")
"""All stages of the workflow, in their order."""

_Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:/+-]+$")]


class BackendOptions(Section):
    """What REANA's engine hands on to one backend or to all of them; it would drop other keys without a word."""

    kubernetes_uid: Annotated[int | None, Field(ge=1, description="user number in the container")] = None
    kubernetes_cpu_request: Annotated[
        Positive | None, Field(description="cores to set aside, at most `cores`; null: the cluster's default")
    ] = None
    kubernetes_memory_request: Annotated[
        Positive | None, Field(description="GiB to set aside, at most `memory`; null: the cluster's default")
    ] = None
    htcondor_accounting_group: Annotated[_Text | None, Field(description="who is charged")] = None
    slurm_partition: Annotated[_Text | None, Field(description="of REANA's Slurm, and of --batch-system slurm")] = None
    kerberos: Annotated[bool, Field(description="with a Kerberos ticket of the user's secrets")] = False
    voms_proxy: Annotated[bool, Field(description="with a grid proxy of the user's secrets")] = False
    rucio: Annotated[bool, Field(description="with Rucio configured")] = False
    unpacked_img: Annotated[bool, Field(description="image from the unpacked images on CVMFS")] = False


class ResourcesSection(Section):
    """What each step of a stage gets; null: as `steps/*.yml` says."""

    memory: Annotated[Positive | None, Field(le=65536, description="GiB; a step that takes more is ended")] = None
    cores: Annotated[int | None, Field(ge=1, le=1024, description="processor cores to set aside")] = None
    time_limit: Annotated[Positive | None, Field(le=20160, description="minutes; a longer step is ended")] = None
    backend: Annotated[Backend | None, Field(description="where REANA runs it; null: kubernetes")] = None
    options: Annotated[BackendOptions, Field(description="further ones, of REANA's backends")] = BackendOptions()


class ExecutionSection(Section):
    """How steps run; nothing here changes results."""

    jobs_per_step: Annotated[
        int, Field(ge=1, le=10_000, description=f"jobs that one step of {', '.join(FAN_OUT)} works on")
    ] = 1
    retries: Annotated[
        int, Field(ge=0, le=20, description="further attempts of a step that was ended, ran out of memory or of time")
    ] = 2
    retry_delay: Annotated[
        NonNegative, Field(le=3600, description="seconds before the second attempt; doubled before each further one")
    ] = 5.0
    resources: Annotated[dict[str, ResourcesSection], Field(description="by stage")] = Field(default_factory=dict)
