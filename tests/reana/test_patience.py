from __future__ import annotations

import pytest

from assay.errors import ReanaError
from assay.running.reana import patience as module
from assay.running.reana.faults import TransientError
from assay.running.reana.patience import Patience

pytestmark = pytest.mark.fast


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time stands still but for the pauses."""
    slept: list[float] = []
    monkeypatch.setattr(module.time, "sleep", slept.append)
    monkeypatch.setattr(module.time, "monotonic", lambda: sum(slept))
    return slept


def failing(times: int, error: Exception) -> object:
    left = [error] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


def test_pauses_grow_to_their_longest(pauses: list[float]) -> None:
    told: list[str] = []
    assert Patience(600, 1, 60).insist(failing(8, TransientError("ill")), told.append) == "answer"  # type: ignore[arg-type]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert told[0] == "ill; trying again in 1 s"
    assert len(told) == 8


def test_it_ends(pauses: list[float]) -> None:
    with pytest.raises(TransientError, match="ill"):
        Patience(10, 1, 60).insist(failing(100, TransientError("ill")), lambda line: None)  # type: ignore[arg-type]
    assert sum(pauses) <= 10
    with pytest.raises(TransientError):
        Patience(0).insist(failing(1, TransientError("ill")), lambda line: None)  # type: ignore[arg-type]


def test_other_errors_are_not_tried_again(pauses: list[float]) -> None:
    with pytest.raises(ReanaError, match="refused"):
        Patience().insist(failing(1, ReanaError("refused")), lambda line: None)  # type: ignore[arg-type]
    assert pauses == []
