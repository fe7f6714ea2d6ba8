"""Why a run failed, from logs as REANA's job controller writes them."""

from __future__ import annotations

import pytest

from assay.running.reana.answers import Job, Logs, Progress, RunState
from assay.running.reana.diagnosis import diagnose

pytestmark = pytest.mark.fast

IMAGE = "ghcr.io/assay-hep/assay-ml:0.1.0"


def state(status: str = "failed") -> RunState:
    return RunState("study.3", status, Progress(3, 0, 2, 1), 0.0, 10.0)


def job(name: str, log: str, status: str = "failed", ended: float = 5.0) -> Job:
    return Job(name, status, IMAGE, log, 0.0, ended)


@pytest.mark.parametrize(
    ("log", "cause", "words", "repeated"),
    [
        ("job: :\n loading\n\nOOMKilled\n", "memory", "raise execution.resources.train.memory", True),
        ("job: :\n bash: line 1: 7 Killed\n exit code 137\n\nError\n", "memory", "took more memory", True),
        (
            "job: :\n epoch 3\n\n\nDeadlineExceeded\nThe job was killed due to exceeding timeout of 60 seconds.",
            "time", "raise execution.resources.train.time_limit", True,
        ),
        (f'Container job failed, error: Back-off pulling image "{IMAGE}"', "image", "make push", False),
        ("Container job failed, error: pull access denied, repository does not exist", "image", IMAGE, False),
        ("job: :\n error: no events\n\nError\n", "program", "its last lines:\nerror: no events\n", False),
        ("job: :\n \n\nError\n", "lost", "without a word", True),
        ("", "lost", "without a word", True),
    ],
)  # fmt: skip
def test_causes(log: str, cause: str, words: str, repeated: bool) -> None:
    failure = diagnose(state(), Logs("", (job("train_12", log),)))
    assert failure.cause == cause
    assert words in str(failure.error)
    assert "train_12" in str(failure.error)
    assert failure.is_worth_repeating is repeated


def test_long_logs_are_cut_to_their_end() -> None:
    log = "job: :\n " + "\n".join(f"line {number}" for number in range(100)) + "\n\nError\n"
    shown = str(diagnose(state(), Logs("", (job("plot", log),))).error)
    assert "line 80\n" in shown
    assert "line 99\n" in shown
    assert "line 79\n" not in shown


def test_the_first_that_failed_is_told_and_the_others_by_name() -> None:
    jobs = (
        job("extract_1", "second\n\nError\n", ended=7.0),
        job("extract_0", "first\n\nError\n", ended=6.0),
        job("combine", "", "finished"),
    )
    shown = str(diagnose(state(), Logs("", jobs)).error)
    assert "step extract_0 failed; its last lines:\nfirst" in shown
    assert "failed, too: extract_1" in shown
    assert "combine" not in shown


def test_a_run_that_fails_outside_of_its_steps_has_the_engine_speak() -> None:
    failure = diagnose(state(), Logs("Job submission error: memory limit too high", (job("a", "", "finished"),)))
    assert "memory limit too high" in str(failure.error)
    assert not failure.is_worth_repeating
    assert diagnose(state(), Logs("", ())).is_worth_repeating


@pytest.mark.parametrize(("status", "words"), [("stopped", "was stopped"), ("deleted", "was deleted")])
def test_what_somebody_did_is_no_failure_of_a_step(status: str, words: str) -> None:
    failure = diagnose(state(status), Logs("", (job("a", "x"),)))
    assert words in str(failure.error)
    assert not failure.is_worth_repeating
