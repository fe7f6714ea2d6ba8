"""Jobs of the test server in containers, as REANA runs them: user 1000 of group 0, `bash -c`, the whole workspace."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from reana_site import wait_until
from toy_project import write_project

pytestmark = pytest.mark.containers

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]
Command = Callable[..., str]


@pytest.fixture
def image(site: Any) -> str:
    """The physics image, as the steps name it; jobs run in containers from here on."""
    site.cluster.runner = "docker"
    environment = yaml.safe_load((ROOT / "steps" / "physics.yml").read_text())["configure"]["environment"]
    return f"{environment['image']}:{environment['imagetag']}"


def test_steps_run_as_reana_runs_them(site: Any, reana: Command, image: str) -> None:
    combine = (
        "id > {output}/id && pwd >> {output}/id && echo $HOME >> {output}/id && cat {events} > {output}/combined.h5"
    )
    project = write_project(site.folder / "toy", {}, {"combine": combine}, image)
    reana("--project", project, "--interval", "0.2")
    workspace = site.cluster.runs[0].workspace
    identity = (workspace / "physics" / "combine" / "id").read_text()
    assert "uid=1000" in identity
    assert "gid=0" in identity
    assert (workspace / "physics" / "combine" / "id").stat().st_uid == 1000
    assert (site.folder / "results" / "ml" / "plot" / "report.html").read_text() == "a\nb\n"


def test_a_container_that_takes_too_much_memory_is_killed(
    site: Any, reana: Command, small_study: Write, image: str
) -> None:
    hungry = "python -c 'import time; kept = bytearray(b\"1\") * (300 << 20); time.sleep(600)'"
    project = write_project(
        site.folder / "toy", {"combine": [{"kubernetes_memory_limit": "100Mi"}]}, {"combine": hungry}, image
    )
    shown = reana("--project", project, "--study", small_study(execution={"retries": 0}), expect=1)
    assert "step combine took more memory than it may and was killed" in shown


def test_a_container_that_takes_too_long_is_killed(site: Any, reana: Command, small_study: Write, image: str) -> None:
    project = write_project(
        site.folder / "toy", {"combine": [{"kubernetes_job_timeout": 2}]}, {"combine": "sleep 600"}, image
    )
    shown = reana("--project", project, "--study", small_study(execution={"retries": 0}), expect=1)
    assert "step combine took longer than it may and was killed" in shown


def test_a_stopped_run_leaves_no_container(site: Any, reana: Command, image: str) -> None:
    project = write_project(site.folder / "toy", {}, {"configure": "sleep 600"}, image)
    reana("--project", project, "--no-follow")
    run = site.cluster.runs[0]
    listing = ["docker", "ps", "--quiet", "--filter", f"label=assay-test-workflow={run.id}"]
    wait_until(lambda: bool(subprocess.check_output(listing)))
    site.run("reana-client", "stop", "-w", run.full_name, "--force")
    wait_until(lambda: not subprocess.check_output(listing))


def test_an_image_that_is_not_there_is_named(site: Any, reana: Command, image: str) -> None:
    project = write_project(site.folder / "toy", {}, {}, "localhost:9/assay-nothing:0")
    assert "the image of step configure cannot be pulled" in reana("--project", project, expect=1)


def test_events_are_those_of_a_run_here(site: Any, reana: Command, small_study: Write, image: str) -> None:
    study = small_study(process={"events_per_benchmark": 200})
    reana("--study", study, "--project", ROOT, "--part", "physics")
    site.run("assay", "run", "--study", study, "--project", ROOT, "--part", "physics", "--output", site.folder / "here")
    there, here = site.folder / "results" / "physics" / "combine", site.folder / "here" / "combine"
    with h5py.File(there / "combined.h5") as one, h5py.File(here / "combined.h5") as other:
        assert set(one["observables"]) == set(other["observables"])
        for group in ("samples/weights", "samples/observations"):
            np.testing.assert_array_equal(one[group][()], other[group][()], err_msg=group)
