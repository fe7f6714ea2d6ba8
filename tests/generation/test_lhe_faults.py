"""Files that a generator, a full disk or an editor has damaged: each is refused with its event and line."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest

from assay.errors import LHEError
from assay.generation.lhe import LHESample, read_lhe, write_lhe
from assay.generation.lhe.checks import check_records
from assay.generation.lhe.faults import LHEEventError

pytestmark = pytest.mark.fast

MADGRAPH = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
HEAD, PARTICLE = "5 1 +1.0417000e-07 9.1e+01 7.5e-03 1.2e-01", 13


@pytest.fixture(scope="module")
def lines():
    """The lines of a file of MadGraph, and where its events begin."""
    text = gzip.decompress(MADGRAPH.read_bytes()).decode().splitlines(keepends=True)
    return text, [number for number, line in enumerate(text) if line.startswith("<event")]


def changed(lines, event, row, change):
    """Return the text with a row of an event's record changed (0: its head), and the row's line from one."""
    text, begins = list(lines[0]), lines[1]
    place = begins[event] + 1 + row
    text[place] = change(text[place])
    return "".join(text), place + 1


def word(number, value):
    """Return a change of the word with a number, from zero, in a line."""

    def change(line):
        words = line.split()
        words[number] = value
        return " ".join(words) + "\n"

    return change


FAULTS = [
    pytest.param(0, word(0, "8"), "97 numbers where 8 particles are announced", id="count"),
    pytest.param(0, word(0, "x"), "could not convert string", id="count is text"),
    pytest.param(0, word(2, "nan"), "not finite", id="weight is NaN"),
    pytest.param(0, word(3, "inf"), "not finite", id="scale is infinite"),
    pytest.param(4, word(6, "*******"), "could not convert string", id="Fortran overflow"),
    pytest.param(4, word(6, "1.0D+02"), "could not convert string", id="Fortran exponent"),
    pytest.param(4, word(7, "NaN"), "particle 4: a number is not finite", id="momentum is NaN"),
    pytest.param(3, word(0, "0"), "particle 3: its PDG id is 0", id="PDG id 0"),
    pytest.param(3, word(0, "2.5"), "is not an integer", id="PDG id is no integer"),
    pytest.param(5, word(1, "7"), "particle 5: its status is unknown", id="status"),
    pytest.param(6, word(2, "8"), "particle 6: a mother is not another particle", id="mother beyond the event"),
    pytest.param(6, word(3, "-1"), "particle 6: a mother is not another particle", id="negative mother"),
    pytest.param(6, word(2, "6"), "particle 6: a mother is not another particle", id="own mother"),
    pytest.param(4, word(9, "-12.5"), "particle 4: its energy is negative", id="negative energy"),
]


@pytest.mark.parametrize("event", [0, 3, 199])
@pytest.mark.parametrize(("row", "change", "says"), FAULTS)
def test_a_fault_is_told_with_its_event_and_line(lines, tmp_path, event, row, change, says):
    text, line = changed(lines, event, row, change)
    for name in ("bad.lhe", "bad.lhe.gz"):
        (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
        with pytest.raises(LHEError) as caught:
            read_lhe(tmp_path / name)
        assert f"{name}, event {event}, line {line}: " in str(caught.value)
        assert says in str(caught.value)
        assert caught.value.expected
        assert caught.value.mend


@pytest.mark.parametrize(
    ("row", "change", "says"),
    [
        pytest.param(4, word(8, "77.0"), "momentum is not conserved", id="momentum"),
        pytest.param(2, word(1, "1"), "it has not two incoming particles", id="one incoming particle"),
        pytest.param(4, word(1, "-1"), "it has not two incoming particles", id="three incoming particles"),
    ],
)
def test_a_fault_of_a_whole_event_is_told_with_its_beginning(lines, tmp_path, row, change, says):
    text, _ = changed(lines, 17, row, change)
    (tmp_path / "bad.lhe").write_text(text)
    with pytest.raises(LHEError, match=rf"event 17, line {lines[1][17] + 1}: .*{says}"):
        read_lhe(tmp_path / "bad.lhe")


def test_the_first_of_several_events_at_fault_is_told(lines, tmp_path):
    text = "".join(lines[0])
    (tmp_path / "bad.lhe").write_text(re.sub(r"(<wgt id='?\"?w'?\"?>) ?\S+", r"\1 nan", text))
    with pytest.raises(LHEError, match="event 0"):
        read_lhe(tmp_path / "bad.lhe")


def test_momentum_may_be_as_inaccurate_as_generators_write_it(lines, tmp_path):
    """Six digits are enough, and resonances (status 2) do not count."""
    text = re.sub(r"[+-]\d\.\d{10}e", lambda m: m.group()[:-6] + "e", "".join(lines[0]))
    (tmp_path / "short.lhe").write_text(text)
    assert len(read_lhe(tmp_path / "short.lhe")) == 200


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_truncated_files_tell_event_and_line_also_inside_gzip(tmp_path, lines, share):
    text = "".join(lines[0])
    cut = text[: int(share * len(text))]
    packed = gzip.compress(text.encode())
    contents = {
        "cut.lhe": cut.encode(),
        "cut.lhe.gz": packed[: int(share * len(packed))],
        "packed_after.lhe.gz": gzip.compress(cut.encode()),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LHEError, match="truncated or damaged after") as caught:
            read_lhe(tmp_path / name)
        event, line = map(int, re.search(r"event (\d+), line (\d+)", str(caught.value)).groups())
        if name != "cut.lhe.gz":
            assert event == cut.count("</event>")
            assert line == cut.count("\n") + 1
        assert event == pytest.approx(200 * share, abs=15)


def test_a_damaged_byte_inside_gzip_is_told(tmp_path, lines):
    packed = bytearray(gzip.compress("".join(lines[0]).encode()))
    packed[len(packed) // 2] ^= 0xFF
    (tmp_path / "bad.lhe.gz").write_bytes(bytes(packed))
    with pytest.raises(LHEError, match=r"event \d+"):
        read_lhe(tmp_path / "bad.lhe.gz")


def test_no_end_tag(tmp_path, lines):
    text = "".join(lines[0]).replace("</LesHouchesEvents>", "")
    (tmp_path / "open.lhe").write_text(text)
    with pytest.raises(LHEError, match=r"event 200, line \d+: .*its last tag is missing"):
        read_lhe(tmp_path / "open.lhe")


def test_an_event_that_begins_within_another_is_told_however_many_end(tmp_path, lines):
    head, *events = "".join(lines[0]).split("<event>")
    events[17] = events[17].replace("</event>", "")
    events[40] = events[40].replace("</event>", "</event></event>")
    (tmp_path / "nested.lhe").write_text("<event>".join([head, *events]))
    with pytest.raises(
        LHEError, match=rf"event 17, line {lines[1][17] + 1}: .*200 events begin and 200 end, not in turn"
    ):
        read_lhe(tmp_path / "nested.lhe")


def records(**changes):
    """Two events of q q > q q: heads, particles (id, status, mothers, colours, p, E, m, lifetime, spin), weights."""
    particles = np.zeros((8, 13))
    particles[:, 0] = [2, 1, 2, 1] * 2
    particles[:, 1] = [-1, -1, 1, 1] * 2
    particles[:, 2:4] = [[0, 0], [0, 0], [1, 2], [1, 2]] * 2
    particles[:, 6:10] = [[0, 0, 9, 9], [0, 0, -9, 9], [9, 0, 0, 9], [-9, 0, 0, 9]] * 2
    heads = np.tile([4.0, 1.0, 1.0, 91.0, 0.1, 0.1], (2, 1))
    return {"heads": heads, "particles": particles, "weights": np.ones((2, 1)), **changes}


def test_records_that_hold_are_accepted():
    check_records(**records())
    check_records(np.zeros((0, 6)), np.zeros((0, 13)), np.zeros((0, 0)))


@pytest.mark.parametrize("event", [0, 1])
@pytest.mark.parametrize(
    ("column", "value", "row"), [(0, 0.0, 3), (1, 5.0, 3), (2, 5.0, 4), (9, np.nan, 2), (9, -9.0, 4), (6, 9.1, None)]
)
def test_records_at_fault_are_found_wherever_they_are(event, column, value, row):
    given = records()
    given["particles"][4 * event + (row or 3) - 1, column] = value
    with pytest.raises(LHEEventError) as caught:
        check_records(**given)
    assert (caught.value.event, caught.value.row) == (event, row)


def test_weights_are_of_their_event():
    given = records(weights=np.array([[1.0], [np.inf]]))
    with pytest.raises(LHEEventError, match="a weight is not finite") as caught:
        check_records(**given)
    assert (caught.value.event, caught.value.row) == (1, None)


def test_reading_what_is_written_accepts_every_event(tmp_path):
    sample: LHESample = read_lhe(MADGRAPH)
    write_lhe(tmp_path / "again.lhe.gz", sample)
    assert len(read_lhe(tmp_path / "again.lhe.gz")) == len(sample)
