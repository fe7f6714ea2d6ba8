"""Push images to a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker import DockerClient
from docker.errors import APIError
from docker.models.images import Image as DockerImage

from assay.errors import WorkflowError
from assay.running.images.engine import has_image, in_a_line

_CREDENTIALS = ("unauthorized", "denied", "no basic auth", "authentication required", "insufficient_scope")
_ABSENT = ("no such host", "connection refused", "i/o timeout", "server misbehaving", "network is unreachable")
_UNKNOWN = "0001-01-01T00:00:00Z"
"""When an image was made that does not tell; the engine writes it so, or nothing."""


@dataclass(frozen=True)
class Pushed:
    """An image in a registry: its name by tag and by digest, which never changes what it stands for."""

    reference: str
    digest: str


def push(client: DockerClient, repository: str, tag: str, usual: str, say: Callable[[str], None]) -> Pushed:
    """Push an image, the newest if there are two: the registry's name may be left from an earlier push.

    Credentials are those of `docker login`.

    Parameters
    ----------
    client
        The engine.
    repository, tag
        What the image is to be called in the registry.
    usual
        What it is called if it was built under no registry's name; it then gets that of the registry, too.
    say
        Is told if the registry's name is taken from one image and given to another.

    Raises
    ------
    WorkflowError
        If the image is not here, or the registry refuses it or cannot be reached.
    """
    reference = f"{repository}:{tag}"
    here, built = (client.images.get(name) if has_image(client, name) else None for name in (reference, usual))
    if here is None and built is None:
        raise WorkflowError("not here", where=usual, expected="a built image", mend="make images, with the same TAG")
    if here is not None and built is not None and here.id != built.id and _created(built) >= _created(here):
        say(f"{reference} was an older image than {usual}; now it is the same")
        here = None
    if here is None and built is not None:
        built.tag(repository, tag=tag)
    try:
        return _follow(client.api.push(repository, tag=tag, stream=True, decode=True), reference)
    except APIError as refusal:
        raise _refused(reference, in_a_line(refusal.explanation or refusal)) from None


def _created(image: DockerImage) -> datetime:
    return datetime.fromisoformat(image.attrs.get("Created") or _UNKNOWN)


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
