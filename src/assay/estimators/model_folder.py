"""Model folders: `model.json`, `weights.safetensors` and `model.onnx`. Nothing in them runs code when loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx
import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from assay import __version__
from assay.errors import AssayError, ModelError
from assay.estimators.calibrated import CalibratedRatio
from assay.estimators.description import ModelDescription
from assay.estimators.families import FAMILIES, Estimator, blank_parts
from assay.estimators.onnx_graph import onnx_graph
from assay.estimators.score import LocalScore
from assay.files import read_json, sha256, write_json
from assay.machine import lacks_memory
from assay.sampling.folder import atomic_folder

_SCHEMA = 2
_WEIGHTS = "weights.safetensors"
_ONNX = "model.onnx"
_MEND = "train the model again, or take the folder whole from where it was written"


def save_estimator(folder: str | Path, estimator: Estimator) -> None:
    """Write a model folder, which appears when it is complete and replaces one of the same name."""
    network, description = estimator.network, estimator.description
    graph = onnx_graph(network, description)
    with atomic_folder(folder) as temporary:
        save_file(
            {name: value.clone().contiguous() for name, value in network.state_dict().items()}, temporary / _WEIGHTS
        )
        onnx.save_model(graph, temporary / _ONNX)
        write_json(
            temporary / "model.json",
            {
                "schema": _SCHEMA,
                **asdict(description),
                "scaling": _scaling(network),
                "sha256": {name: sha256(temporary / name) for name in (_WEIGHTS, _ONNX)},
                "versions": {"assay": __version__, "torch": str(torch.__version__), "onnx": onnx.__version__},
            },
        )


def load_estimator(folder: str | Path, observables: Sequence[str] | None = None) -> Estimator:
    """Read a model folder.

    Parameters
    ----------
    folder
        As `save_estimator` wrote it.
    observables
        The columns of x that the caller has, in order; compared with the model's if given.

    Raises
    ------
    ModelError
        If a file is missing or is not the one that was saved, or the observables are not the caller's.
    """
    folder = Path(folder)
    content = _content(folder)
    description = _description(content, folder)
    if observables is not None and tuple(observables) != description.observables:
        raise ModelError(
            f"the model was trained on other observables than those given: {', '.join(observables)}",
            where=str(folder),
            expected=f"in this order: {', '.join(description.observables)}",
            mend="evaluate the model on the events it was trained for, or train it again",
        )
    _check_sums(folder, content)
    definition = FAMILIES[description.family]
    network = definition.network(blank_parts(description))
    try:
        network.load_state_dict(load_file(folder / _WEIGHTS))
    except (RuntimeError, SafetensorError) as error:
        if lacks_memory(error):
            raise
        raise ModelError(f"the weights do not fit the architecture ({error})", where=str(folder), mend=_MEND) from None
    network.eval()
    estimator = definition.estimator(network, description)
    if description.calibration is None or isinstance(estimator, LocalScore | CalibratedRatio):
        return estimator
    return CalibratedRatio(estimator, description.calibration)


def _content(folder: Path) -> dict[str, Any]:
    try:
        content = read_json(folder / "model.json")
    except AssayError as error:
        raise ModelError(error.what, where=error.where, expected=error.expected, mend=_MEND) from None
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        raise ModelError(
            "not a model folder of this version", where=str(folder), expected=f"schema {_SCHEMA}", mend=_MEND
        )
    return content


def _description(content: dict[str, Any], folder: Path) -> ModelDescription:
    try:
        return TypeAdapter(ModelDescription).validate_python(
            {name: content.get(name) for name in ModelDescription.__dataclass_fields__}
        )
    except (ValidationError, AssayError) as error:
        raise ModelError(f"model.json is not as it was written ({error})", where=str(folder), mend=_MEND) from None


def _check_sums(folder: Path, content: dict[str, Any]) -> None:
    expected = content.get("sha256", {})
    for name in (_WEIGHTS, _ONNX):
        if not (folder / name).is_file():
            raise ModelError(f"{name} is missing", where=str(folder), mend=_MEND)
        if sha256(folder / name) != expected.get(name):
            raise ModelError(
                f"{name} is not the file that was saved",
                where=str(folder),
                expected=f"sha256 {expected.get(name)}",
                mend=_MEND,
            )


def _scaling(network: nn.Module) -> dict[str, list[float]]:
    """For readers of model.json; the network has the same numbers among its weights."""
    parts = ("centre", "scale", "anchor")
    return {name: value.tolist() for name, value in network.state_dict().items() if name.rsplit(".", 1)[-1] in parts}
