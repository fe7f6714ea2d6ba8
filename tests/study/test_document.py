from __future__ import annotations

from pathlib import Path

import pytest

from assay.study.document import LARGEST_FILE, Document, read_document
from assay.study.problems import StudyErrors

pytestmark = pytest.mark.fast


def read(folder: Path, text: str | bytes) -> Document:
    path = folder / "input.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path)


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(StudyErrors) as caught:
        read(folder, text)
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_data_and_places(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb:\n  c: [x, 2.5]\n  d: {e: true}\nf: '1'\ng: ~\nh: \"ä\"\n")
    assert document.data == {"a": 1, "b": {"c": ("x", 2.5), "d": {"e": True}}, "f": "1", "g": None, "h": "ä"}
    assert document.findings == []
    assert document.keys[("b", "c")] == (3, 3)
    assert document.values[("b", "c", 1)] == (3, 10)
    assert document.values[("b", "d", "e")] == (4, 10)


def test_byte_order_mark_and_windows_lines(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "line", "fragments"),
    [
        ("", 0, ["the file is empty"]),
        ("# nothing\n", 0, ["the file is empty"]),
        ("- a\n", 1, ["a list at the top level"]),
        ("words\n", 1, ["a single value at the top level"]),
        ("a:\n\tb: 1\n", 2, ["a tab", "indent with spaces"]),
        ("a: 'x\nb: 1\n", 1, ["a quotation mark that is never closed"]),
        ("a: [1, 2\nb: 1\n", 2, ["a bracket that is not closed"]),
        ("a: b: c\n", 1, ["a colon where no key can be"]),
        ("a: 1\n b: 2\n", 2, ["a colon where no key can be", "check the indentation"]),
        ("a:\n  b: 1\n c: 2\n", 3, ["does not belong to the section above"]),
        ('a: "\\Delta"\n', 1, ["an escape \\D that YAML does not know", "single quotation marks"]),
        ("a: *x\n", 1, ["the alias *x of nothing"]),
        ("a: @x\n", 1, ["a value that begins with @"]),
        ("a: 1\n---\nb: 2\n", 2, ["a second document"]),
        ("a: 1\nb\nc: 2\n", 2, ["a line without a colon"]),
        ("a: \x07\n", 1, ["the character U+0007"]),
        (b"a: 1\nb: \xe4\n", 2, ["byte 0xe4 is not UTF-8"]),
        ("[" * 1500, 0, ["within each other without end"]),
        ('a: "\\UFFFFFFFF"\n', 1, ["an escape that is not a character"]),
    ],
)
def test_not_a_study_at_all(tmp_path: Path, text: str | bytes, line: int, fragments: list[str]) -> None:
    message = refusal(tmp_path, text)
    assert (f"input.yml:{line}: " in message) if line else ("input.yml: " in message)
    for fragment in fragments:
        assert fragment in message


def test_syntax_error_shows_the_place(tmp_path: Path) -> None:
    assert refusal(tmp_path, "ab: @x\n").splitlines()[1:] == ["    ab: @x", "        ^"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(StudyErrors, match="no such file"):
        read_document(tmp_path / "absent.yml")
    with pytest.raises(StudyErrors, match="a folder; expected a file"):
        read_document(tmp_path)
    (tmp_path / "large.yml").write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(StudyErrors, match="is this the right file"):
        read_document(tmp_path / "large.yml")
    with pytest.raises(StudyErrors, match="no file name"):
        read_document("a\0b")


def test_aliases_within_bounds(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &x {b: 1}\nc: *x\n")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}}


def test_alias_bomb(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    document = read(tmp_path, "\n".join(lines))
    assert any("once aliases are expanded" in finding.found for finding in document.findings)


def test_value_within_itself(tmp_path: Path) -> None:
    document = read(tmp_path, "a: &a [*a]\n")
    assert document.data == {}
    assert "within itself" in document.findings[0].found


@pytest.mark.parametrize(
    ("text", "found", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "second time in line 3", 1),
        ("a: !!python/object:os.system x\n", "the tag", 1),
        ("a: !x 1\n", "the tag !x", 1),
        ("b: 1\n<<: {a: 1}\n", "a merge key", 2),
        ("b: 1\n? [a]\n: 1\n", "a key that is not plain text", 2),
        ('a: "\\tilde"\n', "control character '\\t'", 1),
        ('a: "\\nu"\n', "control character '\\n'", 1),
        ("a: 1e-3\n", "YAML 1.1 reads as text", 1),
        ('a: "\\ud800"\n', "control character", 1),
    ],
)
def test_smaller_faults_are_findings(tmp_path: Path, text: str, found: str, line: int) -> None:
    document = read(tmp_path, text)
    (finding,) = document.findings
    assert found in finding.found
    problem = document.problem(finding)
    assert problem.line == line
    assert "\0" not in problem.path


def test_block_text_may_have_lines(tmp_path: Path) -> None:
    assert read(tmp_path, "a: |\n  x\n  y\n").data == {"a": "x\ny\n"}
