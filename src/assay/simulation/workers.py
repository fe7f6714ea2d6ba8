"""Tasks shared among processes, their results in order.

A worker process has a pipe of its own to the process that started it, and ends when that one does, however it ends.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from assay.machine import nothing_swallowed

Task = TypeVar("Task")
Result = TypeVar("Result")

_PATIENCE = 10.0  # seconds that a worker may take to end by itself


class WorkerKilledError(OSError):
    """A worker process was ended from outside, often for its memory: another try may do."""


def in_order(
    start: Callable[[], Callable[[Task], Result]], tasks: Iterable[Task], workers: int = 1
) -> Iterator[Result]:
    """Yield the results of tasks in their order, worked on by several processes.

    Parameters
    ----------
    start
        Prepares a process for tasks and returns what does one; it and everything else that passes between processes is
        pickled. With one worker it is called in this process.
    tasks
        What is to be done. At most two for each process are taken from it beyond those that are done.
    workers
        Number of processes.

    Raises
    ------
    WorkerKilledError
        If a process was ended from outside.
    Exception
        Any that a task raises; the processes are ended then.
    """
    if workers == 1:
        work = start()
        for task in tasks:
            yield work(task)
        return
    team = [_Worker(start) for _ in range(workers)]
    try:
        yield from _shared(team, iter(tasks))
    finally:
        for worker in team:
            worker.end()


def _shared(team: list[_Worker], tasks: Iterator[Any]) -> Iterator[Any]:
    numbered = enumerate(tasks)
    owed: deque[int] = deque()  # numbers of tasks whose results have not been yielded
    results: dict[int, Any] = {}
    idle = list(team)
    while True:
        for number, task in islice(numbered, min(len(idle), 2 * len(team) - len(owed))):
            idle.pop().begin(number, task)
            owed.append(number)
        if not owed:
            return
        for worker in _answering([worker for worker in team if worker not in idle]):
            number, result = worker.result()
            results[number] = result
            idle.append(worker)
        while owed and owed[0] in results:
            yield results.pop(owed.popleft())


def _answering(busy: list[_Worker]) -> list[_Worker]:
    ready = set(wait([worker.pipe for worker in busy] + [worker.process.sentinel for worker in busy]))
    return [worker for worker in busy if worker.pipe in ready or worker.process.sentinel in ready]


class _Worker:
    """A process that does tasks one after the other."""

    def __init__(self, start: Callable[[], Callable[[Any], Any]]) -> None:
        context = get_context("spawn")  # a fork would take threads' locks and Pythia's state along
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, start), daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe ends with the process

    def begin(self, number: int, task: Any) -> None:
        try:
            self.pipe.send((number, task))
        except (BrokenPipeError, ConnectionResetError):
            raise self._killed() from None

    def result(self) -> tuple[int, Any]:
        try:
            number, result, error = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self._killed() from None
        if error is not None:
            raise error
        return number, result

    def end(self) -> None:
        self.pipe.close()
        self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()

    def _killed(self) -> WorkerKilledError:
        self.process.join(_PATIENCE)
        status = self.process.exitcode or 0
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return WorkerKilledError(
            f"a worker process ended {how}, often for want of memory: give it more, or fewer cores"
        )


def _serve(pipe: Connection, start: Callable[[], Callable[[Any], Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the other process' to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work: Callable[[Any], Any] | None = None
    while True:
        try:
            number, task = pipe.recv()
        except EOFError:
            return
        result, failure = None, None
        try:
            with nothing_swallowed():
                work = work or start()
                result = work(task)
        except Exception as error:
            failure = error
        pipe.send((number, result, failure))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
