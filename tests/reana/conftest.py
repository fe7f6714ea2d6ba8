from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reana_site import Site
from server.application import Application, serving
from server.cluster import Cluster
from toy_project import write_project

from assay.cli.main import main


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A REANA server with nothing in it; at the end, every answer has to have been as specified."""
    application = Application(Cluster(tmp_path / "cluster"))
    with serving(application) as url:
        yield Site(url, application.cluster, application, tmp_path)
    assert not application.violations


@pytest.fixture
def reana(
    site: Site,
    toy: Callable[..., Path],
    small_study: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """Run `assay reana` on a toy project in this process, expect an exit status, and return what it prints."""

    def run(*arguments: object, expect: int = 0, environment: Mapping[str, str | None] | None = None) -> str:
        settings = site.settings(**(environment or {}))
        for name in [name for name in os.environ if name.startswith(("REANA_", "MLFLOW_"))]:
            monkeypatch.delenv(name)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        if not arguments or str(arguments[0]).startswith("--"):
            given = set(map(str, arguments))
            defaults = {"--study": small_study, "--project": toy, "--output": lambda: site.folder / "results"}
            arguments = (
                *arguments,
                *(part for name, make in defaults.items() if name not in given for part in (name, make())),
            )
        quick = () if "secrets" in arguments else ("--interval", "0.05")
        quick += () if {"secrets", "--patience"} & set(map(str, arguments)) else ("--patience", "0.05")
        monkeypatch.setattr(sys, "argv", ["assay", "reana", *map(str, arguments), *quick])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        shown = captured.out + captured.err
        assert (ended.value.code or 0) == expect, shown
        assert site.cluster.token not in shown
        return shown

    return run


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., Path]:
    """Write a project whose steps are one-liners, with some of them changed, and return its folder."""

    def write(resources: Mapping[str, list[dict[str, Any]]] | None = None, **commands: str) -> Path:
        return write_project(tmp_path / "project", resources or {}, commands)

    return write
