"""Nothing that is read runs code, nothing that is unpacked leaves its folder, and secrets stay where they are."""

from __future__ import annotations

import ast
import io
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from assay.errors import AssayError
from assay.estimators.checkpoint import read_checkpoint
from assay.estimators.optimisers import Optimiser
from assay.estimators.settings import TrainingSettings
from assay.generation.madgraph import archive
from assay.generation.prepared import PreparedProcess
from assay.inference.observed import count_observed

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
ASSAY = Path(sys.executable).with_name("assay")
SOURCES = sorted((ROOT / "src" / "assay").rglob("*.py"))
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
SECRET = "s3cr3t-t0ken"  # noqa: S105 - of nothing


def name_of(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def faults(source: str) -> Iterator[str]:
    """Yield what a source must not do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (f"imports {module}" for module in modules if module.partition(".")[0] in FORBIDDEN_MODULES)
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        called = name_of(node.func)
        if called in FORBIDDEN_CALLS:
            yield f"calls {called}"
        if given.get("shell") == "True" or given.get("allow_pickle") == "True":
            yield f"calls {called} with a shell or pickles"
        if called == "torch.load" and given.get("weights_only") != "True":
            yield "calls torch.load without weights_only"
        if called.endswith((".extract", ".extractall")) and given.get("filter") != "'data'":
            yield f"calls {called} without filter"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_source_runs_what_it_reads(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        *("import pickle", "from joblib import load", "eval('1')", "os.system('x')", "run('x', shell=True)"),
        *("yaml.load(t)", "np.load(p, allow_pickle=True)", "torch.load(p)", "tar.extractall(folder)"),
    ],
)
def test_the_search_finds_them(source: str) -> None:
    assert list(faults(source))


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def as_array(trap: Trap) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([trap], dtype=object), allow_pickle=True)
    return out.getvalue()


def as_archive(trap: Trap) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("head.npy", as_array(trap))
    return out.getvalue()


def read_as_checkpoint(path: Path) -> object:
    network = nn.Linear(1, 1)
    parameter = nn.Parameter(torch.zeros(2))
    return read_checkpoint(path, "", network, Optimiser(parameter, TrainingSettings()))


@pytest.mark.parametrize(
    ("suffix", "content", "read"),
    [
        (".npy", as_array, count_observed),
        (".npz", as_archive, PreparedProcess.load),
        (".pt", pickle.dumps, read_as_checkpoint),
        (".npz", pickle.dumps, PreparedProcess.load),
    ],
)
def test_a_pickle_is_refused_unopened(
    suffix: str, content: Callable[[Trap], bytes], read: Callable[[Path], object], tmp_path: Path
) -> None:
    path, sprung = tmp_path / f"file{suffix}", tmp_path / "sprung"
    path.write_bytes(content(Trap(sprung)))
    with pytest.raises(AssayError) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert not sprung.exists()


@pytest.mark.parametrize(
    ("name", "target"),
    [("../../climbed", ""), ("in/../../../climbed", ""), ("link", "/etc/passwd"), ("link", "../../../outside")],
)
def test_members_of_archives_stay_inside(name: str, target: str, tmp_path: Path) -> None:
    """A prepared process with a member that would lie elsewhere, or that leads there, is refused."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "good").write_text("good")
    (tmp_path / "pack").mkdir()
    prepared = archive.PreparedProcess(
        "signal", "3.5.7", "mg5", ("generate p p > t t~",), "", ("sm",), {"sm": {}}, {"sm": (1.0, 0.1)}, seed=1
    )
    packed, folder = tmp_path / "signal.tar.gz", tmp_path / "deep" / "job"
    archive.pack(packed, prepared, {"sm": tmp_path / "pack"}, library)
    folder.mkdir(parents=True)
    archive.unpack(packed, "sm", folder)
    assert list(folder.rglob("good"))
    added = tarfile.TarInfo(f"{archive.REWEIGHTING}/{name}")
    added.type, added.linkname = (tarfile.SYMTYPE, target) if target else (tarfile.REGTYPE, "")
    with tarfile.open(packed, "r:gz") as old, tarfile.open(tmp_path / "bad.tar.gz", "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        new.addfile(added, io.BytesIO())
    with pytest.raises(AssayError, match="cannot be read"):
        archive.unpack(tmp_path / "bad.tar.gz", "sm", folder)
    assert not [*tmp_path.rglob("climbed"), *tmp_path.rglob("link")]


@pytest.mark.slow
def test_secrets_are_in_no_file_and_no_log(small_study: Callable[..., Path], tmp_path: Path) -> None:
    """A server that refuses connections, named with credentials, and tokens in the environment."""
    study, folder = small_study(), tmp_path / "configure"
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"http://user:{SECRET}@localhost:9/?token={SECRET}",
        "MLFLOW_TRACKING_PASSWORD": SECRET,
        "MLFLOW_TRACKING_TOKEN": SECRET,
        "REANA_ACCESS_TOKEN": SECRET,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }
    command = [ASSAY, "configure", "--study", str(study), "--output", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "localhost:9" in done.stdout + done.stderr  # it was tried, and told
    assert SECRET not in done.stdout + done.stderr
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"manifest.json", "journal.jsonl", "study.json"} <= {path.name for path in files}
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
