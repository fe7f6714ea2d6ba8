"""The images' recipes, read as text: what they stand on and install is pinned, and they run as nobody in particular."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from assay import __version__
from assay.running.images.build import BASE, BuildSettings
from assay.running.images.catalogue import IMAGES, Naming

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "images"
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def instructions(name: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments; continued lines joined, comments dropped."""
    lines = [
        line for line in (FOLDER / name / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")
    ]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(None, 1)[0], line.split(None, 1)[1].strip()) for line in joined.splitlines() if line.strip()]


def values(name: str, instruction: str) -> list[str]:
    return [value for word, value in instructions(name) if word == instruction]


def test_the_folders_are_the_catalogue() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/Dockerfile")} == set(IMAGES)


@pytest.mark.parametrize("name", IMAGES)
def test_every_word_is_an_instruction(name: str) -> None:
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER"}
    assert {word for word, _ in instructions(name)} <= known  # neither ENTRYPOINT nor CMD, which REANA ignores


@pytest.mark.parametrize("name", IMAGES)
def test_stands_on_the_pinned_base_and_takes_only_what_was_built(name: str) -> None:
    assert f"BASE={BASE}" in values(name, "ARG")
    assert DIGEST.search(BASE)
    first, last = values(name, "FROM")
    assert first == "${BASE} AS build"
    assert last == ("${BASE}" if IMAGES[name].parent is None else "${PARENT}")
    final = instructions(name)[[i for i, (word, _) in enumerate(instructions(name)) if word == "FROM"][-1] :]
    assert all(value.startswith("--from=build ") for word, value in final if word == "COPY")
    assert final[-1] == ("USER", "1000:0")


@pytest.mark.parametrize("name", IMAGES)
def test_takes_every_argument_that_a_build_gives(name: str) -> None:
    declared = {value.split("=")[0] for value in values(name, "ARG")}
    given = BuildSettings(Naming(), index="somewhere" if name == "ml" else None).arguments(IMAGES[name])
    assert set(given) <= declared


@pytest.mark.parametrize("name", ["physics", "ml"])
def test_home_can_be_written_by_any_user(name: str) -> None:
    assert "HOME=/tmp" in " ".join(values(name, "ENV")).split()


def test_madgraph_stands_on_the_physics_image_of_this_version() -> None:
    assert f"PARENT={Naming().reference('physics')}" in values("madgraph", "ARG")
    assert Naming().tag == __version__


@pytest.mark.parametrize("lock", ["physics.txt", "ml.txt", "build.txt", "torch-cpu.txt", "torch-cuda.txt"])
def test_locks_pin_every_package_by_version_and_hash(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[\w.\[\]-]+==\S+", line), line
        assert "--hash=sha256:" in line, line


def test_both_builds_of_torch_are_of_the_version_that_is_tested() -> None:
    tested = (ROOT / "requirements" / "torch.txt").read_text().split()[0]
    for variant, name in (("cpu", f"{tested}+cpu "), ("cuda", f"{tested} ")):
        assert (ROOT / "requirements" / f"torch-{variant}.txt").read_text().count(name) == 1


def test_packages_are_installed_by_hash_alone() -> None:
    script = (FOLDER / "install").read_text()
    installs = [line for line in script.splitlines() if "pip install" in line and not line.lstrip().startswith("#")]
    assert any("--require-hashes" in line for line in installs)
    for line in installs:  # the other one is of the package itself, from the wheel that was just built
        assert "--require-hashes" in line or line.rstrip().endswith("/wheels/*.whl"), line
        assert "--no-deps" in line
    subprocess.run(["sh", "-n", str(FOLDER / "install")], check=True)


def test_the_conda_environment_pins_every_package() -> None:
    environment = yaml.safe_load((FOLDER / "madgraph" / "environment.yml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    pins = dict(package.split("=", 1) for package in environment["dependencies"])
    assert {"mg5amcnlo", "delphes", "root_base", "gfortran_linux-64", "make", "pythia8"} <= set(pins)
    assert int(pins["numpy"].split(".")[0]) < 2
    assert int(pins["setuptools"].split(".")[0]) < 70
    assert all(re.fullmatch(r"\d+(\.\d+)*", version) for version in pins.values())


def test_micromamba_is_checked_before_it_is_run() -> None:
    arguments = dict(value.split("=", 1) for value in values("madgraph", "ARG"))
    assert re.fullmatch(r"[0-9a-f]{64}", arguments["MICROMAMBA_SHA256"])
    assert re.search(r"/\d+\.\d+\.\d+-\d+/", arguments["MICROMAMBA"])
    first, second, *_ = values("madgraph", "RUN")
    assert first.index("sha256sum --check --strict") < first.index("chmod 755")
    assert "micromamba create" in second


def test_programs_of_madgraph_run_in_their_activated_environment(tmp_path: Path) -> None:
    """The wrapper finds the program by its own name, sets what activation sets, and hands arguments on unchanged."""
    prefix, programs = tmp_path / "madgraph", tmp_path / "programs"
    for folder in (prefix / "bin", prefix / "etc" / "conda" / "activate.d", programs):
        folder.mkdir(parents=True)
    (prefix / "etc" / "conda" / "activate.d" / "flags.sh").write_text('export FFLAGS="${FFLAGS} -std=legacy"\n')
    program = prefix / "bin" / "mg5_aMC"
    program.write_text(
        '#!/bin/sh\necho "$CONDA_PREFIX|$FFLAGS|${PATH%%:*}|$PYTHONPATH"\nfor word; do echo "<$word>"; done\nexit 3\n'
    )
    program.chmod(0o755)
    (programs / "mg5_aMC").symlink_to(FOLDER / "madgraph" / "in-environment")
    environment = {
        **os.environ,
        "MADGRAPH_PREFIX": str(prefix),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "FFLAGS": "-O2",
    }
    done = subprocess.run(
        ["bash", "-c", "mg5_aMC 'two words' '*'"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        f"{prefix}|-O2 -std=legacy|{prefix}/bin|{prefix}/models",
        "<two words>",
        "<*>",
    ]
    assert done.returncode == 3


@pytest.mark.parametrize("user", ["0", "1000"])
def test_the_local_base_is_of_the_suite_that_requirements_are_locked_for(tmp_path: Path, user: str) -> None:
    """Whatever the machine's own is; and only root gets as far as debootstrap."""
    for name, script in {"id": f"echo {user}", "debootstrap": f'echo "$@" >{tmp_path}/asked; exit 7'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEBIAN_MIRROR": "http://example.org/debian"}
    done = subprocess.run(
        [ROOT / "scripts" / "base-image", "x:y"], env=environment, capture_output=True, text=True, check=False
    )
    assert BASE.split("@")[0].endswith("-bookworm")
    assert "os-release" not in (ROOT / "scripts" / "base-image").read_text()  # this machine may have that suite, too
    if user == "0":
        assert (tmp_path / "asked").read_text().split()[2] == "bookworm"
    else:
        assert "needs root" in done.stderr
        assert not (tmp_path / "asked").exists()
    assert done.returncode == 1


@pytest.mark.parametrize("script", ["scripts/base-image", "scripts/ci-containers", "scripts/lock", ".ci/run"])
def test_scripts_parse_and_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)
