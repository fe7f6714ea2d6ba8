"""Steps without an engine: which are tried again, when, and what is told of it."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assay.errors import WorkflowError
from assay.files import read_json
from assay.running import attempts, processes
from assay.running.attempts import Retries, run_step
from assay.running.layers.program import Layer, Local, Program, Step
from assay.running.resources import StepResources
from assay.running.steps import STATE

pytestmark = pytest.mark.fast

MakeStep = Callable[..., Step]
COUNTED = "echo x >> count; test $(wc -l < count) -ge 3 || exit 5; echo well done"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays, which do not have to be waited for."""
    delays: list[float] = []
    monkeypatch.setattr(attempts.time, "sleep", delays.append)
    return delays


def run(step: Step, retries: int = 0, layers: Sequence[Layer] = (Local(),)) -> None:
    run_step(step, layers, os.environ, Retries(retries, 5.0))


def n_attempts(step: Step) -> int:
    return len((step.folder / "count").read_text().split())


def log(step: Step) -> str:
    return (step.records / "step.run.log").read_text()


def test_a_step_that_fails_twice_and_then_succeeds(make_step: MakeStep, slept: list[float]) -> None:
    step = make_step(COUNTED)
    run(step, retries=2)
    assert n_attempts(step) == 3
    state = read_json(step.records / STATE)
    assert (state["state"], state["attempt"]) == ("done", 3)
    assert "ended with exit status 5; attempt 2 of 3 in " in log(step)
    assert "ended with exit status 5; attempt 3 of 3 in " in log(step)
    assert log(step).endswith("well done\n")
    assert len(slept) == 2


def test_it_fails_when_the_attempts_are_used_up(make_step: MakeStep, slept: list[float]) -> None:
    step = make_step(COUNTED)
    with pytest.raises(RuntimeError, match=r"step step: ended with exit status 5; log .*step\.run\.log"):
        run(step, retries=1)
    assert n_attempts(step) == 2
    state = read_json(step.records / STATE)
    assert (state["state"], state["attempt"]) == ("failed", 2)
    assert state["ended"] >= state["started"]


@pytest.mark.parametrize("status", [1, 2, 126, 127, 130])
def test_a_fault_to_mend_is_not_tried_again(status: int, make_step: MakeStep, slept: list[float]) -> None:
    step = make_step(f"echo x >> count; exit {status}")
    with pytest.raises(RuntimeError):
        run(step, retries=5)
    assert n_attempts(step) == 1
    assert slept == []


@pytest.mark.parametrize(("signal", "name"), [(9, r"SIGKILL \(out of memory\?\)"), (11, "SIGSEGV"), (15, "SIGTERM")])
def test_a_step_that_is_ended_is_tried_again(signal: int, name: str, make_step: MakeStep, slept: list[float]) -> None:
    step = make_step(f"echo x >> count; kill -{signal} $$")
    with pytest.raises(RuntimeError, match=rf"was ended by signal {signal}, {name}"):
        run(step, retries=1)
    assert n_attempts(step) == 2


def test_an_interrupted_step_is_not_tried_again(make_step: MakeStep, slept: list[float]) -> None:
    step = make_step("echo x >> count; kill -2 $$")
    with pytest.raises(RuntimeError, match="SIGINT"):
        run(step, retries=3)
    assert n_attempts(step) == 1


def test_a_step_that_takes_too_long_is_ended_and_tried_again(
    make_step: MakeStep, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 1.0)
    step = make_step("echo x >> count; sleep 60", StepResources(time_limit=1))
    with pytest.raises(RuntimeError, match=r"took longer than its time limit of 0\.0167 minutes"):
        run(step, retries=1)
    assert n_attempts(step) == 2
    assert "attempt 2 of 2" in log(step)


def test_too_late_is_too_late_even_with_status_0(make_step: MakeStep, slept: list[float]) -> None:
    step = make_step("trap 'exit 0' TERM; sleep 60 & wait", StepResources(time_limit=1))
    with pytest.raises(RuntimeError, match="took longer"):
        run(step)


