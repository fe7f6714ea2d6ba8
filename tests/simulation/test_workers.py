from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from assay.errors import SimulationError
from assay.simulation.workers import WorkerKilledError, in_order

pytestmark = pytest.mark.fast


class Scaled:
    """What a process does: a task times a factor; some tasks go wrong."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, task: int) -> tuple[int, int]:
        if task == -1:
            raise SimulationError("a wrong task", where="task -1")
        if task == -2:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05 if task % 3 == 0 else 0.0)  # so that results do not come in order by themselves
        return self.factor * task, os.getpid()


def asleep(folder: Path) -> Callable[[int], int]:
    """Note this process, and never end."""
    (folder / str(os.getpid())).touch()
    time.sleep(600)
    return abs


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order(workers: int) -> None:
    results = list(in_order(partial(Scaled, 2), range(20), workers))
    assert [result for result, _ in results] == list(range(0, 40, 2))
    processes = {process for _, process in results}
    assert (processes == {os.getpid()}) if workers == 1 else (os.getpid() not in processes)


def test_several_processes_share_the_tasks() -> None:
    assert len({process for _, process in in_order(partial(Scaled, 1), range(0, 60, 3), 2)}) == 2


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(100):
            taken.append(task)
            yield task

    results = in_order(partial(Scaled, 1), tasks(), 2)
    next(results)
    assert len(taken) < 10
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_of_tasks_are_raised_whole(workers: int) -> None:
    results = in_order(partial(Scaled, 1), [0, 1, -1, 3, 4, 5], workers)
    with pytest.raises(SimulationError, match="a wrong task") as caught:
        list(results)
    assert caught.value.where == "task -1"


def test_a_process_that_cannot_start_is_an_error() -> None:
    with pytest.raises(TypeError):
        list(in_order(Scaled, [1, 2, 3], 2))  # type: ignore[arg-type]


def test_a_killed_process_is_reported_so_that_the_stage_is_tried_again() -> None:
    with pytest.raises(WorkerKilledError, match="SIGKILL") as caught:
        list(in_order(partial(Scaled, 1), [0, 1, -2, 3, 4, 5], 2))
    assert isinstance(caught.value, OSError)  # which `assay.errors.exit_status` takes for no fault of the user's


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def waited(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60.0
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_one_that_started_it(tmp_path: Path, number: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        f"import signal, sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever started the tests\n"
        "from functools import partial\nfrom pathlib import Path\n"
        "from test_workers import asleep\nfrom assay.simulation.workers import in_order\n"
        f"if __name__ == '__main__':\n    list(in_order(partial(asleep, Path({str(tmp_path)!r})), range(4), 2))\n"
    )
    with subprocess.Popen([sys.executable, str(program)], stderr=subprocess.DEVNULL) as process:
        noted = lambda: [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]  # noqa: E731
        assert waited(lambda: len(noted()) == 2)
        process.send_signal(number)
        process.wait(60)
    assert waited(lambda: not any(alive(worker) for worker in noted()))
