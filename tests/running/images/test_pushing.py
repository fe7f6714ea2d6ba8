"""Pushing: the digest that comes back, and refusals that say what to do."""

from __future__ import annotations

from typing import Any

import pytest

from assay.errors import WorkflowError
from assay.running.images.pushing import push

pytestmark = pytest.mark.fast

REPOSITORY = "registry.example.org:5000/us/assay-physics"
USUAL = "ghcr.io/assay-hep/assay-physics:0.1.0"


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


def test_an_image_that_is_not_here_is_not_pushed(engine: Any) -> None:
    with pytest.raises(WorkflowError, match="make images"):
        push(engine, REPOSITORY, "1", USUAL)
    assert not engine.asked


def test_a_registry_that_tells_nothing_is_not_believed(engine: Any) -> None:
    engine.here[f"{REPOSITORY}:1"] = {"Size": 1}
    engine.answers = [{"status": "Pushed"}]
    with pytest.raises(WorkflowError, match="does not tell"):
        push(engine, REPOSITORY, "1", USUAL)
