from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _fixtures_of(room: str) -> ModuleType:
    """Return the conftest of another room, whose fixtures serve here too."""
    path = Path(__file__).parents[1] / room / "conftest.py"
    spec = importlib.util.spec_from_file_location(f"fixtures_of_{room}", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_stages = _fixtures_of("cli")
small_chain, chain = _stages.small_chain, _stages.chain
