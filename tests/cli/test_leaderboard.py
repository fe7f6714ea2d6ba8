"""The leaderboard and the comparison of a run that is small, with entries in Python and in a container."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.reporting.leaderboard import CRITERIA, read_leaderboard

from .conftest import ROOT, Chain, ends_well

pytestmark = pytest.mark.slow

METHODS = {"alice": "ratio", "also_sally": "score", "histogram_2d": "ratio", "rate": "ratio"}
CONTAINER = """\
#!{python}
import pathlib, sys
import numpy as np
call = sys.argv[1:]
assert call[:2] == ["run", "--rm"] and call[call.index("--network") + 1] == "none", call
if call[-1] == "broken":
    sys.exit("no such thing")
folder = pathlib.Path(call[call.index("--volume") + 1].partition(":")[0])
x, theta = np.load(folder / "x.npy"), np.load(folder / "theta.npy")
assert len(x) == len(theta)
np.save(folder / "log_r.npy", np.zeros(len(x) + (call[-1] == "short")))
"""


@pytest.fixture(scope="module")
def run(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with four methods evaluated."""
    folder = tmp_path_factory.mktemp("ranked") / "run"
    shutil.copytree(chain.folder, folder)
    own = Chain(folder)
    for number, (method, kind) in enumerate(METHODS.items()):
        samples = folder / "sample" / kind
        ends_well([own.train(f"train_{number}", method, samples)])
        ends_well([own.evaluate(f"evaluate_{number}", method, samples, folder / f"train_{number}" / "model")])
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the module of docs/leaderboard.md, and a stand-in for docker."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "leaderboard.md").read_text(), re.DOTALL)
    (tmp_path / "my_estimators.py").write_text("".join(blocks) + "\n\nclass Nothing:\n    pass\n")
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(CONTAINER.format(python=sys.executable))
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_estimators", raising=False)
    return tmp_path


def test_entries_are_ranked_beside_the_methods(run: Path, here: Path, invoke: Callable[..., str]) -> None:
    entries = ("--entry", "my_estimators:TooSure", "--entry", "my_estimators:LogisticCarl")
    shown = invoke("leaderboard", run, *entries, "--by", "log_loss")
    assert "TooSure failed" in shown
    board = read_leaderboard(run / "leaderboard" / "leaderboard.json")
    found = {one.name: (rank, one) for rank, one in zip(board.ranks, board.standings, strict=True)}
    assert set(found) == {*METHODS, "TooSure", "LogisticCarl"}
    assert found["TooSure"][0] == 3  # of those that have a ratio
    assert found["TooSure"][1].verdict == "failed"
    assert found["rate"][0] is None
    assert set(found["LogisticCarl"][1].measures) == set(CRITERIA) == set(found["alice"][1].measures)
    assert found["also_sally"][1].measures["score"].value > 0
    loss = {name: found[name][1].measures["log_loss"].value for name in ("LogisticCarl", "TooSure")}
    assert loss["TooSure"] > 2 * loss["LogisticCarl"] > 0  # 400 training samples: neither is good
    assert (found["LogisticCarl"][1].seconds or 0) > 0
    assert "| TooSure | entry |" in (run / "leaderboard" / "leaderboard.md").read_text()


def test_a_container_that_knows_nothing(run: Path, here: Path, invoke: Callable[..., str]) -> None:
    content = json.loads(
        invoke("leaderboard", run, "--entry", "docker://lab/empty", "--json", "--output", here / "out")
    )
    (entry,) = [one for one in content["standings"] if one["kind"] == "container"]
    assert entry["name"] == "empty"
    assert "knowledge in the observables" in entry["failed"]
    assert any(one.startswith("limits (") for one in entry["failed"])
    assert "information" not in entry["measures"]
    assert entry["rank"] is None
    assert len(content["standings"]) == len(METHODS) + 1


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("my_estimators:Nothing", "neither `log_ratio` nor `score`"),
        ("my_estimators:Missing", "cannot be imported"),
        ("no_such_module:X", "cannot be imported"),
        ("nonsense", "is no entry"),
        ("docker://broken", "no such thing"),
        ("docker://short", "log_r.npy has shape"),
    ],
)
def test_wrong_entries_are_refused(entry: str, says: str, run: Path, here: Path, invoke: Callable[..., str]) -> None:
    assert says in invoke("leaderboard", run, "--entry", entry, expect=1)


def test_a_fit_sees_no_test_sample(run: Path) -> None:
    from assay.cli.work.entries import _fitted

    seen: list[str] = []

    class Curious:
        def fit(self, folder: Path) -> None:
            seen.extend(sorted(path.name for path in folder.iterdir()))
            assert np.load(folder / "train" / "x.npy").size

    _fitted(Curious(), run / "sample" / "ratio")
    assert seen == ["train", "validation"]


def test_a_run_is_compared(run: Path, tmp_path: Path, invoke: Callable[..., str]) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    shutil.rmtree(other / "evaluate_3")
    study = json.loads((other / "configure" / "study.json").read_text())
    before = study["training"]["epochs"]
    study["training"]["epochs"] = before + 1
    (other / "configure" / "study.json").write_text(json.dumps(study))
    content: dict[str, Any] = json.loads(invoke("compare", run, other, "--json", "--output", tmp_path / "out"))
    (setting,) = content["settings"]
    assert setting == {"path": "training.epochs", "first": before, "second": before + 1}
    assert any("rate" in note and "not finished" in note for note in content["notes"])
    assert {one["sigmas"] for one in content["numbers"] if one["quantity"].startswith("information")} == {0.0, None}
    page = (tmp_path / "out" / "comparison.md").read_text()
    assert "| training.epochs |" in page
    assert (tmp_path / "out" / "alice_shape_CWL2_CPWL2.pdf").stat().st_size > 1000
    assert "(alice_shape_CWL2_CPWL2.png)" in page
