"""Events at the limits of numerics, through sampling, training and evaluation: a clear error, or finite results."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import AssayError
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.table import EventTable

pytestmark = pytest.mark.slow

Chain = Any
Change = Callable[[EventTable], EventTable]


def first_observable(table: EventTable, values: object) -> EventTable:
    x = np.array(table.x)
    x[:, 0] = values
    return replace(table, x=x)


def some_rows(table: EventTable, rows: slice) -> EventTable:
    arrays = {name: getattr(table, name) for name in ("x", "weights", "sample_index")}
    return replace(table, **{name: values[rows] for name, values in arrays.items()})


def spread(table: EventTable) -> EventTable:
    """Weights over ten orders of magnitude, ratios as they are."""
    rng = np.random.default_rng(1)
    return replace(table, weights=table.weights * 10.0 ** rng.uniform(-5, 5, len(table.weights))[:, None])


SURVIVED: dict[str, Change] = {
    "constant observable": lambda table: first_observable(table, 3.0),
    "observable of 1e30": lambda table: first_observable(table, table.x[:, 0] * 1e30),
    "weights over ten orders of magnitude": spread,
}
REFUSED: dict[str, tuple[Change, str]] = {
    "NaN in an observable": (lambda table: first_observable(table, np.nan), "finite"),
    "infinite observable": (lambda table: first_observable(table, np.inf), "finite"),
    "NaN in a weight": (lambda table: replace(table, weights=table.weights * np.nan), "finite"),
    "one event": (lambda table: some_rows(table, slice(0, 1)), "event"),
    "no event": (lambda table: some_rows(table, slice(0, 0)), "event"),
    "zero weights": (lambda table: replace(table, weights=0.0 * table.weights), "weight|cross section"),
    "a negative weight": (
        lambda table: replace(
            table, weights=np.where(np.arange(table.n_events) == 5, -1.0, 1.0)[:, None] * table.weights
        ),
        "negative",
    ),
    "negative weights": (lambda table: replace(table, weights=-table.weights), "weight|cross section"),
}


@pytest.fixture(scope="module")
def chain(small_chain: Callable[..., Chain], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("numerics")
    yield small_chain(folder)
    shutil.rmtree(folder)


def through(chain: Chain, change: Change, folder: Path) -> None:
    """Write changed events, and run the stages that learn from them; raise what they raise."""
    events = folder / "events.h5"
    write_event_file(events, change(read_event_file(chain.combined)))
    sample = folder / "sample"
    stages = [("sample", sample, ["--events", events])]
    for method, kind in (("alices", "ratio"), ("sally", "score")):
        model = folder / f"train_{method}" / "model"
        given = ["--samples", sample / kind, "--events", events]
        stages.append(("train", model.parent, ["--job", method, *given]))
        stages.append(("evaluate", folder / f"evaluate_{method}", ["--method", method, *given, model]))
    for stage, output, arguments in stages:
        done = chain.run(stage, output, *arguments)
        if done.exception is not None:
            raise done.exception


def numbers_in(content: Any) -> Iterator[float]:
    """Yield all numbers in JSON."""
    if isinstance(content, dict | list):
        for inner in content.values() if isinstance(content, dict) else content:
            yield from numbers_in(inner)
    elif isinstance(content, float | int):
        yield float(content)


@pytest.mark.parametrize("name", SURVIVED)
def test_results_are_finite(name: str, chain: Chain, tmp_path: Path) -> None:
    through(chain, SURVIVED[name], tmp_path)
    for method in ("alices", "sally"):
        folder = tmp_path / f"evaluate_{method}"
        for file in ("limits_rate.json", "fisher.json"):
            assert all(math.isfinite(number) for number in numbers_in(json.loads((folder / file).read_text())))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused(name: str, chain: Chain, tmp_path: Path) -> None:
    change, said = REFUSED[name]
    with pytest.raises(AssayError, match=f"(?i){said}"):
        through(chain, change, tmp_path)
    assert not list(tmp_path.rglob("evaluate_*/manifest.json"))
