"""Files that are either complete or absent."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.errors import AssayError
from assay.machine import may_pass

PARTIAL = ".partial-"
"""How the names of files that are being written begin."""
_CHUNK = 1 << 20


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its name once the block has ended without an error.

    The temporary name keeps the suffixes of `path`, for writers that look at them (NumPy, HDF5, Matplotlib).
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=PARTIAL, suffix="".join(path.suffixes[-2:]), dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o664 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file as a hexadecimal string."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON atomically; NaN and infinities are refused, since JSON has none."""
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read JSON.

    Raises
    ------
    AssayError
        If the file is missing, cannot be read or is not JSON.
    OSError
        If the machine could not read it now: nothing is known of the file then.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise AssayError("file not found", where=str(path), mend="run the stage that writes it") from None
    except OSError as error:
        if may_pass(error):
            raise
        raise AssayError(f"cannot be read ({error.strerror})", where=str(path), expected="a file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise AssayError(
            f"not valid JSON ({error})",
            where=str(path),
            expected="a complete JSON file",
            mend="run the stage that writes it again",
        ) from None
