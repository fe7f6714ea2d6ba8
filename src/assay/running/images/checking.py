"""Check images as a cluster would use them: `assay doctor` inside, as different users, without network."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError
from docker.types import Mount

from assay.errors import WorkflowError
from assay.running.health import Finding
from assay.running.images.catalogue import Image
from assay.running.images.engine import in_a_line
from assay.running.images.inspection import Description

USERS = ("1000:0", "4711:0", "4711:4711")
"""REANA's user, and users that no image knows."""
_WORKSPACE = "/workspace"
_MEMORY = "4g"
_LABELS = ("title", "version", "revision", "created", "licenses")


@dataclass(frozen=True)
class Check:
    """What `assay doctor` found in an image, as a user."""

    reference: str
    user: str
    ok: bool
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> list[Finding]:
        """What is wrong."""
        return [finding for finding in self.findings if finding.state != "ok" and not finding.optional]


def check(client: DockerClient, image: Image, reference: str, user: str) -> Check:
    """Run `assay doctor` in an image as REANA runs a job: through bash, in a mounted folder.

    There is no network, and nothing but that folder and /tmp can be written.

    Raises
    ------
    WorkflowError
        If the container does not start, or `assay doctor` does not answer.
    """
    wanted = " ".join(f"--for {capability}" for capability in image.capabilities)
    with tempfile.TemporaryDirectory(prefix="assay-check-") as folder:
        Path(folder).chmod(0o777)  # an unknown user writes into it
        try:
            container = client.containers.run(
                reference,
                ["bash", "-c", f"echo YXNzYXkgZG9jdG9y | base64 -d >/dev/null && assay doctor {wanted} --json"],
                user=user,
                network_mode="none",
                read_only=True,
                tmpfs={"/tmp": "mode=1777"},  # noqa: S108 - the container's own
                mounts=[Mount(_WORKSPACE, folder, type="bind")],
                working_dir=_WORKSPACE,
                mem_limit=_MEMORY,
                security_opt=["no-new-privileges"],
                detach=True,
            )
        except APIError as refusal:
            raise WorkflowError(
                f"does not start ({in_a_line(refusal.explanation or refusal)})", where=f"{reference} as {user}"
            ) from None
        try:
            status = container.wait()["StatusCode"]
            output, errors = (container.logs(stdout=out, stderr=not out).decode() for out in (True, False))
        finally:
            container.remove(force=True)
    return _parsed(reference, user, output, errors, status)


def property_faults(description: Description) -> list[str]:
    """Return in what an image's properties are not those that REANA needs, and people expect."""
    faults = []
    if description.user != "1000:0":
        faults.append(f"runs as {description.user or 'root'}, not as 1000:0")
    if description.entrypoint:
        faults.append(f"has an entry point, {' '.join(description.entrypoint)}; REANA ignores it")
    if description.home != "/tmp":  # noqa: S108 - the container's own
        faults.append(f"HOME is {description.home or 'not set'}, not /tmp")
    absent = [name for name in _LABELS if name not in description.labels]
    return faults + ([f"lacks labels: {', '.join(absent)}"] if absent else [])


def _parsed(reference: str, user: str, output: str, errors: str, status: int) -> Check:
    try:
        answer = json.loads(output)
    except json.JSONDecodeError:
        last: Sequence[str] = (output + errors).strip().splitlines()[-5:]
        raise WorkflowError(
            f"assay doctor gives no answer (exit status {status}): {' | '.join(last)}", where=f"{reference} as {user}"
        ) from None
    return Check(reference, user, answer["ok"], tuple(Finding(**finding) for finding in answer["findings"]))
