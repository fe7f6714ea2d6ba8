"""The notebooks run from first cell to last, and were committed as they ran: small, without paths of a machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "notebooks"
NAMES = ("default-study", "own-process", "trusting-an-estimator")
RUN = "runs/wbf-higgs-hww"
MAX_SIZE = 300_000


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks_script", ROOT / "scripts" / "notebooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs)


@pytest.mark.fast
@pytest.mark.parametrize("name", NAMES)
def test_committed_outputs(name: str) -> None:
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < MAX_SIZE
    assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text())
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = [output.output_type for cell in code for output in cell.outputs]
    assert "error" not in kinds
    assert "display_data" in kinds or "execute_result" in kinds


@pytest.mark.fast
def test_these_are_all_notebooks() -> None:
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NAMES)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project without earlier runs."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("docs/notebooks", "input", "steps", "workflow"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def executed(project: Path) -> dict[str, nbformat.NotebookNode]:
    """All notebooks, executed; the third finds the run of the first, as a reader's would."""
    found = {}
    for name in ("default-study", "trusting-an-estimator", "own-process"):
        found[name] = script().execute(project / "docs" / "notebooks" / f"{name}.ipynb")
    return found


@pytest.mark.slow
def test_the_default_study(executed: dict[str, nbformat.NotebookNode]) -> None:
    text = printed(executed["default-study"])
    intervals = re.findall(r"^(\w+) +(C\w+) +68 %: ([+-][\d.]+) to .*?([+-][\d.]+)$", text, re.MULTILINE)
    assert {method for method, *_ in intervals} == {"alices", "sally", "histogram_pt_j1", "rate"}
    assert all(float(low) < 0.0 < float(high) for _, _, low, high in intervals)
    assert "run/ml/plot/report.html" in text


@pytest.mark.slow
def test_your_own_process(executed: dict[str, nbformat.NotebookNode]) -> None:
    text = printed(executed["own-process"])
    assert "pt_v" in text
    assert "2 parameters, 4 observables" in text
    assert text.count("steps done") == 2


@pytest.mark.slow
def test_wrong_estimators_are_found(executed: dict[str, nbformat.NotebookNode]) -> None:
    text = printed(executed["trusting-an-estimator"])
    good, _, wrong = text.partition("failed")
    assert good.count("passed") >= 8
    assert "calibration slope" in wrong
    assert "joint ratio against labels" in wrong
    right, narrow = re.findall(r": +([+-][\d.]+) to ([+-][\d.]+)", text)
    assert float(narrow[1]) - float(narrow[0]) < 0.9 * (float(right[1]) - float(right[0]))


@pytest.fixture(scope="module")
def place(executed: dict[str, nbformat.NotebookNode], project: Path) -> Path:
    """A project in which a finished run is where pages have the one of the default study."""
    target = project / RUN
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(project / "runs/notebooks/default-small/run")
    return project


@pytest.mark.slow
@pytest.mark.parametrize(("page", "least"), [("docs/python.md", 3), ("docs/report.md", 1)])
def test_blocks_of_python(page: str, least: int, place: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    own = [block for block in blocks if "assay.run(" not in block]
    assert len(own) >= least
    code = "import assay\n" + "\n".join(own)
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=place, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert (place / "contours.pdf").stat().st_size > 0


def of_pages() -> list[str]:
    """Commands of pages that look at the default study's run."""
    found = set()
    for page in (ROOT / "docs").rglob("*.md"):
        found |= set(re.findall(rf"assay (?:inspect|status|report) (?:--\w+ )*{RUN}[\w/.-]*", page.read_text()))
    return sorted(found)


@pytest.mark.slow
def test_commands_that_look_at_a_run(place: Path) -> None:
    commands = of_pages()
    assert len(commands) >= 2
    for command in commands:
        words = command.split()
        program = str(Path(sys.executable).with_name(words[0]))
        done = subprocess.run(
            [program, *words[1:]], cwd=place, capture_output=True, text=True, timeout=300, check=False, env=os.environ
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
