import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import LHEError
from assay.generation.embedded import generate
from assay.generation.lhe import read_lhe, write_lhe

pytestmark = pytest.mark.fast

MADGRAPH = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


@pytest.fixture(scope="module")
def sample(prepared):
    return generate(prepared, "cw_p10", 300, seed=8)


@pytest.fixture(scope="module")
def madgraph_text():
    return gzip.open(MADGRAPH, "rt").read()


@pytest.fixture
def written(tmp_path, sample):
    path = tmp_path / "events.lhe"
    write_lhe(path, sample)
    return path


def rewritten(path, pattern, replacement, count=1):
    text, n = re.subn(pattern, replacement, path.read_text(), count=count, flags=re.DOTALL)
    assert n == count
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", ["events.lhe", "events.lhe.gz"])
def test_what_is_written_is_read(tmp_path, sample, name):
    write_lhe(tmp_path / name, sample)
    found = read_lhe(tmp_path / name)
    for field in ("offsets", "pdg_id", "status", "mothers", "colours", "event_number", "spins", "masses"):
        np.testing.assert_array_equal(getattr(found, field), getattr(sample, field))
    np.testing.assert_allclose(found.four_momenta, sample.four_momenta, rtol=1e-13)
    for field in ("weights", "nominal_weights"):
        np.testing.assert_allclose(getattr(found, field), getattr(sample, field), rtol=1e-11)
    np.testing.assert_allclose(found.scales, sample.scales, rtol=1e-8)
    assert found.weight_names == sample.weight_names
    assert found.cross_section == pytest.approx(sample.cross_section, rel=1e-11)
    assert found.beams == sample.beams
    assert found.metadata == json.loads(json.dumps({**sample.metadata, "event_norm": "sum"}))


def test_writing_is_deterministic_and_leaves_nothing_behind(tmp_path, sample):
    write_lhe(tmp_path / "a.lhe.gz", sample)
    write_lhe(tmp_path / "b.lhe.gz", sample)
    assert (tmp_path / "a.lhe.gz").read_bytes() == (tmp_path / "b.lhe.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.lhe.gz", "b.lhe.gz"]


def test_the_header_is_xml_whatever_the_metadata(tmp_path, sample):
    odd = replace(sample, metadata={"title": "u d > u d </assay> & 'h' ü"})
    write_lhe(tmp_path / "odd.lhe", odd)
    assert read_lhe(tmp_path / "odd.lhe").metadata["title"] == odd.metadata["title"]


def test_names_that_break_xml_are_refused(tmp_path, sample):
    odd = replace(sample, weight_names=("a b", *sample.weight_names[1:]))
    with pytest.raises(LHEError, match="a b"):
        write_lhe(tmp_path / "odd.lhe", odd)
    assert not list(tmp_path.iterdir())


def test_a_madgraph_file_without_banner():
    found = read_lhe(MADGRAPH)
    assert len(found) == 200
    assert found.weight_names[0] == "w"
    assert found.weights[0, 0] == 3.3920892e-08
    assert np.all(found.nominal_weights == 1.0417e-07)
    assert (found.cross_section, found.cross_section_error) == (1.0417e-3, 2.8014e-6)
    assert found.beams.pdf_set == (247000, 247000)
    assert found.pdg_id[:7].tolist() == [2, 1, 25, 2, 1, 22, 22]
    np.testing.assert_allclose(found.four_momenta[0], [1010.8170964, 0.0, 0.0, 1010.8170964])
    assert found.metadata == {}


@pytest.mark.parametrize(
    ("norm", "factor"), [("average", 1.0 / 200.0), ("sum", 1.0), ("unity", 1.0417e-3 / (200 * 1.0417e-7))]
)
def test_the_run_card_decides_the_normalisation(tmp_path, madgraph_text, norm, factor):
    card = f"<MGRunCard>\n  10000 = nevents\n  {norm} = event_norm ! average or sum\n</MGRunCard>\n"
    path = tmp_path / "banner.lhe"
    path.write_text(madgraph_text.replace("<init>", f"<header>\n{card}</header>\n<init>"))
    found = read_lhe(path)
    np.testing.assert_allclose(found.nominal_weights, 1.0417e-7 * factor)
    assert found.weights[0, 0] == pytest.approx(3.3920892e-08 * factor)


