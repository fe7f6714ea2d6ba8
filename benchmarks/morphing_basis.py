"""The choice of morphing benchmarks: how small the morphing weights get, and how long that takes.

    .venv/bin/python benchmarks/morphing_basis.py                # beside 100 random sets in numpy, and madminer's
    .venv/bin/python benchmarks/morphing_basis.py --repeat 5

Compared are `optimise_basis` as `configure` calls it, with a single local optimisation, the best of 100 random sets
(vectorised in numpy, on 100 random theta each, which is what MadMiner does by default), and MadMiner's own function.
The first benchmark is the Standard Model in all of them. Mean squared weights are means over the ranges, exact ones but
for MadMiner's; times are of the processor, the median of several.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np
from common import Comparison, Measured, in_own_process, of_peer, one_thread
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
COMMAND = "benchmarks/morphing_basis.py"

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


def chosen(make: Callable[[], Basis], powers: NDArray[np.int64], box: Basis, repeat: int) -> Measured:
    """Measure a choice; the value is the mean of its squared weights, NaN if it is degenerate."""

    def work() -> float:
        try:
            return Morphing.from_basis(powers, make()).expected_squared_weights(box)
        except MorphingError:
            return float("nan")

    return in_own_process(work, repeat)


def found(name: str, repeat: int) -> dict[str, Measured]:
    """Return what each way takes and gives for a polynomial."""
    max_powers, overall = CASES[name]
    powers = components(max_powers, overall)
    box = np.array([(-1.0, 1.0)] * powers.shape[1])
    origin = np.zeros((1, len(box)))
    # MadMiner knows no parts: as many terms as of the power of production and decay together
    task = {"max_powers": powers.max(axis=0).tolist(), "overall_power": int(powers.sum(axis=1).max())}
    return {
        "ours": chosen(lambda: optimise_basis(powers, box, origin), powers, box, repeat),
        "ours, one start": chosen(lambda: optimise_basis(powers, box, origin, n_starts=1), powers, box, repeat),
        "100 random sets": chosen(lambda: random_sets(powers, box), powers, box, repeat),
        "madminer": of_peer("morphing", repeat, **task)["morphing"],
    }


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparison of each polynomial: of times, beside which stands what was found."""
    for name in CASES:
        ways = found(name, repeat)
        for way in ("ours", "ours, one start"):
            ours, peer = ways[way], ways["madminer"]
            what = f"{name}{way.removeprefix('ours')}; squared weights {ours.value:.2f}, madminer {peer.value:.4g}"
            yield Comparison("morphing", what, 1, "bases", ours, peer, None, COMMAND)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeat", type=int, default=3, help="how often each is timed")
    repeat = arguments.parse_args().repeat
    one_thread()
    print("| polynomial | terms | way | mean of squared weights | time in ms | of 100 random sets |")
    print("|---|---|---|---|---|---|")
    for name, (max_powers, overall) in CASES.items():
        ways = found(name, repeat)
        for way, result in ways.items():
            ratio = result.seconds / ways["100 random sets"].seconds
            terms = len(components(max_powers, overall))
            print(
                f"| {name} | {terms} | {way} | {result.value:.3g} | {1e3 * result.seconds:.3g} | {ratio:.3g} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
