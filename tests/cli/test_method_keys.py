"""What a change of one method, or of what all share, makes the stages 7 to 9 do again: no more than that."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.cli.stage import STAGES, _key
from assay.study.load import load_study
from assay.study.model import Study
from assay.study.resolve import write_resolved

pytestmark = pytest.mark.fast

Write = Callable[..., Path]
Keys = Mapping[str, str]
METHODS = ("alice", "sally", "histogram_2d", "rate")
TRAINED = ("alice", "sally")


@pytest.fixture
def keys(small_study: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Keys]:
    """Return the key of every step of a changed study, apart from its input files."""
    found: dict[str, str] = {}

    def run_stage(
        name: str,
        study: Study,
        folder: Path,
        inputs: Mapping[str, Iterable[Path]],
        work: object,
        job: str = "",
        settings: Mapping[str, object] | None = None,
    ) -> None:
        found[f"{name} {job}".strip()] = _key(STAGES[name], study, job, folder, (), settings or {})

    for stage in ("sample", "train", "toys", "evaluate"):
        monkeypatch.setattr(importlib.import_module(f"assay.cli.{stage}"), "run_stage", run_stage)

    def of(jobs: Iterable[str] = TRAINED, remove: str = "", **changes: Any) -> Keys:
        found.clear()
        study = load_study(small_study(**changes))
        methods = {name: method for name, method in study.methods.items() if name != remove}
        path = tmp_path / "study.json"
        write_resolved(path, study.model_copy(update={"methods": methods}))
        common = ["--study", path, "--output", tmp_path / "out"]
        commands: list[list[object]] = [["sample", *common, "--events", "e"]]
        if "toys" in changes.get("limits", {}):
            commands += [["toys", *common, "--job", "alice~toys1", "--events", "e", "m"]]
        given = ["--samples", "s", "--events", "e"]
        for job in (*jobs, *(method for method in METHODS if method not in TRAINED)):
            commands += [["train", *common, "--job", job, *given]]
        for method in METHODS:
            commands += [["evaluate", *common, "--method", method, *given, "m"]]
        for command in commands:
            result = CliRunner().invoke(cli, [str(word) for word in command])
            assert (
                result.exception is None
                or "no method" in str(result.exception)
                or "no training" in str(result.exception)
            )
        return dict(found)

    return of


def steps(stage: str, *methods: str) -> set[str]:
    return {f"{stage} {method}" for method in methods}


DONE_AGAIN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing": ({}, set()),
    "bins of a histogram": (
        {"methods": {"histogram_2d": {"bins": 7}}},
        {"train histogram_2d", "evaluate histogram_2d"},
    ),
    "bins of a score": ({"methods": {"sally": {"bins": 7}}}, {"evaluate sally"}),
    "normalisation of a ratio": ({"methods": {"alice": {"normalise": False}}}, {"evaluate alice"}),
    "training of a method": (
        {"methods": {"alice": {"training": {"epochs": 7}}}},
        {"train alice", "evaluate alice"},
    ),
    "training of all": ({"training": {"epochs": 7}}, steps("train", *TRAINED) | steps("evaluate", *TRAINED)),
    "one more baseline": ({"methods": {"counting": {"kind": "rate"}}}, {"sample"}),
    "observables of a histogram": (
        {"methods": {"histogram_2d": {"observables": ["m_jj"]}}},
        {"train histogram_2d", "evaluate histogram_2d"},
    ),
    "samples": ({"sampling": {"train_samples": 3000}}, {"sample", *steps("evaluate", *METHODS)}),
    "luminosity": ({"luminosity": 3.0}, steps("evaluate", *METHODS)),
    "calibration of a ratio": (
        {"methods": {"alice": {"calibration": "isotonic"}}},
        {"train alice", "evaluate alice"},
    ),
    "statistic of a score": ({"methods": {"sally": {"statistic": "adaptive"}}}, {"evaluate sally"}),
    "grid of limits": (
        {"limits": {"grid": {"CWL2": {"range": [-0.1, 0.1], "points": 7}}}},
        steps("evaluate", *METHODS),
    ),
    "system metrics": ({"tracking": {"system_metrics": True}}, set()),
    "title, execution and tracking": (
        {"title": "other", "execution": {"jobs_per_step": 7, "retries": 0}, "tracking": {"experiment": "other"}},
        set(),
    ),
    "seed": ({"seed": 3}, {"sample", *steps("train", *METHODS), *steps("evaluate", *METHODS)}),
}


@pytest.mark.parametrize("what", DONE_AGAIN)
def test_a_change_has_done_again_what_depends_on_it(keys: Callable[..., Keys], what: str) -> None:
    changes, expected = DONE_AGAIN[what]
    before, after = keys(), keys(**changes)
    assert set(before) == {"sample", *steps("train", *METHODS), *steps("evaluate", *METHODS)}
    assert {step for step in before if after[step] != before[step]} == expected


def test_more_toys_draw_no_samples_and_train_nothing(keys: Callable[..., Keys]) -> None:
    """Nor do further points; more jobs are a new list for the engine, which the stage `sample` publishes."""
    before = keys(limits={"toys": {"experiments": 40}})
    for toys in ({"experiments": 80}, {"experiments": 40, "points": ["sm"]}):
        after = keys(limits={"toys": toys})
        changed = {step for step in before if after[step] != before[step]}
        assert changed == {"toys alice~toys1", *steps("evaluate", *METHODS)}


def test_a_member_more_leaves_the_others_alone(keys: Callable[..., Keys]) -> None:
    jobs = ("alice~member1", "alice~member2")
    before = keys(jobs, methods={"alice": {"ensemble": 2}})
    after = keys(jobs, methods={"alice": {"ensemble": 3}})
    assert before["train alice~member1"] != before["train alice~member2"]
    assert {step for step in after if after[step] != before[step]} == {"sample", "evaluate alice"}


def test_samples_that_are_drawn_afresh_depend_on_what_they_are_drawn_from(keys: Callable[..., Keys]) -> None:
    streaming: dict[str, Any] = {"methods": {"alice": {"training": {"source": "streaming"}}}}
    before, after = keys(**streaming), keys(**streaming, sampling={"hypotheses": 7})
    changed = {step for step in after if after[step] != before[step]}
    assert changed & set(steps("train", *METHODS)) == {"train alice"}


def test_a_method_that_goes_leaves_the_others_alone(keys: Callable[..., Keys]) -> None:
    before, after = keys(), keys(remove="alice")
    assert {step for step in after if after[step] != before[step]} == {"sample"}
    assert set(before) - set(after) == {"train alice", "evaluate alice"}


def test_no_two_steps_have_the_same_key(keys: Callable[..., Keys]) -> None:
    found = keys()
    assert len(set(found.values())) == len(found)
