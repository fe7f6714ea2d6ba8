"""Build images."""

from __future__ import annotations

import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docker import DockerClient
from docker.errors import APIError

from assay.errors import WorkflowError
from assay.running.images.catalogue import Image, Naming
from assay.running.images.context import labels, write_context
from assay.running.images.engine import has_image, in_a_line, need_image

BASE = "python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b"
_LINES = 40
"""Lines of a build's log that are shown when it fails."""
_NO_TORCH = "No matching distribution found for torch"
_TORCH_MEND = (
    "give the index of torch's CPU builds, whose address pytorch.org tells for 'CPU': make images INDEX=...; "
    "or a folder that holds the wheel, PIP_FIND_LINKS=...; or take the CUDA build, which needs neither: TORCH=cuda"
)


@dataclass(frozen=True)
class BuildSettings:
    """How images are built.

    Attributes
    ----------
    naming
        What they are called.
    base
        The image that they stand on: Debian or like it, with Python 3.11.
    torch
        The build of torch in the image `ml`.
    wheels
        A folder of wheels that no package index has (torch's CPU build, for one); None: there is none.
    index
        Address of a further package index, such as the one of torch's CPU builds.
    """

    naming: Naming
    base: str = BASE
    torch: Literal["cpu", "cuda"] = "cpu"
    wheels: Path | None = None
    index: str | None = None

    def arguments(self, image: Image) -> dict[str, str]:
        """Return the arguments of an image's Dockerfile."""
        arguments = {"BASE": self.base}
        if image.name == "ml":
            arguments |= {"TORCH": self.torch}
        if image.parent is not None:
            arguments |= {"PARENT": self.naming.reference(image.parent)}
        return arguments | ({"PIP_EXTRA_INDEX_URL": self.index} if self.index else {})


@dataclass(frozen=True)
class Built:
    """A built image: its name, its size in bytes, and the seconds that it took."""

    reference: str
    size: int
    seconds: float


def need_torch(images: Sequence[Image], settings: BuildSettings) -> None:
    """Make sure, before anything is built, that torch's CPU build can be found: general indexes do not have it.

    Raises
    ------
    WorkflowError
        If it is wanted, and neither an index nor a folder with the wheel is given.
    """
    if settings.torch != "cpu" or settings.index or all(image.name != "ml" for image in images):
        return
    if settings.wheels is None or not any(settings.wheels.glob("torch-*+cpu-*.whl")):
        raise WorkflowError(
            "nothing tells where torch's CPU build is",
            where=settings.naming.reference("ml"),
            expected="an index or a wheel; general package indexes do not have it",
            mend=_TORCH_MEND,
        )


def build(
    client: DockerClient, project: Path, image: Image, settings: BuildSettings, say: Callable[[str], None]
) -> Built:
    """Build an image and name it.

    Parameters
    ----------
    client
        The engine.
    project
        The project's folder.
    image
        What to build.
    settings
        How.
    say
        Is told every line of the build's log.

    Raises
    ------
    WorkflowError
        If what the image stands on is not there, or a command of the Dockerfile fails; the message ends with the last
        lines of the log.
    """
    _need_foundation(client, image, settings)
    reference, started = settings.naming.reference(image.name), time.monotonic()
    with tempfile.TemporaryFile() as context:
        write_context(project, context, settings.wheels)
        context.seek(0)
        try:
            answers = client.api.build(
                fileobj=context,
                custom_context=True,
                dockerfile=f"images/{image.name}/Dockerfile",
                tag=reference,
                buildargs=settings.arguments(image),
                labels=labels(project, image),
                rm=True,
                forcerm=True,
                decode=True,
            )
            _follow(answers, reference, say)
        except APIError as refusal:
            raise WorkflowError(
                f"the engine refuses to build ({in_a_line(refusal.explanation or refusal)})", where=reference
            ) from None
    return Built(reference, client.images.get(reference).attrs["Size"], time.monotonic() - started)


def _need_foundation(client: DockerClient, image: Image, settings: BuildSettings) -> None:
    mend = "without a registry, scripts/base-image assay-base:local makes one here; then BASE=assay-base:local"
    need_image(client, settings.base, mend)
    if image.parent is not None and not has_image(client, parent := settings.naming.reference(image.parent)):
        raise WorkflowError("not here", where=parent, expected=f"what {image.name} stands on", mend="build it first")


def _follow(answers: Iterable[Mapping[str, str]], reference: str, say: Callable[[str], None]) -> None:
    """Hand on the log of a build; raise if it tells of an error."""
    lines: deque[str] = deque(maxlen=_LINES)
    for answer in answers:
        if "error" in answer:
            log = "\n".join(lines)
            raise WorkflowError(
                f"cannot be built: {in_a_line(answer['error'])}; the last lines:\n{log}",
                where=reference,
                mend=_mend(log + answer["error"]),
            )
        for line in answer.get("stream", "").splitlines():
            if line.strip():
                lines.append(line)
                say(line)


def _mend(log: str) -> str:
    if _NO_TORCH in log:
        return _TORCH_MEND
    return "put right what the lines above say; what is built already is kept"
