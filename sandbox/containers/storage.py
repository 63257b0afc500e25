"""Between S3 and a job's folder: downloads, uploads, archives; never a path outside the folder."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError


class JobError(Exception):
    """A job cannot go on; the text is its FailureReason."""


def parse_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; JobError for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise JobError(f"ClientError: {uri!r} is not an S3 URI; it must read s3://bucket/key")
    return bucket, key


class Storage:
    """The S3 of one region, with errors that say what a job was doing."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def objects(self, uri: str) -> list[tuple[str, str]]:
        """Key and path below the prefix of every object that a URI names, folder marks left out."""
        bucket, prefix = parse_uri(uri)
        found: list[tuple[str, str]] = []
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", []):
                    key = str(entry["Key"])
                    if not key.endswith("/"):
                        found.append((key, below(key, prefix)))
        except (ClientError, BotoCoreError) as error:
            raise JobError(f"ClientError: cannot list {uri}: {error}") from error
        return found

    def download_prefix(self, uri: str, folder: Path) -> int:
        """Brings everything below a prefix into a folder.

        Returns:
            How many files there were.
        """
        bucket, _ = parse_uri(uri)
        found = self.objects(uri)
        for key, name in found:
            self._fetch(bucket, key, inside(folder, name))
        return len(found)

    def download(self, uri: str, path: Path) -> None:
        """Brings one object."""
        bucket, key = parse_uri(uri)
        self._fetch(bucket, key, path)

    def upload(self, path: Path, uri: str, extra: Mapping[str, Any] | None = None) -> None:
        """Puts one file; `extra` are further parameters of PutObject (encryption)."""
        bucket, key = parse_uri(uri)
        try:
            with path.open("rb") as body:
                self._client.put_object(Bucket=bucket, Key=key, Body=body, **(extra or {}))
        except (ClientError, BotoCoreError) as error:
            raise JobError(f"ClientError: cannot write {uri}: {error}") from error

    def upload_folder(
        self,
        folder: Path,
        uri: str,
        *,
        sent: dict[str, tuple[int, int]] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> int:
        """Puts every file below a folder under a prefix.

        Args:
            folder: what to put; a folder that does not exist holds nothing.
            uri: the prefix.
            sent: what was put before (name → time and size): unchanged files are left out, and new ones noted.
            extra: further parameters of PutObject.

        Returns:
            How many files were put.
        """
        count = 0
        for path in files_below(folder):
            name = path.relative_to(folder).as_posix()
            try:
                state = path.stat()
            except FileNotFoundError:  # a temporary file that its writer has renamed meanwhile
                continue
            mark = (state.st_mtime_ns, state.st_size)
            if sent is not None and sent.get(name) == mark:
                continue
            self.upload(path, f"{uri.rstrip('/')}/{name}", extra)
            count += 1
            if sent is not None:
                sent[name] = mark
        return count

    def _fetch(self, bucket: str, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self._client.get_object(Bucket=bucket, Key=key)["Body"]
            with path.open("wb") as file, body:
                shutil.copyfileobj(body, file, 1 << 20)
        except (ClientError, BotoCoreError) as error:
            raise JobError(f"ClientError: Data download failed: s3://{bucket}/{key}: {error}") from error


def below(key: str, prefix: str) -> str:
    """The path of a key below a prefix; of a prefix that ends inside a name, what follows its last slash."""
    if key == prefix:
        return PurePosixPath(key).name
    rest = key.removeprefix(prefix)
    if prefix == "" or prefix.endswith("/"):
        return rest
    return rest.lstrip("/") if rest.startswith("/") else key[prefix.rfind("/") + 1 :]


def inside(folder: Path, name: str) -> Path:
    """A path below a folder; JobError when the name leads out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise JobError(f"ClientError: object name {name!r} leads out of its folder")
    return path


def files_below(folder: Path) -> Iterator[Path]:
    """The ordinary files below a folder, sorted; links are not followed."""
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a tar archive; JobError when it is damaged, larger than the disk, or holds a path outside the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:*") as tar:
            size, free = sum(member.size for member in tar.getmembers()), shutil.disk_usage(folder).free
            if size > free:
                raise JobError(
                    f"ClientError: {archive.name} unpacks to {size} bytes; the disk has {free}: free some space"
                )
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder, filter="data")
            else:
                tar.extractall(folder, members=harmless(tar, folder))  # noqa: S202 - each member is looked at
    except (tarfile.TarError, EOFError) as error:
        raise JobError(f"ClientError: cannot unpack {archive.name}: {error}") from error


def harmless(tar: tarfile.TarFile, folder: Path) -> list[tarfile.TarInfo]:
    """All members, for Pythons without `tarfile.data_filter` (before 3.11.4); stricter than that: no links either.

    Raises:
        tarfile.TarError: a member is neither file nor folder, or lies outside the folder.
    """
    members = tar.getmembers()
    for member in members:
        inside = (folder / member.name).resolve().is_relative_to(folder.resolve())
        if not inside or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} is no file or folder below the archive's own")
    return members


def pack(folder: Path, archive: Path) -> None:
    """Packs what lies in a folder as a tar.gz whose names begin at that folder."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)
