"""Which images there are, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay import __version__
from assay.errors import WorkflowError

REGISTRY = "ghcr.io/assay-hep"
"""Where the steps' specifications look for images."""


@dataclass(frozen=True)
class Image:
    """An image of the project: `images/NAME/Dockerfile`.

    Attributes
    ----------
    name
        Its name and its folder's.
    title
        What it is for.
    capabilities
        What `assay doctor` has to find in it.
    parent
        The image that it stands on, if that is one of ours.
    """

    name: str
    title: str
    capabilities: tuple[str, ...]
    parent: str | None = None


IMAGES = {
    image.name: image
    for image in (
        Image("physics", "Assay, stages 1-6: generator, shower, detector, observables", ("physics",)),
        Image("ml", "Assay, stages 7-11: augmented data, training, evaluation, report", ("ml",)),
        Image("madgraph", "Assay, stages 1-6 with MadGraph and Delphes", ("physics", "madgraph"), "physics"),
    )
}
USUAL = ("physics", "ml")
"""What the steps of this release run in."""


@dataclass(frozen=True)
class Naming:
    """What images are called: REGISTRY/assay-NAME:TAG."""

    registry: str = REGISTRY
    tag: str = __version__

    def repository(self, name: str) -> str:
        """Return an image's name without its tag."""
        return f"{self.registry.rstrip('/')}/assay-{name}"

    def reference(self, name: str) -> str:
        """Return an image's whole name."""
        return f"{self.repository(name)}:{self.tag}"


def find_images(names: Sequence[str]) -> list[Image]:
    """Return the named images, or the usual ones if none is named, each after the one it stands on.

    Raises
    ------
    WorkflowError
        If there is no image of that name.
    """
    unknown = [name for name in names if name not in IMAGES]
    if unknown:
        raise WorkflowError(f"no image {unknown[0]!r}", expected=f"one of {', '.join(IMAGES)}")
    return [image for name, image in IMAGES.items() if name in (names or USUAL)]
