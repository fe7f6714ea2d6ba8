"""Pushing: the digest that comes back, and refusals that say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from assay.cli import images
from assay.errors import WorkflowError
from assay.running.images.pushing import Pushed
from assay.running.images.pushing import push as push_and_say

pytestmark = pytest.mark.fast

REPOSITORY = "registry.example.org:5000/us/assay-physics"
USUAL = "ghcr.io/assay-hep/assay-physics:0.1.0"

OLDER, NEWER = (
    {"Id": "sha256:1", "Created": "2026-11-22T10:00:00Z"},
    {"Id": "sha256:2", "Created": "2026-11-22T10:00:00.5Z"},
)


def push(engine: Any, repository: str, tag: str, usual: str, say: Callable[[str], None] = print) -> Pushed:
    return push_and_say(engine, repository, tag, usual, say)


def test_returns_the_digest_that_the_registry_tells(engine: Any) -> None:
    engine.here[f"{REPOSITORY}:1"] = {"Size": 1}
    engine.answers = [{"status": "Pushing"}, {"aux": {"Tag": "1", "Digest": "sha256:ab", "Size": 3}}]
    assert push(engine, REPOSITORY, "1", USUAL).digest == f"{REPOSITORY}@sha256:ab"
    assert engine.asked == [("push", {"repository": REPOSITORY, "tag": "1", "stream": True, "decode": True})]


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        ("denied: requested access to the resource is denied", "docker login registry.example.org:5000"),
        ("unauthorized: authentication required", "docker login registry.example.org:5000"),
        ("no basic auth credentials", "docker login registry.example.org:5000"),
        ("dial tcp: lookup registry.example.org: no such host", "is registry.example.org:5000 the right name"),
        ("manifest invalid", "see the registry's message"),
    ],
)
def test_a_refusal_says_what_to_do(engine: Any, error: str, mend: str) -> None:
    engine.here[f"{REPOSITORY}:1"] = {"Size": 1}
    engine.answers = [{"status": "Pushing"}, {"error": error}]
    with pytest.raises(WorkflowError) as caught:
        push(engine, REPOSITORY, "1", USUAL)
    assert error in str(caught.value)
    assert mend in str(caught.value)


def test_an_image_that_was_built_under_its_usual_name_gets_that_of_the_registry(engine: Any) -> None:
    engine.here[USUAL] = {"Size": 1}
    engine.answers = [{"aux": {"Digest": "sha256:ab"}}]
    push(engine, REPOSITORY, "1", USUAL)
    assert engine.tagged == [(USUAL, REPOSITORY, "1")]


def test_a_rebuilt_image_takes_the_name_from_the_one_that_was_pushed_before(engine: Any) -> None:
    engine.here |= {f"{REPOSITORY}:1": OLDER, USUAL: NEWER}
    engine.answers = [{"aux": {"Digest": "sha256:ab"}}]
    said: list[str] = []
    push(engine, REPOSITORY, "1", USUAL, said.append)
    assert engine.tagged == [(USUAL, REPOSITORY, "1")]
    assert said == [f"{REPOSITORY}:1 was an older image than {USUAL}; now it is the same"]


@pytest.mark.parametrize("usual", [OLDER, NEWER])
def test_an_image_that_was_built_under_the_registrys_name_keeps_it(engine: Any, usual: dict[str, str]) -> None:
    engine.here |= {f"{REPOSITORY}:1": NEWER, USUAL: usual}
    engine.answers = [{"aux": {"Digest": "sha256:ab"}}]
    said: list[str] = []
    push(engine, REPOSITORY, "1", USUAL, said.append)
    assert engine.tagged == said == []


def test_the_command_takes_the_image_of_the_tag_that_is_asked_for(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "connected", lambda: engine)
    engine.here |= {USUAL: NEWER, "ghcr.io/assay-hep/assay-physics:0.1.0-cuda": OLDER}
    engine.answers = [{"aux": {"Digest": "sha256:ab"}}]
    ours = ["push", "physics", "--registry", "registry.example.org:5000/us", "--tag"]
    done = CliRunner().invoke(images.command, [*ours, "0.1.0-cuda"], catch_exceptions=False)
    assert done.output.splitlines()[-1] == f"{REPOSITORY}@sha256:ab"
    assert engine.tagged == [("ghcr.io/assay-hep/assay-physics:0.1.0-cuda", REPOSITORY, "0.1.0-cuda")]
    assert isinstance(CliRunner().invoke(images.command, [*ours, "other"]).exception, WorkflowError)


def test_an_image_that_is_not_here_is_not_pushed(engine: Any) -> None:
    with pytest.raises(WorkflowError, match="make images"):
        push(engine, REPOSITORY, "1", USUAL)
    assert not engine.asked


def test_a_registry_that_tells_nothing_is_not_believed(engine: Any) -> None:
    engine.here[f"{REPOSITORY}:1"] = {"Size": 1}
    engine.answers = [{"status": "Pushed"}]
    with pytest.raises(WorkflowError, match="does not tell"):
        push(engine, REPOSITORY, "1", USUAL)