def test_delays_double_and_differ_between_steps() -> None:
    retries = Retries(9, 4.0)
    delays = [retries.delay_before(attempt, "a") for attempt in range(2, 10)]
    assert delays == [retries.delay_before(attempt, "a") for attempt in range(2, 10)]
    for number, delay in enumerate(delays):
        assert 4.0 * 2**number <= delay <= 1.25 * 4.0 * 2**number
    others = [retries.delay_before(2, f"step {number}") for number in range(20)]
    assert len(set(others)) > 10
    assert max(others) - min(others) > 0.5
    assert all(later > earlier for earlier, later in itertools.pairwise(delays))


def test_retries_reach_the_engine_in_its_environment() -> None:
    assert Retries.of(Retries(3, 2.5).variables()) == Retries(3, 2.5)
    assert Retries.of({}) == Retries(0, 0.0)


def test_a_script_is_read_from_standard_input(make_step: MakeStep) -> None:
    step = make_step("cat > script")
    run(Step(**{**vars(step), "stdin": b"set -eu\n"}))
    assert (step.folder / "script").read_bytes() == b"set -eu\n"


class Recorder(Layer):
    """Notes what is asked of it."""

    def __init__(self, cause: str | None = None, refuse: Exception | None = None) -> None:
        self.given, self.refuse, self.asked = cause, refuse, []  # type: ignore[var-annotated]

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        self.asked.append(("wrap", name))
        if self.refuse is not None:
            raise self.refuse
        return program

    def cause(self, step: Step, name: str, said: str) -> str | None:
        self.asked.append(("cause", said))
        return self.given

    def end(self, step: Step, name: str) -> None:
        self.asked.append(("end", name))


def test_a_layer_tells_the_cause_and_each_attempt_is_ended(make_step: MakeStep, slept: list[float]) -> None:
    """A cause that the layer knows makes another attempt worth it, whatever the status."""
    layer, step = Recorder(cause="lost its node"), make_step("echo words; exit 1")
    with pytest.raises(RuntimeError, match="lost its node"):
        run(step, 1, (Local(), layer))
    names = [f"assay-test-step.{number}" for number in (1, 2)]
    expected = [[("wrap", name), ("cause", "words\n"), ("end", name)] for name in names]
    assert layer.asked == [*expected[0], *expected[1]]


def test_libraries_that_end_programs_themselves_for_want_of_memory(make_step: MakeStep, slept: list[float]) -> None:
    """Their status, 1, is that of a fault to mend."""
    step = make_step("echo 'OpenBLAS error: Memory allocation still failed after 10 retries, giving up.'; exit 1")
    with pytest.raises(RuntimeError, match="ran out of memory"):
        run_step(step, (Local(),), os.environ, Retries(1, 1.0))
    assert len(slept) == 1


@pytest.mark.parametrize("refusal", [WorkflowError("no such thing"), FileNotFoundError("no such program")])
def test_a_step_that_cannot_be_started_fails_at_once(
    refusal: Exception, make_step: MakeStep, slept: list[float]
) -> None:
    layer, step = Recorder(refuse=refusal), make_step("true")
    with pytest.raises(RuntimeError, match="could not be started: no such"):
        run(step, 3, (layer,))
    assert read_json(step.records / STATE)["state"] == "failed"
    assert [verb for verb, _ in layer.asked] == ["wrap", "end"]


def test_a_step_that_found_no_memory_to_start_is_tried_again(make_step: MakeStep, slept: list[float]) -> None:
    layer = Recorder(refuse=OSError(errno.ENOMEM, "Cannot allocate memory"))
    with pytest.raises(RuntimeError, match=r"could not be started: .*Cannot allocate memory"):
        run(make_step("true"), 2, (layer,))
    assert len(slept) == 2


def test_the_programs_of_this_python_come_first(make_step: MakeStep, tmp_path: Path) -> None:
    step = make_step("command -v python > found")
    run_step(step, (Local(),), {"PATH": "/bin:/usr/bin"}, Retries())
    import sys

    assert Path((step.folder / "found").read_text().strip()).parent == Path(sys.executable).parent
