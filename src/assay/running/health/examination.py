"""Examine capabilities, each in a process of its own."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from assay.running.health.finding import Check, Finding

CAPABILITIES = {
    "core": "what every stage needs",
    "physics": "stages 1-6",
    "ml": "stages 7-11",
    "workflow": "to start runs",
    "madgraph": "MadGraph and Delphes",
}
"""Capability -> what it is for; its checks are in the module of the same name, as `CHECKS`."""

_PATIENCE = 180.0
"""Seconds until an examination that hangs is given up."""


def examine(capabilities: Sequence[str]) -> list[Finding]:
    """Examine capabilities in order.

    A capability whose examination crashes ends with a finding that says so; the others are not affected.
    """
    return [finding for capability in capabilities for finding in _apart(capability)]


def _apart(capability: str) -> Iterator[Finding]:
    command = [sys.executable, "-m", "assay.running.health.examination", capability]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
        output, status, errors = done.stdout, done.returncode, done.stderr
    except subprocess.TimeoutExpired as expired:
        output, status = (expired.stdout or b"").decode(), None
        errors = f"no answer within {_PATIENCE:.0f} s"
    findings = [Finding(**json.loads(line)) for line in output.splitlines() if line.startswith('{"capability"')]
    yield from findings
    if status != 0:
        crashed = [check for check in _checks(capability) if check.name not in {finding.name for finding in findings}]
        name = crashed[0].name if crashed else "examination"
        yield Finding(capability, name, "broken", _crash(status, errors), "reinstall it for this kind of processor")


def _crash(status: int | None, errors: str) -> str:
    last = (errors.strip().splitlines() or [""])[-1]
    if status is None:
        return last
    if -status in signal.valid_signals():
        return f"crashed with {signal.Signals(-status).name}"
    return f"ended with exit status {status}: {last}"


def _checks(capability: str) -> Sequence[Check]:
    checks: Sequence[Check] = importlib.import_module(f"assay.running.health.{capability}").CHECKS
    return checks


def _report(capability: str) -> None:
    """Run a capability's checks, one line of JSON each as soon as it is known."""
    for check in _checks(capability):
        print(json.dumps(asdict(check.run(capability))), flush=True)


if __name__ == "__main__":
    _report(sys.argv[1])
