"""Every mistake is reported once, at its line and path, in its own words; many mistakes are reported in one go."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.errors import StudyError
from assay.study.checks import Draft, one_of
from assay.study.load import load_study
from assay.study.problems import Finding, Problem, StudyErrors

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input"
MISTAKES = yaml.safe_load((Path(__file__).parent / "mistakes.yml").read_text(encoding="utf-8"))

Load = Callable[[str], tuple[Problem, ...]]
Write = Callable[[str], Path]


def with_mistake(text: str, mistake: dict[str, Any]) -> str:
    assert mistake["old"] in text
    return text.replace(mistake["old"], mistake["new"], 1)


def apart(mistakes: list[dict[str, Any]], text: str) -> Iterable[dict[str, Any]]:
    """Yield mistakes that change different lines."""
    taken: set[int] = set()
    for mistake in mistakes:
        start = text.index(mistake["old"])
        lines = set(range(text.count("\n", 0, start), text.count("\n", 0, start + len(mistake["old"])) + 1))
        if not lines & taken:
            taken |= lines
            yield mistake


def line_of(text: str, anchor: str) -> int:
    """Return the line of an anchor's last line."""
    return text.count("\n", 0, text.index(anchor) + len(anchor.rstrip("\n"))) + 1


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_mistake_has_one_message_at_its_place(mistake: dict[str, Any], base_text: str, problems_of: Load) -> None:
    text = with_mistake(base_text, mistake)
    problems = problems_of(text)
    assert [problem.path for problem in problems] == [mistake["path"]]
    (problem,) = problems
    message = problem.render("input.yml")
    assert problem.line == line_of(text, mistake.get("at", mistake["new"])), message
    for fragment in mistake["says"]:
        assert fragment in message
    assert all((problem.found, problem.expected, problem.mend))


def test_messages_are_clear_and_all_different(base_text: str, problems_of: Load) -> None:
    messages = []
    for mistake in MISTAKES:
        (problem,) = problems_of(with_mistake(base_text, mistake))
        messages.append(f"{problem.path} {problem.found} {problem.mend}")
    assert len(messages) >= 60
    assert len(set(messages)) == len(messages)
    for jargon in ("pydantic", "http", "Input should", "NoneType", "dict", "tuple", "<class", "Traceback", "union"):
        assert not any(jargon in message for message in messages), jargon


def test_the_fixture_has_no_problems(base_text: str, problems_of: Load) -> None:
    assert problems_of(base_text) == ()


def test_all_mistakes_are_reported_in_one_go(base_text: str, write_study: Write) -> None:
    text, expected = base_text, set()
    for mistake in apart(MISTAKES, base_text):
        text = with_mistake(text, mistake)
        expected.add(mistake["path"])
    assert len(expected) > 30
    with pytest.raises(StudyErrors) as caught:
        load_study(write_study(text))
    paths = {problem.path for problem in caught.value.problems}
    # three mistakes are about names that other mistakes change
    assert expected - paths <= {"methods.rate", "observables.pt_j2.expression", "morphing.basis[1]"}
    lines = [problem.line for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert f"{len(lines)} problems; nothing has been run" in str(caught.value)


def test_a_broken_value_causes_no_further_messages(base_text: str, problems_of: Load) -> None:
    (problem,) = problems_of(base_text.replace("range: [-1.2, 1.2]", "range: wide", 1))
    assert problem.path == "parameters.CWL2.range"
    (problem,) = problems_of(
        base_text.replace("  CWL2:\n", "  CWL2: 3\n  CWL3:\n", 1).replace("lha_id: 2", "lha_id: 7", 1)
    )[:1]
    assert problem.path == "parameters.CWL2"


def test_errors_print_and_travel(base_text: str, write_study: Write) -> None:
    path = write_study(base_text.replace("luminosity: 300.0", "luminosity: 300 fb"))
    with pytest.raises(StudyError) as caught:
        load_study(path)
    line = line_of(path.read_text(encoding="utf-8"), "luminosity: 300 fb")
    text = f"input.yml:{line}: luminosity: the text '300 fb'; expected a number above 0 (fb^-1); mend: write 300 alone"
    assert str(caught.value).startswith(text)
    assert caught.value.exit_status == 2
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert str(copy) == str(caught.value)
    assert copy.problems == caught.value.problems


@pytest.mark.parametrize("path", sorted(INPUT.glob("*.yml")), ids=lambda path: path.name)
def test_studies_of_the_repository_load(path: Path) -> None:
    assert load_study(path).name
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=schema.json\n")


@pytest.mark.parametrize("name", ["base", "input"])
def test_a_third_parameter_is_an_edit_of_the_study_alone(name: str, base_text: str, problems_of: Load) -> None:
    text = base_text if name == "base" else (INPUT / "input.yml").read_text(encoding="utf-8")
    third = "  CphiWL2:\n    lha_id: 7\n    transform: 16.52*theta\n    range: [-0.5, 0.5]\n\n"
    text = re.sub(r"(\n# two by hand|\nbenchmarks:)", lambda match: third + match.group(), text, count=1)
    benchmarks = text[text.index("\nbenchmarks:") : text.index("\nmorphing:")]
    text = text.replace(benchmarks, re.sub(r"(CPWL2: [-.0-9]+)\}", r"\1, CphiWL2: 0.0}", benchmarks))
    text = text.replace("\n  prior:\n", "\n  prior:\n    CphiWL2: {flat: [-0.4, 0.4]}\n")
    text = text.replace("\n  grid:\n", "\n  grid:\n    CphiWL2: {range: [-0.3, 0.3], points: 21}\n")
    assert problems_of(text) == ()
    without_prior_and_grid = re.sub(r"\n    CphiWL2: \{(flat|range).*", "", text)
    assert problems_of(without_prior_and_grid) == ()


def test_checks_of_later_rooms_join_in(base_text: str, write_study: Write) -> None:
    good, bad = ("lha_id: 5\n    transform: 16.52*theta\n    range: " + values for values in ("[-1.2, 1.2]", "wide"))
    assert good in base_text
    path = write_study(base_text.replace(good, bad))

    def always(draft: Draft) -> Iterable[Finding]:
        assert draft.folder == path.parent
        assert draft.names("parameters") == ("CWL2", "CPWL2")
        assert tuple(draft.parameters) == ("CWL2",)
        yield Finding(("process", "name"), "found", "expected", "mend")

    checks = (always, one_of(("process", "pdf"), ("NNPDF23_lo",)))
    with pytest.raises(StudyErrors) as caught:
        load_study(path, checks)
    assert {problem.path for problem in caught.value.problems} == {
        "parameters.CPWL2.range",
        "process.name",
        "process.pdf",
    }
