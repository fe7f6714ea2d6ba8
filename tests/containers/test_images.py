"""The images are what a cluster needs: user, no entry point, labels, and everything works inside, without network."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from docker import DockerClient

from assay import __version__
from assay.running.images.catalogue import IMAGES, USUAL, Naming
from assay.running.images.checking import USERS, check, property_faults
from assay.running.images.context import revision
from assay.running.images.inspection import describe

pytestmark = [pytest.mark.containers, pytest.mark.usefixtures("current_images")]

ROOT = Path(__file__).parents[2]
LARGEST = {"physics": 500e6, "ml": 1600e6}
"""Bytes; a test suite or a cache that comes along again is seen."""


def reference(name: str) -> str:
    return Naming().reference(name)


def inside(client: DockerClient, name: str, script: str, **options: object) -> str:
    """Run a script as REANA does; what it prints."""
    output = client.containers.run(
        reference(name), ["bash", "-c", script], remove=True, network_mode="none", stderr=True, **options
    )
    return str(output.decode().strip())


@pytest.mark.parametrize("name", USUAL)
def test_properties(client: DockerClient, name: str) -> None:
    found = describe(client, reference(name))
    assert property_faults(found) == []
    assert found.labels["title"] == IMAGES[name].title
    assert found.labels["version"] == __version__
    assert found.labels["revision"].removesuffix("-modified") == revision(ROOT).removesuffix("-modified")
    assert found.size < LARGEST[name]


@pytest.mark.parametrize("name", USUAL)
@pytest.mark.parametrize("user", USERS)
def test_the_doctor_finds_nothing_wrong(client: DockerClient, name: str, user: str) -> None:
    found = check(client, IMAGES[name], reference(name), user)
    assert found.ok, found.faults
    assert {finding.capability for finding in found.findings} == {"core", *IMAGES[name].capabilities}


def test_the_doctor_finds_what_is_not_there(client: DockerClient) -> None:
    found = check(client, IMAGES["ml"], reference("physics"), "1000:0")
    assert not found.ok
    assert {finding.name: finding.state for finding in found.faults}["torch"] == "missing"


@pytest.mark.parametrize("name", USUAL)
def test_a_script_comes_in_as_reana_sends_it(client: DockerClient, name: str) -> None:
    # echo 'id -u; id -g; pwd' in base64
    assert inside(client, name, "echo aWQgLXU7IGlkIC1nCg== | base64 -d | bash") == "1000\n0"


@pytest.mark.parametrize("name", USUAL)
def test_nothing_of_the_image_can_be_changed_by_its_user(client: DockerClient, name: str) -> None:
    script = "find / -xdev -writable ! -type l 2>/dev/null | grep -Ev '^/(tmp|var/tmp|run/lock|dev|proc)(/|$)' || true"
    assert inside(client, name, script) == ""


@pytest.mark.parametrize("name", USUAL)
def test_holds_no_installer_test_suites_or_caches(client: DockerClient, name: str) -> None:
    assert inside(client, name, "ls -d /root/.cache /opt/build /wheels /opt/assay/bin/pip 2>/dev/null || true") == ""
    assert inside(client, name, "find /opt/assay -type d -name tests ! -path '*/testing/*'") == ""


def test_the_command_line_checks_images(assay: Callable[..., str]) -> None:
    shown = assay("images", "check", "physics", "--user", "1000:0")
    assert "as 1000:0: well" in shown
    assert "1000:0" in assay("images", "inspect", "physics")


def test_an_image_without_our_user_is_told(client: DockerClient, assay: Callable[..., str]) -> None:
    """An image like ours, but of root and with an entry point, does not pass."""
    dockerfile = f'FROM {reference("physics")}\nUSER 0\nENTRYPOINT ["env"]\n'
    tag = "example.org/assay-physics:spoilt"
    subprocess.run(["docker", "build", "--tag", tag, "-"], input=dockerfile, text=True, check=True, capture_output=True)
    try:
        shown = assay("images", "check", "physics", "--registry", "example.org", "--tag", "spoilt", expect=1)
    finally:
        client.images.remove(tag)
    assert "runs as 0, not as 1000:0" in shown
    assert "has an entry point, env" in shown
