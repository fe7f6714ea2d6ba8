"""The choice of morphing benchmarks: how small the morphing weights get, and how long that takes.

    .venv/bin/python benchmarks/morphing_basis.py                # beside 100 random sets in numpy, and madminer's
    .venv/bin/python benchmarks/morphing_basis.py --repeat 5

Compared are `optimise_basis` as `configure` calls it, with a single local optimisation, the best of 100 random sets
(vectorised in numpy, on 100 random theta each, which is what MadMiner does by default), and, if `.venv-madminer` is
there, MadMiner's own function. The first benchmark is the Standard Model in all of them. Mean squared weights are exact
means over the ranges; times are of the processor, the shortest of several.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import MorphingError
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components, monomials
from assay.theory.morphing import Morphing

CASES = {  # maximal powers of the parameters, overall power
    "2 parameters, power 2": ([2] * 2, 2),
    "2 parameters, power 4": ([4] * 2, 4),
    "3 parameters, power 2": ([2] * 3, 2),
    "4 parameters, power 4": ([4] * 4, 4),
    "5 operators, production and decay": ([(2, 2)] * 5, (2, 2)),
}
MADMINER = Path(__file__).parents[1] / ".venv-madminer" / "bin" / "python"
MADMINERS_WAY = """
import json, logging, sys, time
import numpy as np
logging.disable(logging.CRITICAL)
from madminer.utils.morphing import PhysicsMorpher
powers, overall = json.loads(sys.argv[1])
np.random.seed(0)
morpher = PhysicsMorpher(parameter_max_power=powers, parameter_range=[(-1.0, 1.0)] * len(powers))
found = morpher.find_components(overall)
start = time.process_time()
basis = morpher.optimize_basis(benchmarks_numpy=np.zeros((1, len(powers))), n_trials=100, n_test_thetas=100)
print(json.dumps([time.process_time() - start, np.asarray(basis).tolist()]))
"""

Basis = NDArray[np.float64]


def random_sets(powers: NDArray[np.int64], box: Basis, n_sets: int = 100, n_theta: int = 100) -> Basis:
    """Return the best of some random sets, by the mean over random theta."""
    rng, best, lowest = np.random.default_rng(0), np.zeros((0, len(box))), np.inf
    for _ in range(n_sets):
        free = rng.uniform(*box.T, (len(powers) - 1, len(box)))
        basis = np.concatenate([np.zeros((1, len(box))), free])
        matrix = np.linalg.inv(monomials(basis, powers))
        theta = rng.uniform(*box.T, (n_theta, len(box)))
        mean = float(np.mean(np.sum((monomials(theta, powers) @ matrix) ** 2, axis=1)))
        if mean < lowest:
            best, lowest = basis, mean
    return best


def timed(make: Callable[[], Basis], repeat: int) -> tuple[float, Basis]:
    """Return the shortest time in seconds, and the result."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        basis = make()
        times.append(time.process_time() - start)
    return min(times), basis


def madminers(max_powers: list[int], overall: int) -> tuple[float, Basis] | None:
    """Return time and result of MadMiner's own function, in its environment; None if there is none."""
    if not MADMINER.is_file():
        return None
    command = [str(MADMINER), "-c", MADMINERS_WAY, json.dumps([max_powers, overall])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600)
    seconds, basis = json.loads(done.stdout.splitlines()[-1])
    return seconds, np.array(basis)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeat", type=int, default=3, help="how often each is timed")
    repeat = arguments.parse_args().repeat
    print("| polynomial | terms | way | mean of squared weights | time in ms | of 100 random sets |")
    print("|---|---|---|---|---|---|")
    for name, (max_powers, overall) in CASES.items():
        powers = components(max_powers, overall)
        box = np.array([(-1.0, 1.0)] * powers.shape[1])
        origin = np.zeros((1, len(box)))
        highest = int(powers.sum(axis=1).max())
        found = {
            "100 random sets": timed(lambda p=powers, b=box: random_sets(p, b), repeat),
            "ours": timed(lambda p=powers, b=box, o=origin: optimise_basis(p, b, o), repeat),
            "ours, one start": timed(lambda p=powers, b=box, o=origin: optimise_basis(p, b, o, n_starts=1), repeat),
            # MadMiner knows no parts: as many terms as of the power of production and decay together
            "madminer": madminers([int(power) for power in powers.max(axis=0)], highest),
        }
        for way, result in found.items():
            if result is None:
                continue
            seconds, basis = result
            try:
                squared = f"{Morphing.from_basis(powers, basis).expected_squared_weights(box):.3g}"
            except MorphingError:
                squared = "degenerate"
            ratio = seconds / found["100 random sets"][0]
            print(f"| {name} | {len(powers)} | {way} | {squared} | {1e3 * seconds:.3g} | {ratio:.3g} |", flush=True)


if __name__ == "__main__":
    main()
