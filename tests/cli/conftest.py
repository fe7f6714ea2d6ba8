from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from assay.cli.main import main


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command line in this process, expect an exit status, and return what it prints."""

    def run(*arguments: object, expect: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["assay", *map(str, arguments)])
        with pytest.raises(SystemExit) as ending:
            main()
        shown = "".join(capfd.readouterr())
        assert (ending.value.code or 0) == expect, shown
        return shown

    return run
