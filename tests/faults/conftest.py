from __future__ import annotations

import functools
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from assay.generation import embedded
from assay.generation.sampling import Effort

from .stages import STEPS, Chain, Run, outputs


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
small_chain, chain, invoke = _stages.small_chain, _stages.chain, _stages.invoke


@pytest.fixture(scope="package")
def run(small_chain: Callable[..., Chain], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """All stages of a small study; what follows runs them again. There is another study beside it."""
    folders = [tmp_path_factory.mktemp(name) for name in ("damaged", "other")]
    small = {"events_per_benchmark": 120, "jobs_per_benchmark": 1}
    process = {"generator": "embedded", "name": "wbf_higgs_w_fusion", "decay": "a a", **small}
    chains = [small_chain(folder, process=process, seed=seed) for seed, folder in enumerate(folders, start=1)]
    for chain in chains:
        samples = chain.folder / "sample" / "score"
        for done in (
            chain.train("train_sally", "sally", samples),
            chain.evaluate("evaluate_sally", "sally", samples, chain.folder / "train_sally"),
        ):
            assert done.exception is None, done.output
    found = Run(chains[0], folders[1], {})
    quick = functools.partial(embedded.prepare, effort=Effort(5000, iterations=4, n_points_per_iteration=4000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "prepare", quick)
        for step in STEPS:
            runs = []
            for _ in range(2):
                done = found.do(step)
                assert done.exception is None, (step.stage, done.exception)
                runs.append(outputs(found.wrong))
            # journals and the like hold times
            found.clean[step.stage] = {name: sha for name, sha in runs[0].items() if runs[1].get(name) == sha}
            assert found.clean[step.stage], step.stage
        yield found
    for folder in folders:
        shutil.rmtree(folder)
