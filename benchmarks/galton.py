"""The generalised Galton board: E[(log r_hat - log r)^2] of every method at 200, 1 000 and 10 000 balls.

    .venv/bin/python benchmarks/galton.py [--balls 200 1000 10000] [--methods alices ...] [--seeds 5]

Prints the table of docs/truth-problems.md beside that of arXiv 1805.12244. Training balls are all that a method gets:
there is no validation sample, every schedule runs to its end. Settings are those of `tests/truth/galton.py`.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import torch

PUBLISHED = {
    "carl": (0.133, 0.115, 0.020),
    "nde": (0.082, 0.069, 0.004),
    "rolr": (0.058, 0.013, 0.003),
    "rascal": (0.019, 0.007, 0.002),
    "scandal": (0.018, 0.004, 0.002),
}
"""1805.12244, read off a figure (+-0.003), at 200, 1 000 and 10 000 balls."""
SIZES = (200, 1000, 10_000)


def board() -> ModuleType:
    """Return the module that the tests use."""
    path = Path(__file__).parents[1] / "tests" / "truth" / "galton.py"
    spec = importlib.util.spec_from_file_location("galton", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["galton"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print a row per method."""
    galton = board()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--balls", type=int, nargs="+", default=SIZES)
    parser.add_argument("--methods", nargs="+", default=galton.METHODS, choices=galton.METHODS)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("| method | balls | measured, mean of seeds | standard deviation | published | seconds each |")
    print("|---|---|---|---|---|---|")
    for method in options.methods:
        for n in options.balls:
            started = time.perf_counter()
            errors = [galton.trained_error(method, n, seed) for seed in range(options.seeds)]
            seconds = (time.perf_counter() - started) / options.seeds
            known = PUBLISHED.get(method, ())
            published = f"{known[SIZES.index(n)]:.3f}" if known and n in SIZES else ""
            spread = np.std(errors, ddof=1) if len(errors) > 1 else 0.0
            print(
                f"| {method} | {n} | {np.mean(errors):.5f} | {spread:.5f} | {published} | {seconds:.1f} |", flush=True
            )


if __name__ == "__main__":
    main()
