"""How fast event files are combined, beside madminer 0.9.6 on the same files, in the same run.

    .venv/bin/python benchmarks/combining.py [--repeat 3]

Twelve files of 50 000 events each, with ten observables and weights at six benchmarks, become one in shuffled order.
`combine_memory.py` measures how much memory ten million events take. madminer needs an environment of its own:
make .venv-madminer/.ready.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from combine_memory import POINTS, write_run
from common import Comparison, in_own_process, of_peer, shown

from assay.events.combine import combine

FILES, EVENTS = 12, 50_000


def write_runs(folder: Path, n_files: int = FILES, n_events: int = EVENTS) -> list[Path]:
    """Write runs at the six benchmarks in turn; return their paths."""
    paths = [folder / f"run_{number:04d}.h5" for number in range(n_files)]
    for number, path in enumerate(paths):
        write_run(path, list(POINTS)[number % len(POINTS)], n_events, 10, number, named=True)
    return paths


def comparisons(repeat: int) -> Iterator[Comparison]:
    """Yield the comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_runs(folder)

        def work() -> None:
            combine(paths, folder / "ours.h5", seed=1)

        ours = in_own_process(work, repeat)
        peer = of_peer("combining", repeat, paths=list(map(str, paths)), output=folder / "peer.h5")["combining"]
    what = f"{FILES} files of {EVENTS} events; ours checks them and shuffles in bounded memory"
    yield Comparison("combining", what, FILES * EVENTS, "events", ours, peer, None, "benchmarks/combining.py")


if __name__ == "__main__":
    shown(comparisons, __doc__)
