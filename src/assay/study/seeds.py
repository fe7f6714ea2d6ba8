"""Seeds: one in the study, from which every job's own derives, so that jobs may run anywhere and in any order."""

from __future__ import annotations

import hashlib

PYTHIA_LARGEST_SEED = 900_000_000


def derive_seed(study_seed: int, job: str) -> int:
    """Return a job's seed, from 0 to 2^63 - 1: the top 63 bits of the SHA-256 of "seed:job".

    The same study seed and job name give the same seed on any machine and in any version.
    """
    digest = hashlib.sha256(f"{study_seed}:{job}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def pythia_seed(study_seed: int, job: str) -> int:
    """Return a job's seed for Pythia, which wants one from 1 to 900 000 000."""
    return 1 + derive_seed(study_seed, job) % PYTHIA_LARGEST_SEED
