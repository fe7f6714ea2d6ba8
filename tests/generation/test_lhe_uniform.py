"""Events read by the columns of their numbers are those read word by word, to the bit, or left to that reader."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import LHEError
from assay.generation.lhe import LHESample, read_lhe, reader, write_lhe
from assay.generation.lhe.columns import numbers_of
from assay.generation.lhe.uniform import read_uniform

pytestmark = pytest.mark.fast

LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
WORD = re.compile(rb"(\S+)")


def columns_of(*texts: str) -> np.ndarray | None:
    encoded = [text.encode() for text in texts]
    return numbers_of(encoded, [match.span(1) for match in WORD.finditer(encoded[0])])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e300, 1e300), st.integers(-99999, 99999)), min_size=1, max_size=8),
    st.integers(1, 14),
)
def test_numbers_are_those_of_float(numbers: list[tuple[float, int]], decimals: int) -> None:
    texts = [f" {i:8d}   {x:+.{decimals}e}\n" for x, i in numbers]
    texts = [text for text in texts if len(text) == len(texts[0])]  # exponents of two, or of three digits
    found = columns_of(*texts)
    assert found is not None
    expected = np.array([[float(word) for word in text.split()] for text in texts])
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize(
    "texts",
    [
        (" 1.5e+00 2\n", " 11.5e+0 2\n"),
        (" 1.5e+00 2\n", " 1.5e+00 x\n"),
        (" 1.5e+00 2\n", " 1.5e+00 2 "),
        (" 1.5e+00 22\n", " 1.5e+00 2 \n"),
        (" 1.5e+00 22\n", " 1.5e+00 -+\n"),
        (" 1.5e+00   22\n", " 1.5e+00 1 22\n"),
        (" 1.5e+00   22\n", " 1.5e+00 1-22\n"),
        ("    1.5e+00\n", "  3 1.5e+00\n"),
        (" 1.5e+00\n", " 1.5d+00\n"),
        (" 1.5e+00\n", " 1,5e+00\n"),
        (" 1.5e+00\n", " 1.5e 00\n"),
        (" 1.5e+00\n", " nan    \n"),
        (" nan\n", " nan\n"),
        (" 0. 1\n", " 0. 1\n"),
        (" 1.5\n", " 1.5\n"),
        (" 1.5e+00\n", " 1.5E+00\n"),
        (" 1.5e+00\n", " 1.5e000\n"),
        (" 1.5e+00\n", " 1.5e+0+\n"),
        (" 1.5e+00\n", "x1.5e+00\n"),
        ("+1.5e+00\n", "01.5e+00\n"),
        ("1.5e+00 -\n", "2.5e+00 -\n"),
        ("1.5e+00\n", "2.5e+00\n"),
    ],
)
def test_what_is_laid_out_otherwise_is_left_alone(texts: tuple[str, str]) -> None:
    assert columns_of(*texts) is None


def test_integers_are_right_aligned_with_signs() -> None:
    found = columns_of("   5  -21", " -11    7", "+123 1234")
    np.testing.assert_array_equal(found, [[5, -21], [-11, 7], [123, 1234]])


def test_numbers_that_are_the_same_in_all_texts_stand_beside_others() -> None:
    found = columns_of("  5 -1.25e-30   2 3.0e+00", "  5 -1.25e-30   2 4.5e-01", "  5 -1.25e-30 -12 0.0e+00")
    np.testing.assert_array_equal(found, [[5, -1.25e-30, 2, 3.0], [5, -1.25e-30, 2, 0.45], [5, -1.25e-30, -12, 0.0]])


@pytest.fixture
def word_by_word(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], LHESample]:
    def read(path: Path) -> LHESample:
        with monkeypatch.context() as context:
            context.setattr(reader, "read_uniform", lambda *_: None)
            return read_lhe(path)

    return read


def same(first: LHESample, second: LHESample) -> None:
    for field in fields(LHESample):
        one, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(np.signbit(one), np.signbit(other))
        else:
            assert one == other


def text() -> str:
    return gzip.decompress(LHE.read_bytes()).decode()


def changed(path: Path, change: Callable[[int, str], str]) -> Path:
    head, *events = text().split("<event>")
    path.write_text(head + "".join("<event>" + change(i, event) for i, event in enumerate(events)))
    return path


def bodies() -> list[bytes]:
    return [event.split("</event>")[0].encode() for event in text().split("<event>")[1:]]


def test_files_of_madgraph_are_read_by_columns(word_by_word: Callable[[Path], LHESample]) -> None:
    found = read_uniform(bodies(), None, 6, 13)
    assert found is not None
    assert len(found.names) == found.weights.shape[1] == 10
    assert read_uniform(bodies(), ("other", "names"), 6, 13) is None
    same(read_lhe(LHE), word_by_word(LHE))


def test_our_files_are_read_by_columns(word_by_word: Callable[[Path], LHESample], tmp_path: Path) -> None:
    write_lhe(tmp_path / "ours.lhe", read_lhe(LHE))
    ours = (tmp_path / "ours.lhe").read_text().split("<event>")[1:]
    assert read_uniform([event.split("</event>")[0].encode() for event in ours], None, 6, 13) is not None
    same(read_lhe(tmp_path / "ours.lhe"), word_by_word(tmp_path / "ours.lhe"))


def test_events_of_two_layouts_keep_their_order(word_by_word: Callable[[Path], LHESample], tmp_path: Path) -> None:
    path = changed(
        tmp_path / "two.lhe", lambda i, event: event.replace(" 0.0000e+00 ", " 0.00000000e+00 ") if i % 3 else event
    )
    same(read_lhe(path), word_by_word(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda i, event: event.replace("\n", "  # a comment\n", 1) if i == 7 else event,
        lambda i, event: event.replace("<rwgt>", "<mgrwt> 3 </mgrwt>\n<rwgt>") if i == 7 else event,
        lambda i, event: event.replace("e+", "E+"),
        lambda i, event: event.replace("0.0000e+00", "0."),
        lambda i, event: event.replace("<wgt id='w'> +", "<wgt id='w'> 1") if i == 7 else event,
    ],
)
def test_unusual_files_are_read_word_by_word(
    change: Callable[[int, str], str], word_by_word: Callable[[Path], LHESample], tmp_path: Path
) -> None:
    path = changed(tmp_path / "unusual.lhe", change)
    same(read_lhe(path), word_by_word(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda i, event: event.replace("'w'", "'x'") if i == 7 else event,
        lambda i, event: event.replace(" 7 ", " 6 ", 1) if i == 7 else event,
        lambda i, event: event.replace("e+02", "e+0x", 1) if i == 7 else event,
        lambda i, event: event.replace("</rwgt>", "<wgt id='z'> +1.0000000e-07 </wgt>\n</rwgt>") if i == 7 else event,
    ],
)
def test_faults_are_found_in_the_event_where_they_are(change: Callable[[int, str], str], tmp_path: Path) -> None:
    with pytest.raises(LHEError) as caught:
        read_lhe(changed(tmp_path / "faulty.lhe", change))
    assert "event 7" in str(caught.value)
