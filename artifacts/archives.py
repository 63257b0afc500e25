"""Writes archives whose bytes depend on their content alone, so that an unchanged function is never uploaded again."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip entry can carry."""

SKIPPED = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder in a fixed order, without byte code and tool caches."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and not SKIPPED.intersection(path.parts):
            yield path


def tree(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """The files below a folder as name in the archive → content."""
    return {f"{prefix}{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files_below(folder)}


def zip_bytes(members: Mapping[str, bytes]) -> bytes:
    """A zip of the members: sorted, one date, one mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def tar_gz_bytes(members: Mapping[str, bytes], level: int = 6) -> bytes:
    """A tar.gz of the members: sorted, no dates, no owner."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(members):
            entry = tarfile.TarInfo(name)
            entry.size = len(members[name])
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(members[name]))
    return gzip.compress(raw.getvalue(), compresslevel=level, mtime=0)


def digest(parts: Iterable[bytes]) -> str:
    """One sha256 over parts, each length-prefixed so that two splits never give the same sum."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def digest_of(members: Mapping[str, bytes]) -> str:
    """The digest of a set of named contents."""
    return digest(part for name in sorted(members) for part in (name.encode(), members[name]))
