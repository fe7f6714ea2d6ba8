"""A whole study, small, on the test server, from upload to downloaded report; and the same study here."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from feature_runner import check_features

from assay.manifest import Manifest, outputs_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]


def make_command(**variables: object) -> list[str]:
    """What `make run-reana` would run."""
    given = [f"{name}={value}" for name, value in variables.items()]
    command = ["make", "--dry-run", "--no-print-directory", "run-reana", *given]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return shlex.split(shown.splitlines()[-1])


@pytest.fixture
def study(small_study: Write) -> Path:
    """One trained method and one that is not, on few events."""
    path = small_study(process={"events_per_benchmark": 300})
    content = yaml.safe_load(path.read_text())
    content["methods"] = {name: content["methods"][name] for name in ("sally", "histogram_pt_j1")}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_make_run_reana_gives_what_a_run_here_gives(site: Any, study: Path) -> None:
    program, *arguments = make_command(STUDY=study, RUN=site.folder / "there")
    shown = site.run(Path(program).name, *arguments, "--project", ROOT, "--interval", "0.2")
    plot = site.folder / "there" / "ml" / "plot"
    assert f"report:   {plot / 'report.html'}" in shown
    run = site.cluster.runs[0]
    assert run.status == "finished"

    here = site.folder / "here"
    site.run("assay", "run", "--study", study, "--output", here, "--project", ROOT)
    same_results(run.workspace, here)
    same_data(plot, here / "ml" / "plot")
    specification = yaml.safe_load((ROOT / "reana.yml").read_text())
    check_features([ROOT / name for name in specification["tests"]["files"]], site, run.full_name)
    skips_what_is_complete(site, study, run.full_name)


def same_results(there: Path, here: Path) -> None:
    found = sorted(path.relative_to(here) for path in here.glob("ml/evaluate_*/*.json") if path.name != "manifest.json")
    assert {path.name for path in found} >= {"limits_rate.json", "fisher.json"}
    for name in found:
        assert json.loads((there / name).read_text()) == json.loads((here / name).read_text()), name
    arrays = [path.relative_to(here) for path in here.glob("ml/evaluate_*/*.h5")]
    assert arrays
    for name in arrays:
        same_arrays(there / name, here / name)


def same_data(there: Path, here: Path) -> None:
    """What was downloaded is complete, and holds the same numbers."""
    manifest = Manifest.read(there)
    assert {entry.path: entry.sha256 for entry in outputs_of(there)} == {
        entry.path: entry.sha256 for entry in manifest.outputs
    }
    assert (there / "mlflow.db").is_file()
    for path in (there / "data").rglob("*.h5"):
        same_arrays(path, here / "data" / path.relative_to(there / "data"))


def same_arrays(there: Path, here: Path) -> None:
    with h5py.File(there) as one, h5py.File(here) as other:
        names: list[str] = []
        other.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
        assert names
        for name in names:
            np.testing.assert_array_equal(one[name][()], other[name][()], err_msg=f"{there}: {name}")


def skips_what_is_complete(site: Any, study: Path, run: str) -> None:
    """A restart runs every job, and every stage finds that it has nothing to do."""
    workspace = site.cluster.find(run).workspace
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("manifest.json")}
    site.run("assay", "reana", "--study", study, "--project", ROOT, "--resume", run, "--interval", "0.2",
             "--output", site.folder / "again")  # fmt: skip
    assert {path: path.stat().st_mtime_ns for path in workspace.rglob("manifest.json")} == before
    assert (site.folder / "again" / "ml" / "plot" / "report.html").is_file()
