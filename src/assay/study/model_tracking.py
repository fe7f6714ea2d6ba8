"""The section `tracking` of a study."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.study.values import Section


class TrackingSection(Section):
    """MLflow."""

    experiment: Annotated[str | None, Field(min_length=1, description="null: the study's name")] = None
    system_metrics: Annotated[
        bool, Field(description="load of CPU, memory, disk, network and GPU, by MLflow's monitors; of stages 7 to 11")
    ] = False
