"""Runs Gherkin features against a run on the test server: the sentences of REANA that our features use.

`reana-client test` of REANA 0.95 does the same; 0.9 has no such command.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

_KEYWORDS = ("When", "Then", "And")


@dataclass(frozen=True)
class Scenario:
    """A scenario of a feature, and its sentences without their keywords."""

    name: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """What reana-client tells of a run."""

    status: str
    minutes: float
    files: frozenset[str]
    outputs: tuple[str, ...]
    engine_log: str
    jobs: tuple[dict[str, Any], ...]


class FeatureError(AssertionError):
    """A sentence of a feature is not true, or not known."""


def read_scenarios(text: str) -> list[Scenario]:
    """Read the scenarios of a feature."""
    scenarios: list[tuple[str, list[str]]] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("Scenario:"):
            scenarios.append((line.partition(":")[2].strip(), []))
        elif scenarios and line.split(" ")[0] in _KEYWORDS:
            scenarios[-1][1].append(line.partition(" ")[2])
        elif line and scenarios:
            raise FeatureError(f"not a line of a scenario: {line}")
    if not scenarios or not all(sentences for _, sentences in scenarios):
        raise FeatureError("no scenarios, or empty ones")
    return [Scenario(name, tuple(sentences)) for name, sentences in scenarios]


def check_features(paths: Sequence[Path], site: Any, run: str) -> None:
    """Raise FeatureError unless all sentences of all features are true of a run that has ended."""
    facts = gather(site, run)
    for path in paths:
        for scenario in read_scenarios(path.read_text()):
            for sentence in scenario.sentences:
                if not holds(sentence, facts):
                    raise FeatureError(f"{path.name}, {scenario.name}: {sentence}")


def gather(site: Any, run: str) -> Facts:
    """Ask the server through reana-client."""
    (status,) = json.loads(site.run("reana-client", "status", "-w", run, "--json", "--verbose"))
    files = json.loads(site.run("reana-client", "ls", "-w", run, "--json"))
    logs = json.loads(site.run("reana-client", "logs", "-w", run, "--json"))
    outputs = site.cluster.find(run).specification.get("outputs", {})
    declared = [*outputs.get("files", ()), *outputs.get("directories", ())]
    return Facts(
        status["status"],
        status["duration"] / 60,
        frozenset(entry["name"] for entry in files),
        tuple(declared),
        logs["workflow_logs"],
        tuple(logs["job_logs"].values()),
    )


def holds(sentence: str, facts: Facts) -> bool:
    """Whether a sentence is true."""
    for pattern, check in _SENTENCES.items():
        if found := re.fullmatch(pattern, sentence):
            return check(facts, *(group.strip('"') for group in found.groups()))
    raise FeatureError(f"not a sentence that REANA knows: {sentence}")


def _includes(facts: Facts, name: str) -> bool:
    return any(fnmatchcase(file, name) or file.startswith(f"{name}/") for file in facts.files)


def _of_step(facts: Facts, step: str) -> Iterator[dict[str, Any]]:
    found = [job for job in facts.jobs if job["job_name"] == step]
    if not found:
        raise FeatureError(f"no step {step}")
    return iter(found)


def _minutes(job: dict[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(job[key]) for key in ("started_at", "finished_at"))
    return (ended - begun).total_seconds() / 60


_SENTENCES: dict[str, Callable[..., bool]] = {
    "the workflow execution completes": lambda facts: facts.status in ("finished", "failed", "stopped"),
    r"the workflow (?:status )?is (\w+)": lambda facts, status: facts.status == status,
    "all the outputs should be included in the workspace": lambda facts: (
        bool(facts.outputs) and all(_includes(facts, name) for name in facts.outputs)
    ),
    r'the workspace should (?:include|contain) ("[^"]+")': _includes,
    r'the workspace should not (?:include|contain) ("[^"]+")': lambda facts, name: not _includes(facts, name),
    r'the engine logs should contain ("[^"]+")': lambda facts, words: words in facts.engine_log,
    r'the job logs for the (\S+) step should contain ("[^"]+")': lambda facts, step, words: any(
        words in job["logs"] for job in _of_step(facts, step)
    ),
    r"the workflow run duration should be less than (\d+) minutes": lambda facts, limit: facts.minutes < float(limit),
    r"the duration of the step (\S+) should be less than (\d+) minutes": lambda facts, step, limit: all(
        _minutes(job) < float(limit) for job in _of_step(facts, step)
    ),
}
