"""Push images to a registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker import DockerClient
from docker.errors import APIError

from assay.errors import WorkflowError
from assay.running.images.engine import has_image, in_a_line

_CREDENTIALS = ("unauthorized", "denied", "no basic auth", "authentication required", "insufficient_scope")
_ABSENT = ("no such host", "connection refused", "i/o timeout", "server misbehaving", "network is unreachable")


@dataclass(frozen=True)
class Pushed:
    """An image in a registry: its name by tag and by digest, which never changes what it stands for."""

    reference: str
    digest: str


def push(client: DockerClient, repository: str, tag: str, usual: str) -> Pushed:
    """Push an image.

    Credentials are those of `docker login`.

    Parameters
    ----------
    client
        The engine.
    repository, tag
        What the image is to be called in the registry.
    usual
        What it was built as; if it is not yet called what it is to be called, it gets that name, too.

    Raises
    ------
    WorkflowError
        If the image is not here, or the registry refuses it or cannot be reached.
    """
    reference = f"{repository}:{tag}"
    if not has_image(client, reference):
        if not has_image(client, usual):
            raise WorkflowError("not here", where=usual, expected="a built image", mend="make images")
        client.images.get(usual).tag(repository, tag=tag)
    try:
        return _follow(client.api.push(repository, tag=tag, stream=True, decode=True), reference)
    except APIError as refusal:
        raise _refused(reference, in_a_line(refusal.explanation or refusal)) from None


def _follow(answers: Iterable[Mapping[str, Any]], reference: str) -> Pushed:
    digest = ""
    for answer in answers:
        if "error" in answer:
            raise _refused(reference, in_a_line(answer["error"]))
        digest = answer.get("aux", {}).get("Digest", digest)
    if not digest:
        raise WorkflowError("the registry does not tell what it has got", where=reference, mend="push it again")
    return Pushed(reference, f"{reference.rsplit(':', 1)[0]}@{digest}")


def _refused(reference: str, why: str) -> WorkflowError:
    registry = reference.split("/", 1)[0]
    low = why.lower()
    if any(word in low for word in _CREDENTIALS):
        mend = f"docker login {registry}, as somebody who may write there; or give another REGISTRY"
    elif any(word in low for word in _ABSENT):
        mend = f"is {registry} the right name, and can it be reached from here?"
    else:
        mend = "see the registry's message"
    return WorkflowError(f"the registry does not take it: {why}", where=reference, mend=mend)
