"""`assay doctor`."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner

import assay.cli.doctor as doctor
from assay.running.health import Finding

pytestmark = pytest.mark.fast

FOUND = {
    "core": Finding("core", "Python", "ok", "Python 3.11"),
    "physics": Finding("physics", "Pythia", "broken", "RuntimeError: no data files", "install it anew"),
    "ml": Finding("ml", "torch", "missing", "No module named 'torch'", "install it"),
    "workflow": Finding("workflow", "Docker", "missing", "there is no Docker Engine here", "start it", optional=True),
    "madgraph": Finding("madgraph", "MadGraph", "missing", "no mg5_aMC on PATH", "use the image"),
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run the command on findings that are made up."""
    monkeypatch.setattr(doctor, "examine", lambda names: [FOUND[name] for name in names])

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(doctor.command, arguments)
        return result.exit_code, result.output

    return run


def test_what_is_broken_counts_always(told: Callable[..., tuple[int, str]]) -> None:
    status, output = told()
    assert status == 1
    assert "BROKEN  Pythia: RuntimeError: no data files" in output
    assert "mend: install it anew" in output
    assert "missing Docker: there is no Docker Engine here (optional)" in output


@pytest.mark.parametrize(("wanted", "status"), [("core", 0), ("ml", 1), ("workflow", 0), ("madgraph", 1), ("all", 1)])
def test_what_is_missing_counts_if_asked_for(told: Callable[..., tuple[int, str]], wanted: str, status: int) -> None:
    found, output = told("--for", wanted)
    assert found == status
    assert "core" in output
    assert ("Pythia" in output) == (wanted == "all")


def test_json_tells_the_same(told: Callable[..., tuple[int, str]]) -> None:
    status, output = told("--for", "ml", "--json")
    answer = json.loads(output)
    assert (status, answer["ok"]) == (1, False)
    assert [finding["name"] for finding in answer["findings"]] == ["Python", "torch"]
    assert answer["findings"][1]["mend"] == "install it"


def test_an_unknown_capability_is_refused(told: Callable[..., tuple[int, str]]) -> None:
    status, output = told("--for", "fysics")
    assert status == 2
    assert "fysics" in output
