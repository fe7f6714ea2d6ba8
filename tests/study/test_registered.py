"""Functions of a study's own: only those of a file that the study names with its SHA-256, and never run to validate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import ExpressionError
from assay.study.functions import digest
from assay.study.load import load_study
from assay.study.problems import StudyErrors
from assay.study.registered import arities_of, module_of
from assay.study.resolve import from_resolved, section_hash, write_resolved

pytestmark = pytest.mark.fast

SOURCE = "raise SystemExit('validating a study has run its code')\n\n\ndef twice(x):\n    return 2 * x\n"


@pytest.fixture
def study_of(tmp_path: Path, base_text: str) -> Callable[..., Path]:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "detector.yml").write_text("{}\n", encoding="utf-8")

    def write(
        source: str = SOURCE, sha256: str | None = None, expression: str = "twice(met.pt)", more: str = ""
    ) -> Path:
        (tmp_path / "my.py").write_text(source, encoding="utf-8")
        section = f"functions: {{module: my.py, sha256: {sha256 or digest(source)}{more}}}\n"
        text = base_text.replace('expression: "met.pt"', f'expression: "{expression}"')
        path = tmp_path / "input.yml"
        path.write_text(text.replace("observables:\n", f"{section}observables:\n", 1), encoding="utf-8")
        return path

    return write


def test_a_registered_function_is_known_and_its_text_travels(study_of: Callable[..., Path], tmp_path: Path) -> None:
    study = load_study(study_of())
    assert study.functions is not None
    assert study.functions.source == SOURCE
    write_resolved(tmp_path / "elsewhere.json", study)
    (tmp_path / "my.py").unlink()
    found = from_resolved(tmp_path / "elsewhere.json")
    module = module_of(found.functions)
    assert module is not None
    assert (module.source, dict(module.arities)) == (SOURCE, {"twice": (1, 1)})


def test_another_text_is_another_study(study_of: Callable[..., Path]) -> None:
    first = load_study(study_of())
    second = load_study(study_of(source=SOURCE + "\n"))
    assert section_hash(first, "functions") != section_hash(second, "functions")


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ({"sha256": "a" * 64}, "functions.sha256", "then write sha256: " + digest(SOURCE)),
        ({"sha256": "abc"}, "functions.sha256", "abc"),
        ({"source": "x = 1\n", "expression": "met.pt"}, "functions.module", "a module without functions"),
        ({"source": "def f(:\n"}, "functions.sha256", "not Python"),
        ({"source": "def sqrt(x):\n    return x\n"}, "functions.module", "a meaning of its own"),
        ({"source": SOURCE + "def m_jj(x):\n    return x\n"}, "observables.m_jj", "a function, too"),
        ({"expression": "thrice(met.pt)"}, "observables.pt_miss.expression", "did you mean 'twice'?"),
        ({"expression": "twice(met.pt, 1)"}, "observables.pt_miss.expression", "takes 1 arguments"),
        ({"more": ", source: 'x'"}, "functions.source", "remove it"),
        ({"more": ", names: [twice]"}, "functions.names", "unknown key"),
    ],
)
def test_mistakes(study_of: Callable[..., Path], given: dict[str, str], path: str, says: str) -> None:
    with pytest.raises(StudyErrors) as caught:
        load_study(study_of(**given))
    problems = {problem.path: str(problem) for problem in caught.value.problems}
    assert path in problems
    assert says in problems[path]


@pytest.mark.parametrize("name", ["../my.py", "/my.py", "sub/my.py", "my.txt", ".my.py"])
def test_the_module_is_a_file_beside_the_study(study_of: Callable[..., Path], name: str) -> None:
    path = study_of()
    path.write_text(path.read_text(encoding="utf-8").replace("module: my.py", f"module: {name}"), encoding="utf-8")
    with pytest.raises(StudyErrors) as caught:
        load_study(path)
    assert "functions.module" in {problem.path for problem in caught.value.problems}


def test_no_file(study_of: Callable[..., Path], tmp_path: Path) -> None:
    path = study_of()
    (tmp_path / "my.py").unlink()
    with pytest.raises(StudyErrors, match="cannot be read"):
        load_study(path)


def test_without_the_section_there_are_no_functions(base_text: str, tmp_path: Path) -> None:
    assert module_of(None) is None
    assert arities_of(None, tmp_path) == {}


def test_a_resolved_study_without_the_text_is_refused(study_of: Callable[..., Path]) -> None:
    study = load_study(study_of())
    assert study.functions is not None
    with pytest.raises(ExpressionError, match="not known"):
        module_of(study.functions.model_copy(update={"source": None}))
    with pytest.raises(ExpressionError, match="SHA-256"):
        module_of(study.functions.model_copy(update={"source": "import os\n"}))
