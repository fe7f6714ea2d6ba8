"""Where and how steps run: as local processes, in containers, on a batch system, and their combinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from assay.running.layers.apptainer import Apptainer
from assay.running.layers.docker import Docker
from assay.running.layers.program import Layer, Local, Program, Step, run_label
from assay.running.layers.slurm import Slurm

__all__ = [
    "BATCH_SYSTEMS",
    "CONTAINERS",
    "BatchSystem",
    "Containers",
    "Layer",
    "Program",
    "Step",
    "executor_name",
    "layers_of",
    "run_label",
]

Containers = Literal["local", "docker", "apptainer"]
BatchSystem = Literal["none", "slurm"]

CONTAINERS: Mapping[Containers, Layer] = {"local": Local(), "docker": Docker(), "apptainer": Apptainer()}
BATCH_SYSTEMS: Mapping[BatchSystem, Layer] = {"none": Layer(), "slurm": Slurm()}


def layers_of(containers: Containers, batch_system: BatchSystem) -> tuple[Layer, Layer]:
    """Return what is put around a step's program, from the inside out."""
    return CONTAINERS[containers], BATCH_SYSTEMS[batch_system]


def executor_name(containers: Containers, batch_system: BatchSystem) -> str:
    """Return the name under which packtivity knows the combination."""
    return containers if batch_system == "none" else f"{batch_system}-{containers}"
