"""Archives are unpacked below their folder only, by Pythons with and without tarfile's own filter."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from sandbox.containers.storage import harmless


def archive(*members: tarfile.TarInfo) -> tarfile.TarFile:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for member in members:
            tar.addfile(member)
    held.seek(0)
    return tarfile.open(fileobj=held)


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return entry


def test_files_and_folders_below_it_are_harmless(tmp_path: Path) -> None:
    with archive(member("code", tarfile.DIRTYPE), member("code/serve.py"), member("./model.onnx")) as tar:
        assert [entry.name for entry in harmless(tar, tmp_path)] == ["code", "code/serve.py", "./model.onnx"]


@pytest.mark.parametrize(
    "bad",
    [
        member("../outside"),
        member("/absolute"),
        member("code/../../outside"),
        member("link", tarfile.SYMTYPE),
        member("link", tarfile.LNKTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda entry: f"{entry.name} {entry.type.decode()}",
)
def test_anything_else_is_refused_by_its_name(bad: tarfile.TarInfo, tmp_path: Path) -> None:
    with archive(member("fine"), bad) as tar, pytest.raises(tarfile.TarError, match="no file or folder below"):
        harmless(tar, tmp_path)
