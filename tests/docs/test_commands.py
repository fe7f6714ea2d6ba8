"""Every command of the documentation: it can be called like this, and it is run here or by a test that is named."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from assay.cli.main import COMMANDS, cli

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "input").glob("*.yml")),
]
SHELLS = {"sh", "bash", "console", "shell"}
ELSEWHERE = {
    "assay run": "tests/workflow/test_study.py::test_the_default_study_ends_with_a_report_and_continues",
    "assay init": "tests/cli/test_init.py::test_every_template_is_a_valid_study",
    "assay report": "tests/docs/test_notebooks.py::test_commands_that_look_at_a_run",
    "assay leaderboard": "tests/cli/test_leaderboard.py::test_entries_are_ranked_beside_the_methods",
    "assay compare": "tests/cli/test_leaderboard.py::test_a_run_is_compared",
    "assay completion": "tests/cli/test_init.py::test_completion_names_the_program",
    "make notebooks": "tests/docs/test_notebooks.py",
    "assay status": "tests/cli/test_status.py::test_a_run_that_is_done",
    "assay reana": "tests/reana/test_study.py",
    "assay migrate": "tests/cli/test_migrate.py::test_a_valid_study",
    "assay doctor": "tests/cli/test_doctor.py::test_json_tells_the_same",
    "assay inspect": "tests/cli/test_inspect.py::test_every_kind_of_file",
    "assay matrix-element": "tests/cli/test_matrix_element.py::test_writes_the_reference_in_its_layout",
    "assay images": "tests/containers/test_images.py",
    "make setup": ".ci/run",
    "make test": ".ci/run",
    "make run-yadage": ".ci/run",
    "make check-default-study": ".ci/run",
    "make docs": "tests/docs/test_site.py",
    "make run-yadage-physics": "tests/workflow/test_study.py::test_physics_and_learning_run_alone",
    "make run-yadage-ml": "tests/workflow/test_study.py::test_physics_and_learning_run_alone",
    "make run-reana": "tests/reana/test_study.py",
    "make images": "tests/containers/test_images.py",
    "make check-images": "tests/containers/test_images.py",
    "make push": "tests/containers/test_push.py",
    "make status": "tests/cli/test_status.py::test_a_run_that_is_done",
    "make validate": "tests/cli/test_validate.py::test_the_studies_that_come_along_are_valid",
    "make test-fast": ".ci/run",
    "make bench": "tests/workflow/test_scale.py",
    "make test-faults": "tests/faults/test_fuzzed_studies.py",  # more of the same
    "make lock": "tests/images/test_dockerfiles.py::test_locks_pin_every_package_by_version_and_hash",
}
"""What pages call, and the test that runs it."""
STAGES = "tests/cli/test_stages.py"
TESTS = ROOT / "tests" / "cli"
FOREIGN = {"git", "cd", "export", "mkdir", "cp", "source", "docker", "reana-client", "eval", "echo", "cat"}


@dataclass(frozen=True)
class Call:
    """A command as a page has it; `mentioned` in a sentence, where arguments may be left out."""

    page: str
    line: int
    words: tuple[str, ...]
    mentioned: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {' '.join(self.words)}"


def calls_in(page: Path) -> Iterator[Call]:
    """Yield the commands of shell blocks, indented blocks and inline code; of a study, those of its comments."""
    name = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
    fence, language = False, ""
    for number, line in enumerate(re.sub(r" \\\n\s*", " ", page.read_text()).splitlines(), 1):
        if page.suffix == ".yml":
            if (comment := re.fullmatch(r"#\s{2,}(\S.*)", line)) is not None:
                yield from _calls(comment[1], name, number, block=False)
            continue
        if (opening := re.match(r"\s*```(\w*)", line)) is not None:
            fence, language = not fence, opening[1] if not fence else ""
        elif fence:
            if language in SHELLS:
                yield from _calls(line, name, number, block=True)
            elif name == "docs/commands.md" and re.match(r"\s{2,6}assay ", line):
                yield from _calls(line, name, number, block=False)
        elif line.startswith("    "):
            yield from _calls(line, name, number, block=False)
        else:
            for code in re.findall(r"`([^`]+)`", line):
                for call in _calls(code, name, number, block=False):
                    yield Call(call.page, call.line, call.words, mentioned=True)


def _calls(line: str, page: str, number: int, *, block: bool) -> Iterator[Call]:
    line = re.sub(r"(^|\s)#\s.*$|\s\d?>>?\s*\S+", "", line).strip().removeprefix("$ ")
    for part in re.split(r"&&|\|\||;|\|", line):
        try:
            words = shlex.split(part)
        except ValueError:
            words = part.split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        if words and (_ours(words[0]) or (block and words[0] not in FOREIGN)):
            yield Call(page, number, tuple(words), mentioned=False)


def _ours(word: str) -> bool:
    return word in ("assay", "make") or bool(re.match(r"(\.venv/bin/|scripts/)\w", word))


CALLS = [call for page in PAGES for call in calls_in(page)]


def faults(call: Call) -> str:
    """Return what is wrong with a command, or nothing."""
    program, *arguments = call.words
    program = program.removeprefix(".venv/bin/")
    if program == "assay":
        return _assay(arguments, call.mentioned)
    if program == "make":
        return _make(arguments)
    if program == "pytest":
        return _pytest(arguments)
    if program == "python":
        return _python(arguments)
    if program == "mlflow":
        return _mlflow(arguments)
    if program.startswith("scripts/"):
        return "" if (ROOT / program).is_file() else f"there is no {program}"
    return "" if program in ("pre-commit", "pip") else f"unknown program {program}"


def _assay(arguments: list[str], mentioned: bool) -> str:
    if arguments == ["..."] or (mentioned and not arguments):
        return ""
    return _parse(cli, "assay", arguments, None, mentioned)


def _parse(
    command: click.Command, name: str, arguments: list[str], parent: click.Context | None, mentioned: bool
) -> str:
    try:
        context = command.make_context(name, list(arguments), parent)
        if isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            found, sub, left = command.resolve_command(context, rest)
            assert sub is not None
            return _parse(sub, str(found), left, context, mentioned)
    except click.exceptions.Exit:
        return ""  # --help, --version
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError) as error:
        return "" if mentioned else error.format_message()
    except click.UsageError as error:
        return error.format_message()
    return ""


MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([\w./$()-]+):(?!=)", MAKEFILE, re.MULTILINE)) | {".venv-madminer/.ready"}
VARIABLES = set(re.findall(r"^(\w+)\s*\?=", MAKEFILE, re.MULTILINE))


def _make(arguments: list[str]) -> str:
    for word in arguments:
        if word == "...":
            continue
        variable, is_set, _ = word.partition("=")
        if is_set and variable not in VARIABLES:
            return f"the Makefile has no variable {variable}"
        if not is_set and word not in TARGETS:
            return f"the Makefile has no target {word}"
    return ""


def _pytest(arguments: list[str]) -> str:
    for word in arguments:
        path, _, test = word.partition("::")
        if path.startswith("-"):
            continue
        if not (ROOT / path).exists():
            return f"there is no {path}"
        if test and f"def {test.split('[')[0]}(" not in (ROOT / path).read_text():
            return f"{path} has no {test}"
    return ""


def _python(arguments: list[str]) -> str:
    if arguments[:1] == ["-m"]:
        return "" if importlib.util.find_spec(arguments[1]) else f"there is no module {arguments[1]}"
    script = ROOT / arguments[0]
    if not script.is_file():
        return f"there is no {arguments[0]}"
    known = script.read_text()
    options = [word.partition("=")[0] for word in arguments[1:] if word.startswith("--")]
    return next((f"{arguments[0]} has no {option}" for option in options if f'"{option}"' not in known), "")


def _mlflow(arguments: list[str]) -> str:
    from mlflow.cli import cli as mlflow

    return _parse(mlflow, "mlflow", arguments, None, mentioned=False)


@pytest.mark.parametrize("page", sorted({call.page for call in CALLS}))
def test_commands_can_be_called_as_a_page_says(page: str) -> None:
    wrong = [f"{call}: {fault}" for call in CALLS if call.page == page and (fault := faults(call))]
    assert not wrong, "\n".join(wrong)


def test_pages_have_commands() -> None:
    assert len(CALLS) > 150
    assert {call.page for call in CALLS} >= {"README.md", "docs/reana.md", "docs/tutorial/first-run.md", "input/wh.yml"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("`assay validate --evnts a.h5 my.yml`", "No such option"),
        ("    assay rnu --study my.yml", "No such command"),
        ("    assay run --part everything --study my.yml", "everything"),
        ("```sh\nassay run\n```", "Missing option"),
        ("`make run-yadgae`", "no target run-yadgae"),
        ("`make run-yadage INPUT=input/wh.yml`", "no variable INPUT"),
        ("`.venv/bin/pytest tests/nowhere`", "there is no tests/nowhere"),
        ("`.venv/bin/pytest tests/test_files.py::test_nothing`", "has no test_nothing"),
        ("`OMP_NUM_THREADS=1 .venv/bin/python benchmarks/limits.py --wrong`", "has no --wrong"),
        ("`scripts/nothing`", "there is no scripts/nothing"),
        ("    .venv/bin/mlflow server --hots 127.0.0.1", "No such option"),
        ("```sh\nasasy run --study my.yml\n```", "unknown program"),
        ("    assay reana --study my.yml --folow", "No such option"),
        ("    cd x && assay statsu", "No such command"),
        ("    assay completion bahs >> ~/.bashrc", "bahs"),
        ("    assay run --study my.yml \\\n        --evnts a.h5", "No such option"),
    ],
)
def test_a_wrong_command_is_found(tmp_path: Path, text: str, fault: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text + "\n")
    assert [fault for call in calls_in(page) if fault in faults(call)], [faults(call) for call in calls_in(page)]


@pytest.mark.parametrize(
    "text", ["See `assay.load` and `make` it.", "`assay run` does that.", "`assay ...`", "    a: make me"]
)
def test_sentences_are_no_commands(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text + "\n")
    assert not [fault for call in calls_in(page) if (fault := faults(call))]


def _kind(call: Call) -> str | None:
    """Return what a command calls, if somebody has to run it."""
    words = [word for word in call.words if not re.match(r"\w+=|-", word)]
    program = words[0].removeprefix(".venv/bin/")
    if program not in ("assay", "make") or len(words) < 2 or words[1] == "...":
        return None
    return f"{program} {words[1]}"


def test_every_command_is_run_by_a_test() -> None:
    called = {kind for call in CALLS if (kind := _kind(call)) is not None}
    stages = {f"assay {stage}" for stage, text in COMMANDS.items() if "Stage" in text}
    of_their_own = {f"assay {name}" for name in COMMANDS if (TESTS / f"test_{name.replace('-', '_')}.py").is_file()}
    named = {*ELSEWHERE, "assay validate", *stages, *of_their_own}
    missing = called - named
    assert not {kind for kind in missing if not re.search(r"[A-Z]|\.ready", kind)}


@pytest.mark.parametrize("named", sorted({*ELSEWHERE.values(), STAGES}))
def test_the_tests_that_are_named_exist(named: str) -> None:
    path, _, test = named.partition("::")
    text = (ROOT / path).read_text()
    if test:
        assert test in {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}


def _runnable() -> list[Any]:
    """Commands that end within seconds, and whose files are in the repository."""
    found: dict[tuple[str, ...], Call] = {}
    for call in CALLS:
        words = call.words
        if words[:2] == ("assay", "validate") and len(words) == 3 and (ROOT / words[2]).is_file():
            found.setdefault(words, call)
        if words[0] == "assay" and words[-1] in ("--help", "--version"):
            found.setdefault(words, call)
    return [pytest.param(words, id=" ".join(words)) for words in found]


@pytest.mark.parametrize("words", _runnable())
def test_short_commands_end_well(words: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(words[0])
    call = [str(program), *words[1:]]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
