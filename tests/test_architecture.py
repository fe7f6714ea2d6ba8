"""The layout is the architecture: a room imports only rooms before it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

PACKAGE = Path(__file__).parents[1] / "src" / "assay"
ROOMS = (
    "study", "theory", "events", "generation", "simulation", "observables",
    "sampling", "estimators", "inference", "reporting", "tracking", "running", "cli",
)  # fmt: skip
EVERYWHERE = {"errors", "files", "hdf5", "machine", "__version__"}
AT_THE_EDGE = {"manifest"}


def imported_rooms(source: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "assay":
            parts = node.module.split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("assay.")}
    return names


def test_every_room_is_known() -> None:
    found = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_before_it(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room) + 1], *EVERYWHERE}
    if room in ("cli", "reporting", "running"):
        allowed |= AT_THE_EDGE
    for source in (PACKAGE / room).rglob("*.py"):
        assert imported_rooms(source) <= allowed, source


def test_nothing_is_evaluated_or_unpickled() -> None:
    for source in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {
                    "eval",
                    "exec",
                    "compile",
                    "__import__",
                    "pickle.load",
                    "pickle.loads",
                    "yaml.load",
                }, source
                if called == "torch.load":
                    assert "weights_only=True" in ast.unparse(node), source
