"""A container of Apptainer (or Singularity) per step: needs no daemon and no privileges, as clusters have it.

The container sees the step's folder and those of its inputs, at the same places, a `/tmp` of its own, nothing of the
caller's environment or home, and no network unless tracking needs it (`--network none` is the one that unprivileged
callers may ask for). Apptainer holds steps to no memory and cores without privileges; a batch system around it does.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assay.errors import WorkflowError
from assay.running.layers.program import Layer, Program, Step, needs_network, passed_on

IMAGES = "ASSAY_APPTAINER_IMAGES"
"""Environment variable with a folder of image files, named as `apptainer pull` does: `assay-ml_0.1.0.sif`."""
PROGRAMS = ("apptainer", "singularity")


class Apptainer(Layer):
    """A container of Apptainer, or of Singularity where only that is found."""

    def check(self, images: Sequence[str]) -> None:
        """Check that the program is there, and the files of the images if there is a folder of them."""
        _program()
        for image in images:
            file = _file(image)
            if file is not None and not file.is_file():
                raise WorkflowError(
                    f"there is no file of the image {image}",
                    where=str(file),
                    expected=f"all images in the folder that {IMAGES} names",
                    mend=f"apptainer pull {file} docker://{image}",
                )

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        """Return the call of Apptainer; variables reach the container under a prefix, on no command line."""
        apptainer = _program()
        scratch = _scratch(step)
        scratch.mkdir(parents=True, exist_ok=True)
        arguments = [apptainer, "exec", "--containall", "--cleanenv", "--workdir", str(scratch)]
        arguments += ["--pwd", str(step.folder)]
        arguments += [] if needs_network(program.environment) else ["--net", "--network", "none"]
        for folder in step.writable:
            arguments += ["--bind", f"{folder}:{folder}"]
        for folder in step.readable:
            arguments += ["--bind", f"{folder}:{folder}:ro"]
        image = str(_file(step.image) or f"docker://{step.image}")
        prefix = f"{apptainer.upper()}ENV_"
        inside = {prefix + variable: value for variable, value in passed_on(program.environment).items()}
        return replace(
            program,
            arguments=[*arguments, image, *program.arguments],
            environment={**program.environment, **inside},
        )

    def end(self, step: Step, name: str) -> None:
        """Remove the container's `/tmp`."""
        shutil.rmtree(_scratch(step), ignore_errors=True)


def _scratch(step: Step) -> Path:
    """Return the folder that holds the container's `/tmp`, which would be in memory, and small."""
    return step.records / "scratch"


def _program() -> str:
    for name in PROGRAMS:
        if shutil.which(name) is not None:
            return name
    raise WorkflowError(
        "there is no Apptainer here",
        expected=f"one of the programs {', '.join(PROGRAMS)}",
        mend="install Apptainer, or run without containers",
    )


def _file(image: str) -> Path | None:
    """Return where the file of an image is, if images are files."""
    folder = os.environ.get(IMAGES)
    if not folder:
        return None
    name, _, tag = image.rpartition("/")[2].partition(":")
    return Path(folder).resolve() / f"{name}_{tag or 'latest'}.sif"
