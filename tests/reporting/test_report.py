import shutil
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from assay.errors import AssayError
from assay.estimators.verdicts import CheckResult
from assay.reporting.build import write_report
from assay.reporting.content import Link, Picture, ReportContent, Section, Table, Verdict
from assay.reporting.learning import method_verdict
from assay.reporting.report import render_report, tight
from assay.reporting.run import RunFiles, read_run

NASTY = "<script>alert('x')</script> & \"quotes\""


class Page(HTMLParser):
    """Collects tags with attributes, text, and checks that tags are closed in order."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def assert_self_contained(self):
        assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in self.tags}
        for _, attributes in self.tags:
            assert not any(name.startswith("on") for name in attributes)
            assert attributes.get("src", "data:").startswith("data:")
        for attributes in self.all("a") + self.all("link"):
            assert not attributes["href"].startswith(("http", "//", "javascript"))
        assert all("url(" not in part and "@import" not in part for part in self.text)


def content():
    picture = Picture(NASTY, NASTY, b"\x89PNG", (Link(NASTY, "figures/a b#c.png"),))
    table = Table(NASTY, ("method", NASTY), ((NASTY, "1.0 ± 0.1"),), (Link("data", "data/x.json"),))
    section = Section(NASTY, "limits", NASTY, (Verdict(NASTY, "bad"),), (NASTY,), (table,), (picture,))
    return ReportContent(NASTY, NASTY, ((NASTY, NASTY),), (section,))


@pytest.mark.fast
def test_all_text_is_escaped_and_nothing_is_loaded():
    html = render_report(content())
    page = Page(html)
    page.assert_self_contained()
    assert NASTY not in html
    assert sum(part == NASTY for part in page.text) >= 10
    assert page.all("img")[0]["src"].startswith("data:image/png;base64,")
    assert page.all("img")[0]["alt"]
    assert unquote(page.all("figure")[0].get("class", "")) == ""


@pytest.mark.fast
def test_links_inside_the_page_lead_somewhere():
    page = Page(render_report(content()))
    anchors = [attributes["href"][1:] for attributes in page.all("a") if attributes["href"].startswith("#")]
    assert anchors == ["limits"]
    assert set(anchors) <= {attributes.get("id") for _, attributes in page.tags}
    (figure_link,) = [a["href"] for a in page.all("a") if a["href"].startswith("figures")]
    assert unquote(figure_link) == "figures/a b#c.png"
    assert "#" not in figure_link


@pytest.mark.fast
def test_headings_descend_one_level_at_a_time_and_neighbours_share_theirs():
    pictures = (
        Picture("a", "", b"x"),
        Picture("b", "", b"x", group="one by one"),
        Picture("c", "", b"x", group="one by one"),
    )
    verdicts = (Verdict("so", topic="Limits"), Verdict("and so", topic="Limits"))
    section = Section("Limits", "limits", verdicts=verdicts, pictures=pictures, lead=(Picture("first", "", b"x"),))
    page = Page(render_report(ReportContent("title", "", (), (section,))))
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels == [1, 2, 3, 3, 3, 3, 4, 4]
    assert [attributes["alt"] for attributes in page.all("img")] == ["first", "a", "b", "c"]
    assert all(attributes["lang"] == "en" for attributes in page.all("html"))


@pytest.mark.fast
def test_words_in_tables_are_set_to_the_left_and_numbers_to_the_right():
    table = Table("", ("method", "check", "found"), (("alice", "mean ratio", "1.0"), ("sally", "mean score", "−0.1")))
    assert table.words == (True, True, False)
    table = Table("", ("where", "none"), (("–", "–"), ("near 0.5", "–")))
    assert table.words == (True, False)


@pytest.mark.fast
def test_numbers_stay_with_their_errors_and_units():
    space = "\N{NO-BREAK SPACE}"
    assert tight("at 1.0 ± 0.1 of 68 % CL") == f"at 1.0{space}±{space}0.1 of 68{space}%{space}CL"
    assert tight("q = 2") == f"q{space}={space}2"


def check(verdict):
    return CheckResult("calibration slope", 1.01, 0.01, 1.0, 0.03, verdict)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("verdicts", "words", "outcome"),
    [
        (["passed", "passed"], "trusted; all 2 checks passed", "good"),
        (["passed", "doubtful"], "to be used with care; 1 of 2 checks passed", "doubtful"),
        (["doubtful", "failed"], "not to be trusted", "bad"),
        ([], "no checks", "doubtful"),
    ],
)
def test_checks_are_put_in_plain_words(verdicts, words, outcome):
    first = method_verdict("alices", tuple(map(check, verdicts)))
    assert first.text.startswith("alices")
    assert words in first.text
    assert first.outcome == outcome


@pytest.mark.fast
def test_results_are_read_and_missing_ones_are_named(toy_run, tmp_path):
    results = read_run(toy_run)
    assert list(results.learned) == ["alices", "sally"]
    assert len(results.limits) == 6
    assert sorted({result.method for result in results.fisher}) == ["alices", "histogram", "parton level", "sally"]
    empty = RunFiles(toy_run.study, toy_run.combined, {}, {"alices": tmp_path})
    with pytest.raises(AssayError, match="no limits"):
        read_run(empty)


@pytest.mark.fast
def test_a_damaged_history_is_an_error_that_names_the_folder(toy_run, tmp_path):
    broken = tmp_path / "alices"
    shutil.copytree(toy_run.trainings["alices"], broken)
    (broken / "history.json").write_text('{"records": [{"epoch": 1}]}')
    files = RunFiles(toy_run.study, toy_run.combined, {"alices": broken}, toy_run.evaluations)
    with pytest.raises(AssayError, match="alices"):
        read_run(files)


SECTIONS = [
    "findings",
    "advice",
    "limits",
    "fisher",
    "checks",
    "training",
    "events",
    "observables",
    "morphing",
    "stages",
]


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_whole_run_gives_a_whole_report(tmp_path, n, write_run):
    path = write_report(write_run(tmp_path / "run", n), tmp_path / "plot")
    html = path.read_text()
    page = Page(html)
    page.assert_self_contained()
    assert [attributes["id"] for attributes in page.all("section")] == SECTIONS
    for attributes in page.all("a"):
        href = unquote(attributes["href"])
        assert href.startswith("#") or (path.parent / href).is_file(), href
    figures = {file.stem for file in (path.parent / "figures").iterdir()}
    assert len(page.all("img")) == len(figures)
    assert {f"distribution_{name}" for name in ("pt_j1", "delta_phi_jj", "odd")} <= figures
    assert ("corner_rate" in figures) == (n == 3)
    assert ("contours_rate_CWL2_CPWL2" in figures) == (n > 1)
    text = " ".join(page.text).replace("\N{NO-BREAK SPACE}", " ")
    for word in ("A toy <script>", "seed", "study hash", "generate", "±", "68 % CL", "95 % CL", "trusted", "fb⁻¹"):
        assert word in text, word
    assert not list(path.parent.rglob(".partial*"))
