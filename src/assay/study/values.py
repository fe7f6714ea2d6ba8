"""The kinds of value that a study consists of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        max_length=64,
        description="a letter followed by letters, digits or underscores, at most 64 in all",
    ),
]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Interval = tuple[Finite, Finite]


class Section(BaseModel):
    """A section of the study: unknown keys are errors, no value is converted silently, nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
