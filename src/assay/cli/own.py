"""Which of the folders of all jobs are a method's own: a step is given those of all methods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.errors import ModelError
from assay.manifest import NAME, Manifest
from assay.study.toy_jobs import NO_TOYS
from assay.study.training_jobs import method_of_job


def own_folders(method: str, folders: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return a method's models and its toys, each in the order given, by the manifests in or above the folders.

    The folder of a training stands for the model in it. A model without a manifest is taken as the method's: somebody
    gives it by hand.

    Raises
    ------
    ModelError
        If there is no model of the method.
    """
    models: list[Path] = []
    toys: list[Path] = []
    seen: list[str] = []
    for folder in folders:
        manifest = _manifest(folder)
        if manifest is None:
            models.append(folder)
        elif manifest.stage == "toys":
            if manifest.job != NO_TOYS and method_of_job(manifest.job) == method:
                toys.append(folder)
        elif method_of_job(manifest.job) == method:
            models.append(folder / "model" if (folder / "model").is_dir() else folder)
        else:
            seen.append(manifest.job)
    if not models:
        raise ModelError(
            f"the models are of {', '.join(sorted(set(seen))) or 'nothing'}",
            expected=f"a model of {method!r}",
            mend="give the models of the same study, or run train again",
        )
    return tuple(models), tuple(toys)


def _manifest(folder: Path) -> Manifest | None:
    for place in (folder, folder.parent):
        if (place / NAME).is_file():
            return Manifest.read(place)
    return None
