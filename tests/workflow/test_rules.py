"""The rules for specifications that yadage runs as they read, in the text of ours; each is seen to fail where broken.

Of the eight rules, 2 (empty fan-outs) and 7 (continuing) are the launcher's: `test_rules_in_engines.py` has all that
shows when the specifications run.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PARTS = ("physics", "ml")
HONOURED = {
    *("compute_backend", "kerberos", "rucio", "unpacked_img", "voms_proxy"),
    *("kubernetes_cpu_limit", "kubernetes_cpu_request", "kubernetes_job_timeout", "kubernetes_uid"),
    *("kubernetes_memory_limit", "kubernetes_memory_request"),
    *("htcondor_accounting_group", "htcondor_max_runtime", "slurm_partition", "slurm_time"),
}
"""Resources that REANA's engine passes on."""

Spec = dict[str, Any]
Break = Callable[[Path], None]


def stages_of(project: Path) -> Iterator[tuple[str, Spec]]:
    """Every stage of every workflow file, with the file's name."""
    for path in sorted((project / "workflow").glob("*.yml")):
        for stage in yaml.safe_load(path.read_text())["stages"]:
            yield path.stem, stage


def steps_of(project: Path) -> Iterator[tuple[str, Spec]]:
    """Every step with its name."""
    for path in sorted((project / "steps").glob("*.yml")):
        for name, step in yaml.safe_load(path.read_text()).items():
            if name != "environment":
                yield name, step


def parameters(stage: Spec) -> Spec:
    return dict(stage["scheduler"]["parameters"])


def sources(stage: Spec) -> set[str]:
    """The stages whose outputs a stage is given."""
    named = (
        value.get("step") or value.get("stages") for value in parameters(stage).values() if isinstance(value, dict)
    )
    return {name.split("[")[0] for name in named}


def check_lists_do_not_come_from_globs(project: Path) -> None:  # rules 2 and 6
    for name, step in steps_of(project):
        publisher = step["publisher"]
        assert publisher["publisher_type"] in ("interpolated-pub", "fromyaml-pub"), name
        assert not publisher.get("glob"), name
        assert "*" not in str(publisher), name


def check_no_dependency_on_a_wildcard(project: Path) -> None:  # rule 3
    for part, stage in stages_of(project):
        assert not [name for name in stage["dependencies"] if set(name) & set("[*]")], (part, stage["name"])


def check_every_dependency_is_an_input(project: Path) -> None:  # rule 4
    for part, stage in stages_of(project):
        assert set(stage["dependencies"]) - {"init"} <= sources(stage), (part, stage["name"])


def check_no_text_parameters(project: Path) -> None:  # rule 5
    for part, stage in stages_of(project):
        assert {value for value in parameters(stage).values() if not isinstance(value, dict)} <= {"{workdir}"}, part
    given = yaml.safe_load((project / "reana.yml").read_text())["inputs"]["parameters"]
    for value in given.values():
        assert isinstance(value, int | float) or re.fullmatch(r"[A-Za-z0-9_./-]+", value), value


def check_resources_are_honoured(project: Path) -> None:  # rule 8
    for name, step in steps_of(project):
        listed = step["environment"].get("resources", [])
        assert all(len(entry) == 1 for entry in listed), name
        assert {key for entry in listed for key in entry} <= HONOURED, name
        assert "gpu" not in str(step["environment"]).lower(), name


def check_versions(folder: Path) -> None:  # rule 1
    """One of the two sets, whole, in each lock."""
    for lock, wanted in (
        ("all.txt", {"yadage": "0.20.1", "reana-client": "0.9.6", "yadage-schemas": "0.10.8", "adage": "0.10.3"}),
        (
            "yadage-next.txt",
            {"yadage": "0.21.2", "yadage-schemas": "0.11.1", "adage": "0.11.0", "packtivity": "0.17.1"},
        ),
    ):
        pinned = dict(re.findall(r"^([a-z-]+)==(\S+)", (folder / lock).read_text(), flags=re.MULTILINE))
        assert {name: pinned.get(name) for name in wanted} == wanted, lock
        assert lock == "all.txt" or "reana-client" not in pinned


CHECKS = (
    check_lists_do_not_come_from_globs,
    check_no_dependency_on_a_wildcard,
    check_every_dependency_is_an_input,
    check_no_text_parameters,
    check_resources_are_honoured,
)


@pytest.fixture
def copy(project: Path) -> Path:
    (project / "reana.yml").write_text((ROOT / "reana.yml").read_text())
    return project


@pytest.mark.fast
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_our_specifications_keep_the_rule(check: Callable[[Path], None]) -> None:
    check(ROOT)


def change(project: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = project / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, count))


BROKEN: tuple[tuple[Callable[[Path], None], tuple[str, str, str]], ...] = (
    (CHECKS[0], ("steps/physics.yml", "{publisher_type: fromyaml-pub, yamlfile: published.yml}",
                 "{publisher_type: fromglob-pub, outputkey: jobs, globexpression: 'jobs/*'}")),
    (CHECKS[0], ("steps/physics.yml", "publish: {events: '{output}'}",
                 "glob: true\n    publish: {events: '{output}'}")),
    (CHECKS[1], ("workflow/workflow.yml", "dependencies: [physics]", "dependencies: ['physics[*].combine']")),
    (CHECKS[2], ("workflow/physics.yml", "events: {stages: extract,", "events: {stages: generate,")),
    (CHECKS[2], ("workflow/ml.yml", "dependencies: [init, sample]", "dependencies: [init, sample, plot]")),
    (CHECKS[3], ("workflow/ml.yml", "output: '{workdir}'", "output: '{workdir}'\n        label: $p_{T}$")),
    (CHECKS[3], ("workflow/physics.yml", "output: '{workdir}'", "output: ''")),
    (CHECKS[3], ("reana.yml", "study: input/input.yml", "study: ''")),
    (CHECKS[4], ("steps/ml.yml", "- kubernetes_memory_limit:", "- kubernetes_gpu: 1\n    - kubernetes_memory_limit:")),
    (CHECKS[4], ("steps/physics.yml", "- kubernetes_memory_limit:", "- memory:")),
)  # fmt: skip


@pytest.mark.fast
@pytest.mark.parametrize(("check", "fault"), BROKEN, ids=[f"{check.__name__}-{fault[2]}" for check, fault in BROKEN])
def test_a_broken_copy_is_found_out(copy: Path, check: Callable[[Path], None], fault: tuple[str, str, str]) -> None:
    check(copy)
    change(copy, *fault)
    with pytest.raises(AssertionError):
        check(copy)


@pytest.mark.fast
def test_versions_are_one_of_two_sets(tmp_path: Path) -> None:
    check_versions(ROOT / "requirements")
    for name in ("yadage", "reana-client", "packtivity"):  # and they are what is installed
        pinned = re.search(rf"^{name}==(\S+)", (ROOT / "requirements" / "all.txt").read_text(), flags=re.MULTILINE)
        assert pinned is not None
        assert importlib.metadata.version(name) == pinned[1]
    for lock in ("all.txt", "yadage-next.txt"):
        (tmp_path / lock).write_text((ROOT / "requirements" / lock).read_text())
    check_versions(tmp_path)
    change(tmp_path, "all.txt", "yadage==0.20.1", "yadage==0.21.2")
    with pytest.raises(AssertionError):
        check_versions(tmp_path)
