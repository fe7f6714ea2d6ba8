"""A real Docker Engine with the images in it (`scripts/ci-containers` provides both), and what runs hold."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot
from docker import DockerClient

from assay.manifest import PACKAGE, source_digest
from assay.running.images.catalogue import USUAL, Naming
from assay.running.images.engine import connected

_ABOUT_RUNNING = {"_packtivity", "_yadage", "specification", "mlartifacts", "figures"}
_ABOUT_TIME = {"journal.jsonl", "manifest.json", "published.yml", "run-id", "yadage.log", "mlflow.db", "report.html"}
_TIMES = {"seconds", "time", "wall_time", "created", "started"}
_PROVENANCE = "provenance"
_DIGEST = "from assay.manifest import *; print(source_digest([path.name for path in PACKAGE.iterdir()]))"


@pytest.fixture(scope="session")
def client() -> DockerClient:
    return connected()


@pytest.fixture(scope="session")
def current_images(client: DockerClient) -> None:
    """Nothing would be learned from images of other code."""
    here = source_digest([path.name for path in PACKAGE.iterdir()])
    for name in USUAL:
        reference = Naming().reference(name)
        command = ["python", "-c", _DIGEST]
        inside = client.containers.run(reference, command, remove=True, network_mode="none").decode().strip()
        assert inside == here, f"{reference} holds other code; build it: make images"


@pytest.fixture(scope="session")
def results() -> Callable[[Path], dict[str, Any]]:
    """What a run's folder holds, by file, without what tells when and where it was made; equal or not."""

    def read(run: Path) -> dict[str, Any]:
        return {name: _contents(path) for name, path in _files(run).items()}

    return read


def _files(run: Path) -> dict[str, Path]:
    files = (path for path in run.rglob("*") if path.is_file() and not path.name.startswith("."))
    named = {path.relative_to(run).as_posix(): path for path in files}
    return {
        name: path
        for name, path in named.items()
        if path.name not in _ABOUT_TIME and not _ABOUT_RUNNING.intersection(name.split("/"))
    }


def _contents(path: Path) -> Any:
    """What is in a file, in a form that compares as a whole: equal, or not."""
    readers = {
        ".h5": _hdf5, ".npy": _array, ".npz": _arrays, ".json": _json, ".gz": _unpacked, ".root": _tree,
    }  # fmt: skip
    return readers.get(path.suffix, Path.read_bytes)(path)


def _hdf5(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if _PROVENANCE in name:
            return
        for key, value in item.attrs.items():
            found[f"{name}@{key}"] = np.asarray(value).tolist()
        if isinstance(item, h5py.Dataset):
            found[name] = _bits(item[()])

    with h5py.File(path) as file:
        visit("/", file)
        file.visititems(visit)
    return found


def _array(path: Path) -> Any:
    return _bits(np.load(path))


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as file:
        return {name: _bits(file[name]) for name in file.files}


def _json(path: Path) -> Any:
    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: timeless(part) for key, part in value.items() if key not in _TIMES}
        return [timeless(part) for part in value] if isinstance(value, list) else value

    return timeless(json.loads(path.read_text()))


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _tree(path: Path) -> dict[str, Any]:
    """The branches of all trees, as text; a ROOT file itself carries its time."""
    with uproot.open(path) as file:
        trees = [name for name, kind in file.classnames().items() if kind == "TTree"]
        assert trees, path
        branches = {f"{name}/{key}": branch for name in trees for key, branch in file[name].items()}
        return {name: repr(ak.to_list(branch.array())) for name, branch in branches.items()}


def _bits(array: Any) -> Any:
    """Shape, type and bytes: NaN equals itself, and -0 is not 0."""
    array = np.asarray(array)
    if array.dtype.hasobject:
        return array.tolist()
    return array.shape, array.dtype.str, array.tobytes()
