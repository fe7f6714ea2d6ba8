"""What every stage needs: Python, memory, cores, room to write, the event file's library."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path

from assay.running.health.finding import Check, MissingError

_GIB = 2**30
_LEAST_MEMORY = 2.0
_LEAST_DISK = 1.0
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_QUOTA = "/sys/fs/cgroup/cpu.max"


def python() -> str:
    """Return Python's version and the platform."""
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}"
    )


def memory() -> str:
    """Return the memory that a process here may use: the machine's, or what a container is limited to."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    limits = [int(text) / _GIB for path in _LIMITS if (text := _read(path)).isdigit()]
    least = min([total, *limits])
    if least < _LEAST_MEMORY:
        raise RuntimeError(f"{least:.1f} GiB; steps need {_LEAST_MEMORY:.0f}")
    return f"{least:.1f} GiB"


def cores() -> str:
    """Return the cores that a process here may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _read(_QUOTA).partition(" ")
    share = f", {int(quota) / int(period):.1f} of their time" if quota.isdigit() and period.isdigit() else ""
    return f"{usable}{share}"


def folders() -> str:
    """Write into the folders that libraries take for granted."""
    places = {"temporary folder": tempfile.gettempdir(), "home": str(Path("~").expanduser())}
    for what, place in places.items():
        try:
            with tempfile.TemporaryFile(dir=place) as stream:
                stream.write(b"assay")
        except OSError as error:
            raise OSError(f"{what} {place}: {error.strerror}") from None
    return ", ".join(f"{what} {place} can be written" for what, place in places.items())


def disk() -> str:
    """Return the room in the working folder, and whether it can be written."""
    free = shutil.disk_usage(".").free / _GIB
    if free < _LEAST_DISK:
        raise OSError(f"{free:.1f} GiB free in {Path().resolve()}; a study needs {_LEAST_DISK:.0f}")
    writable = "" if os.access(".", os.W_OK) else " (which cannot be written)"
    return f"{free:.1f} GiB free in {Path().resolve()}{writable}"


def event_files() -> str:
    """Write an HDF5 file with checksums, and read it back."""
    import h5py
    import numpy as np

    values = np.linspace(0.0, 1.0, 1000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("values", data=values, fletcher32=True)
        with h5py.File(path) as file:
            if not np.array_equal(file["values"][...], values):
                raise ValueError("a file does not hold what was written")
    return f"h5py {h5py.__version__}, numpy {np.__version__}"


def shell() -> str:
    """Look for the programs that start a step on REANA."""
    for program in ("bash", "base64"):
        if shutil.which(program) is None:
            raise MissingError(f"no {program}")
    return "bash, base64"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


CHECKS = (
    Check("Python", python),
    Check("memory", memory, "use a larger machine, or a larger memory limit"),
    Check("cores", cores),
    Check("folders", folders, "set HOME and TMPDIR to folders that can be written, as the images do"),
    Check("disk", disk, "free some room, or work elsewhere"),
    Check("event files", event_files, "install the package anew"),
    Check("shell", shell, "install bash and coreutils", optional=True),
)
