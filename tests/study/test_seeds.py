from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.study.seeds import PYTHIA_LARGEST_SEED, derive_seed, pythia_seed

pytestmark = pytest.mark.fast


def test_stable() -> None:
    assert derive_seed(1, "generate sm_0") == 4170099333970738488
    assert pythia_seed(1, "generate sm_0") == 1 + 4170099333970738488 % 900_000_000


@given(st.integers(0, 2**63 - 1), st.text(max_size=30).filter(lambda text: text.isascii()))
def test_range_and_definition(seed: int, job: str) -> None:
    value = derive_seed(seed, job)
    assert value == int(hashlib.sha256(f"{seed}:{job}".encode()).hexdigest()[:16], 16) // 2
    assert 0 <= value < 2**63
    assert 1 <= pythia_seed(seed, job) <= PYTHIA_LARGEST_SEED


def test_jobs_and_studies_differ() -> None:
    seeds = {derive_seed(seed, f"job {job}") for seed in range(50) for job in range(50)}
    assert len(seeds) == 2500
    # the seed and the job's name do not run into each other
    assert derive_seed(1, "1:a") != derive_seed(11, "a")
