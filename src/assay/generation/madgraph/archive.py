"""The prepared process as one file: what all benchmarks have in common once, and what each has of its own.

    process.json      what it is (`PreparedProcess`)
    common/           of MadGraph's grid packs, the files that are the same in all
    own/BENCHMARK/    of each benchmark's, the others: its program, with its parameters, and its integration grids
    reweighting/      the library of the reweighting, if there is one

The order of the files, their owners and times are always the same, so that the same files give the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.errors import GenerationError
from assay.files import atomic_path, sha256

FORMAT_VERSION = 1
HEAD, COMMON, OWN, REWEIGHTING = "process.json", "common", "own", "reweighting"
_NOT_NEEDED = frozenset({".o", ".f", ".a", ".ps", ".html", ".jpg", ".gif", ".bak", ".log", ".pyc"})
_EMPTIED = frozenset({"HTML", "Events", "__pycache__"})
"""MadGraph expects all folders of a process to be there, some of them for their names alone."""
_TIME = 315_532_800
"""Of all files: the year 1980, since MadGraph has gzip keep it, which cannot keep zero."""
_MEND = "run prepare again"


@dataclass(frozen=True)
class PreparedProcess:
    """What is in the archive, besides MadGraph's files.

    Attributes
    ----------
    name
        Of the process: `signal` or the sample's.
    version
        Of MadGraph.
    madgraph
        Folder of MadGraph, which its Python code is taken from.
    definition
        The lines of the proc card that define the process.
    reweight
        The study's reweight card; may be empty.
    generated
        Benchmarks at which events can be generated, an empty name for a process that does not depend on parameters.
    couplings
        Entries of the parameter card (`dim6 2`) per benchmark, those alone included at which events only get weights.
    cross_sections
        Value and error in pb of each generated one.
    seed
        Of the preparation.
    """

    name: str
    version: str
    madgraph: str
    definition: tuple[str, ...]
    reweight: str
    generated: tuple[str, ...]
    couplings: Mapping[str, Mapping[str, float]]
    cross_sections: Mapping[str, tuple[float, float]]
    seed: int

    def require(self, benchmark: str) -> None:
        """Check that events can be generated at a benchmark.

        Raises
        ------
        GenerationError
            If they cannot.
        """
        if benchmark not in self.generated:
            raise GenerationError(
                f"the process {self.name} is not prepared for benchmark {benchmark!r}",
                expected=f"one of {', '.join(self.generated)}",
                mend="run prepare again with this benchmark",
            )


def pack(archive: Path, prepared: PreparedProcess, packs: Mapping[str, Path], reweighting: Path | None) -> None:
    """Write a prepared process, atomically.

    Parameters
    ----------
    archive
        NAME.tar.gz.
    prepared
        What it is.
    packs
        Folder of the grid pack of each generated benchmark.
    reweighting
        Folder of the library of the reweighting, if there is one.
    """
    files = {name: dict(_files(folder)) for name, folder in packs.items()}
    digests = {name: {path: sha256(file) for path, file in found.items()} for name, found in files.items()}
    first = next(iter(digests.values()))
    same = {path for path, digest in first.items() if all(other.get(path) == digest for other in digests.values())}
    members: dict[str, Path] = {}
    for number, found in enumerate(files.values()):
        for path, file in found.items():
            members[f"{COMMON}/{path}" if path in same else f"{OWN}/{number}/{path}"] = file
    if reweighting is not None:
        members |= {f"{REWEIGHTING}/{path}": file for path, file in _files(reweighting)}
    head = json.dumps({"format": FORMAT_VERSION, **asdict(prepared)}, indent=1).encode()
    with (
        atomic_path(archive) as temporary,
        open(temporary, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.open(mode="w", fileobj=packed, format=tarfile.PAX_FORMAT) as tar,
    ):
        _add(tar, HEAD, head, 0o644)
        for folder in sorted({folder for grid_pack in packs.values() for folder in _folders(grid_pack)}):
            _add(tar, f"{COMMON}/{folder}", b"", 0o755, tarfile.DIRTYPE)
        for name in sorted(members):
            executable = members[name].stat().st_mode & 0o100
            _add(tar, name, members[name].read_bytes(), 0o755 if executable else 0o644)


def read_head(archive: Path) -> PreparedProcess:
    """Read what an archive holds.

    Raises
    ------
    GenerationError
        If it is missing, damaged or of another version.
    """
    with _opened(archive) as tar:
        member = tar.next()
        stream = tar.extractfile(member) if member is not None and member.name == HEAD else None
        if stream is None:
            raise GenerationError("not a prepared process of MadGraph", where=str(archive), mend=_MEND)
        return _parsed(stream.read(), archive)


def unpack(archive: Path, benchmark: str, folder: Path) -> PreparedProcess:
    """Lay out the grid pack of a benchmark in `folder`, and the library of the reweighting in its `reweighting`.

    Raises
    ------
    GenerationError
        If the archive is missing, damaged or of another version, or has no such benchmark.
    """
    prepared = read_head(archive)
    prepared.require(benchmark)
    wanted = (f"{COMMON}/", f"{OWN}/{prepared.generated.index(benchmark)}/")
    try:
        with _opened(archive) as tar:
            for member in tar:
                if member.name.startswith(f"{REWEIGHTING}/"):
                    tar.extract(member, folder, filter="data")
                for prefix in wanted:
                    if member.name.startswith(prefix):
                        tar.extract(member.replace(name=member.name.removeprefix(prefix)), folder, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _damaged(archive, error) from None
    return prepared


def _opened(archive: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(archive, "r:gz")
    except FileNotFoundError:
        raise GenerationError("prepared process not found", where=str(archive), mend="run prepare") from None
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        raise _damaged(archive, error) from None


def _damaged(archive: Path, error: Exception) -> GenerationError:
    return GenerationError(f"the prepared process cannot be read ({error})", where=str(archive), mend=_MEND)


def _parsed(text: bytes, archive: Path) -> PreparedProcess:
    try:
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != FORMAT_VERSION:
            raise ValueError("another version")
        prepared = PreparedProcess(**content)
        pairs = {name: (float(value), float(error)) for name, (value, error) in prepared.cross_sections.items()}
        return PreparedProcess(
            **{
                **content,
                "definition": tuple(prepared.definition),
                "generated": tuple(prepared.generated),
                "cross_sections": pairs,
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(archive, error) from None


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder that a job needs, by their paths in it; links as what they lead to."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and path.suffix not in _NOT_NEEDED and not _EMPTIED & set(inside.parts[:-1]):
            yield inside.as_posix(), path


def _folders(folder: Path) -> set[str]:
    """Return the folders below a folder, by their paths in it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_dir()}


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int, kind: bytes = tarfile.REGTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime, member.type = len(content), mode, _TIME, kind
    tar.addfile(member, io.BytesIO(content))