def test_weighting_strategy_four_means_average(tmp_path, madgraph_text):
    path = tmp_path / "strategy.lhe"
    path.write_text(madgraph_text.replace("247000 247000 -3 1", "247000 247000 -4 1"))
    np.testing.assert_allclose(read_lhe(path).nominal_weights, 1.0417e-7 / 200)


def test_unknown_normalisation_is_refused(tmp_path, madgraph_text):
    path = tmp_path / "bias.lhe"
    path.write_text(madgraph_text.replace("<init>", "<header>\n bias = event_norm\n</header>\n<init>"))
    with pytest.raises(LHEError, match="bias"):
        read_lhe(path)


def test_optional_blocks_comments_and_attributes_are_skipped(tmp_path, madgraph_text):
    extra = (
        "# a comment 1 2 3\n<mgrwt>\n<rscale> 0 0.1E+03</rscale>\n</mgrwt>\n<scales pt_clust_1='20.'></scales>\n<rwgt>"
    )
    path = tmp_path / "extra.lhe"
    path.write_text(madgraph_text.replace("<rwgt>", extra).replace("<event>", "<event npLO='1'>"))
    np.testing.assert_array_equal(read_lhe(path).weights, read_lhe(MADGRAPH).weights)
    assert read_lhe(path).same_as(replace(read_lhe(MADGRAPH)))


def test_events_of_different_length_and_several_processes(tmp_path, sample):
    path = tmp_path / "mixed.lhe"
    write_lhe(path, sample)
    init = re.search(r"<init>\n.*?\n", path.read_text()).group(0)
    two = init.replace(" 3 1\n", " 3 2\n") + "3.0 0.3 1.0 1\n4.0 0.4 1.0 2\n</init>"
    rewritten(path, r"<init>.*?</init>", two)
    # without the photons, the Higgs boson is outgoing
    rewritten(path, r"<event>\n 7 (.*?\n(?:.*?\n){5})(?:.*?\n){2}<rwgt>", r"<event>\n 5 \1<rwgt>")
    rewritten(path, r"( +25) +2 ", r"\1 1 ")
    found = read_lhe(path)
    assert (found.cross_section, found.cross_section_error) == (7.0, 0.5)
    assert found.particle_counts.tolist() == [5] + [7] * 299
    np.testing.assert_allclose(found.four_momenta[5:], sample.four_momenta[7:], rtol=1e-13)
    write_lhe(tmp_path / "again.lhe", found)
    assert read_lhe(tmp_path / "again.lhe").particle_counts.tolist() == [5] + [7] * 299


def test_reading_in_small_pieces_gives_the_same(monkeypatch, written):
    whole = read_lhe(written)
    monkeypatch.setattr("assay.generation.lhe.stream.BYTES_PER_READ", 1000)
    assert read_lhe(written).same_as(whole)


def test_a_file_without_events_or_weights(tmp_path, sample, written):
    rewritten(written, r"<event>.*</event>\n", "")
    empty = read_lhe(written)
    assert len(empty) == 0
    assert empty.cross_section == pytest.approx(sample.cross_section)
    bare = replace(sample, weights=sample.weights[:, :0], weight_names=())
    write_lhe(tmp_path / "bare.lhe", bare)
    assert read_lhe(tmp_path / "bare.lhe").weights.shape == (300, 0)


def test_negative_weights_are_kept(written):
    rewritten(written, r"<wgt id='w'> \+", "<wgt id='w'> -")
    rewritten(written, r"( 7 1) \+", r"\1 -")
    found = read_lhe(written)
    assert found.weight("w")[0] < 0.0 < found.weight("w")[1]
    assert found.nominal_weights[0] < 0.0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_truncated_files_tell_where(tmp_path, sample, share):
    for name in ("cut.lhe", "cut.lhe.gz"):
        path = tmp_path / name
        write_lhe(path, sample)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(LHEError, match=r"event \d+, line \d+: .*truncated") as caught:
            read_lhe(path)
        event = int(re.search(r"event (\d+)", str(caught.value)).group(1))
        assert event == pytest.approx(300 * share, abs=10)


