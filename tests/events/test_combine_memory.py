"""The memory that `combine` holds does not depend on the number of events."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "combine_memory.py"
MEMORY = 8_000_000


def peak(n_events, *options):
    arguments = ["--events", n_events, "--chunk", 5000, "--memory", MEMORY, *options]
    command = [sys.executable, str(BENCHMARK), *map(str, arguments)]
    taken = []
    for _ in range(2):  # what the allocator keeps varies by some MiB from run to run
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        found = re.search(r"peak memory (\d+) MiB \((\d+) MiB before\)", done.stdout)
        taken.append(int(found[1]) - int(found[2]))
    return min(taken)


@pytest.mark.parametrize("options", [(), ("--without-samples",)])
def test_eight_times_the_events_take_no_more_memory(options):
    small, large = peak(50_000, *options), peak(400_000, *options)
    # the events themselves would take 80 MiB more
    assert large - small < 20
    assert large < 150
