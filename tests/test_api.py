"""`import assay`: what it offers is there, is what the commands call, and costs nothing until it is asked for."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.cli.checks import validate
from assay.errors import AssayError
from assay.study.problems import StudyErrors

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", assay.__all__)
def test_a_public_name_is_there_and_described(name: str) -> None:
    found = getattr(assay, name)
    assert inspect.getdoc(found)
    assert name in dir(assay)


def test_editors_see_the_same_names() -> None:
    tree = ast.parse(inspect.getsource(assay))
    (branch,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {name: seen[name] for name in assay._HOMES} == assay._HOMES
    assert {*assay._HOMES, "figures", "load"} == set(assay.__all__)


@pytest.mark.parametrize("name", assay.figures.__all__)
def test_a_figure_is_there_and_described(name: str) -> None:
    assert inspect.getdoc(getattr(assay.figures, name))


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = assay.no_such_thing


def test_importing_loads_nothing_heavy() -> None:
    code = "import sys, assay; print(sorted({'numpy', 'torch', 'h5py', 'pydantic', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_validate_is_that_of_the_command(tmp_path: Path) -> None:
    assert assay.validate is validate
    assert assay.validate(str(ROOT / "input" / "input.yml")).name == "wbf-higgs-hww"
    wrong = tmp_path / "input.yml"
    wrong.write_text("assay: 1\nnmae: x\n")
    with pytest.raises(StudyErrors, match="nmae"):
        assay.validate(wrong)


def test_a_folder_without_results_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="no results are here"):
        assay.read_run(tmp_path)
