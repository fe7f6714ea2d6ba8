"""What an image is: size, user, entry point, labels, layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docker import DockerClient
from docker.errors import ImageNotFound

from assay.errors import WorkflowError

_LABEL = "org.opencontainers.image."


@dataclass(frozen=True)
class Layer:
    """A layer with a size: bytes, and the command that made it."""

    size: int
    command: str


@dataclass(frozen=True)
class Description:
    """An image as the engine tells it; sizes in bytes.

    Attributes
    ----------
    reference, identifier
        Its name and its hash.
    size
        All layers together.
    user
        Who its commands run as.
    entrypoint
        What would be put before a step's command: nothing may be.
    home
        HOME in it.
    labels
        Labels of the OCI's image specification, without their common beginning.
    layers
        From the base up.
    """

    reference: str
    identifier: str
    size: int
    user: str
    entrypoint: tuple[str, ...]
    home: str
    labels: dict[str, str]
    layers: tuple[Layer, ...]


def describe(client: DockerClient, reference: str) -> Description:
    """Describe an image.

    Raises
    ------
    WorkflowError
        If the engine does not have it.
    """
    try:
        image = client.images.get(reference)
    except ImageNotFound:
        raise WorkflowError("not here", where=reference, expected="an image", mend="make images") from None
    config = image.attrs["Config"]
    variables = dict(variable.split("=", 1) for variable in config.get("Env") or [])
    labels = config.get("Labels") or {}
    return Description(
        reference,
        image.id,
        image.attrs["Size"],
        config.get("User") or "",
        tuple(config.get("Entrypoint") or ()),
        variables.get("HOME", ""),
        {key.removeprefix(_LABEL): value for key, value in labels.items() if key.startswith(_LABEL)},
        tuple(_layer(entry) for entry in reversed(image.history()) if entry["Size"] > 0),
    )


def _layer(entry: dict[str, Any]) -> Layer:
    command = entry["CreatedBy"].removeprefix("/bin/sh -c ").removeprefix("#(nop) ").strip()
    return Layer(entry["Size"], command or "base")