EVENT_3 = r"((?:<event>.*?</event>\n){3}<event>\n[^\n]*\n[^\n]*\n)"


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        pytest.param(EVENT_3 + r"\s+1 -1", r"\1 x -1", id="text"),
        pytest.param(EVENT_3 + r"\s+1 -1", r"\1 -1", id="a number is missing"),
        pytest.param(EVENT_3 + r"[^\n]*\n", r"\1", id="a particle is missing"),
        pytest.param(r"((?:<event>.*?</event>\n){3}<event>\n) 7", r"\1 8", id="a particle is announced"),
        pytest.param(r"((?:<event>.*?</event>\n){3}<event>\n)", r"\1 *****", id="Fortran overflow"),
        pytest.param(r"((?:<event>.*?</event>\n){3}.*?<wgt id=')ww'", r"\1wwx'", id="another weight"),
        pytest.param(r"((?:<event>.*?</event>\n){3}.*?)<wgt id='ww'>[^\n]*\n", r"\1", id="a weight is missing"),
        pytest.param(r"((?:<event>.*?</event>\n){3}.*?<wgt id='ww'>)", r"\1 x", id="a weight is text"),
        pytest.param(r"((?:<event>.*?</event>\n){3}.*?<wgt id='ww'>) \S+", r"\1 ", id="a weight is empty"),
        pytest.param(r"((?:<event>.*?</event>\n){3}.*?<wgt id='ww'>) \S+", r"\1 nan", id="a weight is NaN"),
        pytest.param(r"((?:<event>.*?</event>\n){3}<event>\n 7 1) \S+", r"\1 nan", id="nominal weight is NaN"),
        pytest.param(r"((?:<event>.*?</event>\n){3}<event>\n 7 1) \S+", r"\1 inf", id="nominal weight is infinite"),
        pytest.param(EVENT_3 + r"(\s+1 -1(?:\s+\S+){6})\s+\S+", r"\1\2 nan", id="a momentum is NaN"),
    ],
)
def test_malformed_events_are_refused_with_their_number(written, pattern, replacement):
    rewritten(written, pattern, replacement)
    with pytest.raises(LHEError, match="event 3"):
        read_lhe(written)


def test_an_event_that_does_not_end_is_refused(written):
    rewritten(written, r"</event>\n<event>", "<event>")
    with pytest.raises(LHEError, match=r"event 0, line \d+: .*begin"):
        read_lhe(written)


@pytest.mark.parametrize("field", [0, 1, 2, 4])
def test_identifiers_that_are_not_integers_are_refused(written, field):
    rewritten(written, rf"(<event>\n[^\n]*\n(?:\s+\S+){{{field}}})\s+\S+", r"\1 1.5")
    with pytest.raises(LHEError, match="integer"):
        read_lhe(written)


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"<init>.*?</init>", ""),
        (r"<init>.*?</init>", "<init>\n2212 2212\n</init>"),
        (r"( 3 )1\n", r"\g<1>2\n"),
        (r"<LesHouchesEvents version=.3.0.>", ""),
        (r"\"generator\"", "generator"),
    ],
)
def test_malformed_headers_are_refused(written, pattern, replacement):
    rewritten(written, pattern, replacement)
    with pytest.raises(LHEError):
        read_lhe(written)


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(LHEError, match="not found"):
        read_lhe(tmp_path / "nothing.lhe")
    for content in (b"", b"hello", b"\x1f\x8bhello"):
        (tmp_path / "foreign.lhe").write_bytes(content)
        with pytest.raises(LHEError):
            read_lhe(tmp_path / "foreign.lhe")


def test_inconsistent_samples_cannot_be_made(sample):
    with pytest.raises(LHEError, match="weights"):
        replace(sample, weights=sample.weights[:, :-1])
    with pytest.raises(LHEError, match="same name"):
        replace(sample, weight_names=("w",) * 6)
    with pytest.raises(LHEError, match="offsets"):
        replace(sample, offsets=sample.offsets[::-1].copy())
    with pytest.raises(LHEError, match="no weights named 'x'"):
        sample.weight("x")
