"""The Docker Engine, or a message that says why it cannot be used."""

from __future__ import annotations

import docker
import requests
from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound

from assay.errors import WorkflowError


def connected() -> DockerClient:
    """Connect to the Docker Engine that DOCKER_HOST, or else the machine's socket, leads to.

    Raises
    ------
    WorkflowError
        If there is no engine, or this user may not use it.
    """
    try:
        client = docker.from_env()
        client.ping()
    except (DockerException, requests.exceptions.RequestException) as fault:
        raise _unusable(fault) from None
    return client


def has_image(client: DockerClient, reference: str) -> bool:
    """Whether the engine has an image."""
    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def need_image(client: DockerClient, reference: str, mend: str) -> None:
    """Make sure that the engine has an image: pull it if it has not.

    Raises
    ------
    WorkflowError
        If it is neither here nor can be pulled.
    """
    if has_image(client, reference):
        return
    try:
        client.images.pull(reference)
    except APIError as refusal:
        raise WorkflowError(
            f"neither here nor to be pulled ({in_a_line(refusal.explanation or refusal)})",
            where=reference,
            expected="an image",
            mend=mend,
        ) from None


def in_a_line(text: object) -> str:
    """Return a message of the engine as one line."""
    return " ".join(str(text).split())


def _unusable(fault: Exception) -> WorkflowError:
    text = in_a_line(fault)
    if "PermissionError" in text or "Permission denied" in text:
        return WorkflowError(
            "this user may not use the Docker Engine",
            expected="membership of the group docker, or root",
            mend="sudo usermod -aG docker $USER, then log in again",
        )
    if "FileNotFoundError" in text or "Connection refused" in text or "ConnectionRefusedError" in text:
        return WorkflowError(
            "there is no Docker Engine here",
            expected="one that DOCKER_HOST or the machine's socket leads to",
            mend="install Docker (Debian: apt install docker.io) and start it, or set DOCKER_HOST",
        )
    return WorkflowError(f"the Docker Engine cannot be used: {text}", mend="see docker info")
