import json
import math

import pytest

from assay.errors import ManifestError
from assay.tracking.journal import Journal, RunIdentity, read_journal
from assay.tracking.records import (
    Artifact,
    Dataset,
    End,
    Metrics,
    ModelFolder,
    Parameters,
    Tags,
    Trial,
    from_line,
    to_line,
)

pytestmark = pytest.mark.fast
IDENTITY = RunIdentity("run-1", "study")
RECORDS = (
    Parameters({"alpha": "5.0"}),
    Metrics({"loss": 0.25, "broken": float("nan"), "far": float("-inf")}, 3, 1000),
    Tags({"kind": "alices"}),
    Artifact("figures/a b.png", "figures"),
    Dataset("train", "ab" * 32, "training", 100),
    ModelFolder("model", "alices"),
    Trial("alices trial 3", {"alpha": "0.1"}, {"best_validation_loss": float("inf")}, 1000, 2000, "diverged"),
    End("FINISHED", 2000, ends_study=True),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_survives_its_line(record):
    again = from_line(to_line(record))
    assert type(again) is type(record)
    assert repr(again) == repr(record)  # repr, since NaN differs from itself


def test_lines_are_strict_json_without_nan():
    line = to_line(RECORDS[1])
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert math.isnan(from_line(line).values["broken"])


@pytest.mark.parametrize(
    "line", ["", "{", "[]", '{"kind": "other"}', '{"kind": "metrics"}', '{"kind": "end", "x": 1}', "null"]
)
def test_what_is_not_a_record_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011  json.JSONDecodeError is one, too
        from_line(line)


def test_every_call_is_on_disk_at_once(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin(IDENTITY, "alice-0", "training", "train")
    for record in RECORDS:
        journal.append(record)
        assert repr(read_journal(journal.path).records[-1]) == repr(record)


def test_a_line_cut_by_a_kill_is_ignored_and_does_not_spoil_the_next(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.begin(IDENTITY, "alice-0", "training", "train")
    journal.append(Metrics({"loss": 1.0}, 0, 1))
    with open(path, "a") as stream:
        stream.write('{"kind": "metrics", "values": {"lo')
    assert read_journal(path).records == (Metrics({"loss": 1.0}, 0, 1),)
    Journal(path).append(Metrics({"loss": 0.5}, 1, 2))
    assert read_journal(path).records == (Metrics({"loss": 1.0}, 0, 1), Metrics({"loss": 0.5}, 1, 2))


def test_a_second_attempt_replaces_the_first_which_stays_in_the_file(tmp_path):
    path = tmp_path / "journal.jsonl"
    for loss in (1.0, 0.5):
        journal = Journal(path)
        journal.begin(IDENTITY, "alice-0", "training", "train")
        journal.append(Metrics({"loss": loss}, 0, 1))
    assert read_journal(path).records == (Metrics({"loss": 0.5}, 0, 1),)
    assert len(path.read_text().splitlines()) == 4


def test_an_interrupted_attempt_has_no_end(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.begin(IDENTITY, "alice-0", "training", "train")
    assert read_journal(journal.path).end is None
    journal.append(End("FAILED", 5))
    assert read_journal(journal.path).end == End("FAILED", 5)


@pytest.mark.parametrize("content", [None, "", "no json\n", '{"kind": "tags", "values": {}}\n'])
def test_a_journal_without_a_beginning_is_an_error_that_names_the_file(tmp_path, content):
    path = tmp_path / "journal.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ManifestError, match=r"journal\.jsonl"):
        read_journal(path)
