"""A Docker Engine that remembers what it is asked, and answers what it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

BUILT = [{"stream": "Step 1/2 : FROM base\n"}, {"stream": " ---> 0123\n"}, {"stream": "Successfully built 0123\n"}]


@dataclass
class FakeEngine:
    """The parts of `docker.DockerClient` that Assay uses."""

    here: dict[str, dict[str, Any]] = field(default_factory=dict)
    pullable: tuple[str, ...] = ()
    answers: list[dict[str, Any]] = field(default_factory=lambda: list(BUILT))
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tagged: list[tuple[str, str, str]] = field(default_factory=list)
    context: bytes = b""

    def __post_init__(self) -> None:
        self.images = SimpleNamespace(get=self._get, pull=self._pull)
        self.api = SimpleNamespace(build=self._build, push=self._push)

    def _get(self, name: str) -> Any:
        if name not in self.here:
            raise ImageNotFound(f"No such image: {name}")
        attributes = self.here[name]
        return SimpleNamespace(
            id=attributes.get("Id", "sha256:1"),
            attrs=attributes,
            history=lambda: attributes.get("History", []),
            tag=lambda repository, tag: self.tagged.append((name, repository, tag)),
        )

    def _pull(self, name: str) -> None:
        if name not in self.pullable:
            raise APIError("500 Server Error", explanation=f"Get registry/{name}: no such host")
        self.here[name] = {"Size": 1}

    def _build(self, *, fileobj: BytesIO, tag: str, **options: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(("build", {"tag": tag, **options}))
        self.context = fileobj.read()
        self.here[tag] = {"Size": 450_000_000}
        return iter(self.answers)

    def _push(self, repository: str, **options: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(("push", {"repository": repository, **options}))
        return iter(self.answers)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(here={"base": {"Size": 1}})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files that a build takes, and some that it does not."""
    root = tmp_path / "project"
    files = {
        "images/install": "#!/bin/sh\n",
        "images/physics/Dockerfile": "FROM base\n",
        "src/assay/__init__.py": "",
        "src/assay/__pycache__/x.pyc": "old",
        "src/assay.egg-info/PKG-INFO": "old",
        "requirements/physics.txt": "numpy==2\n",
        "pyproject.toml": "",
        "README.md": "",
        "LICENSE": "",
        "runs/big.h5": "not taken",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "images" / "install").chmod(0o755)
    return root
