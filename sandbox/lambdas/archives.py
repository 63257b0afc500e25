"""Deployed archives as folders: code, layers, and the part of Lambda's runtime that every function finds."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.lambdas.plan import Layer, Plan

RUNTIME = ("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson")
"""The runtime client and what it imports."""

SDK = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What Lambda's Python runtime brings beside the standard library."""

_MACHINES = {"aarch64": "arm64", "AMD64": "x86_64"}

Fetch = Callable[[str, str], bytes]
"""Bucket and key to content."""


def host() -> tuple[str, str]:
    """This machine's architecture and Python, in Lambda's words."""
    machine = platform.machine()
    return _MACHINES.get(machine, machine), f"python{sys.version_info.major}.{sys.version_info.minor}"


class Archives:
    """Unpacks each archive once, by its content, below one directory; declared paths begin at `root`."""

    def __init__(self, directory: Path, root: Path, fetch: Fetch) -> None:
        self.directory = directory
        self._root = root
        self._fetch = fetch
        self._runtime: Path | None = None

    def code(self, plan: Plan) -> Path:
        """The folder that is /var/task for a function."""
        return self._folder(plan.code, f"function {plan.name}")

    def layer(self, layer: Layer, plan: Plan) -> tuple[list[Path], str]:
        """The folders of a layer that belong to the module path, and what was put in its place, if anything was.

        A layer with compiled parts for another machine or Python cannot run here. Beside its archive `X.zip` the build
        leaves `X-host/`, the same locked packages for this machine.
        """
        archive = self._path(layer.code)
        if archive is not None and archive.is_file() and _foreign(archive, layer, plan):
            stand_in = archive.with_name(f"{archive.stem}-host")
            if not (stand_in / "python").is_dir():
                raise ValueError(
                    f"function {plan.name}: layer {archive} is for {plan.architecture} and {plan.runtime}, this "
                    f"machine is {' and '.join(host())}; run `make package` to build {stand_in}",
                )
            return _module_folders(stand_in, plan.runtime), (
                f"layer {archive.name} for {plan.architecture} replaced by {stand_in.name}: "
                "the same locked packages for this machine"
            )
        return _module_folders(self._folder(layer.code, f"layer {layer.arn}"), plan.runtime), ""

    def runtime(self) -> Path:
        """The folder that is /var/runtime: links to the runtime client and the SDK, and to nothing else."""
        if self._runtime is None:
            folder = self.directory / "runtime"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name in (*RUNTIME, *SDK):
                source = _source(name)
                (folder / source.name).symlink_to(source)
            self._runtime = folder
        return self._runtime

    def _path(self, code: Mapping[str, Any]) -> Path | None:
        return self._root / str(code["path"]) if code.get("path") is not None else None

    def _folder(self, code: Mapping[str, Any], owner: str) -> Path:
        path = self._path(code)
        if path is not None and path.is_dir():
            return path
        if path is not None:
            if not path.is_file():
                raise ValueError(f"{owner}: archive {path} does not exist; run `make package`")
            content = path.read_bytes()
        elif code.get("bucket"):
            content = self._fetch(str(code["bucket"]), str(code["key"]))
        elif "assets" in code:
            return self._assets(code["assets"], owner)
        else:
            raise ValueError(f"{owner}: code {sorted(code)} is not known; give an archive file, a folder or S3 object")
        target = self.directory / hashlib.sha256(content).hexdigest()[:16]
        return target if target.is_dir() else self._unpack(content, target, owner)

    def _unpack(self, content: bytes, target: Path, owner: str) -> Path:
        self.directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            archive = Path(scratch) / "archive.zip"
            archive.write_bytes(content)
            folder = Path(scratch) / "folder"
            try:
                with zipfile.ZipFile(archive) as opened:
                    opened.extractall(folder)
            except zipfile.BadZipFile as error:
                raise ValueError(f"{owner}: the archive is not a zip file ({error}); run `make package`") from error
            # In one step: an interrupted run leaves nothing that looks complete.
            folder.rename(target)
        return target

    def _assets(self, assets: Mapping[str, Any], owner: str) -> Path:
        """An archive that the program put together from single assets."""
        digest = hashlib.sha256(repr(sorted(assets.items())).encode()).hexdigest()[:16]
        target = self.directory / digest
        shutil.rmtree(target, ignore_errors=True)
        for name, asset in assets.items():
            place = target / name
            if not place.resolve().is_relative_to(target.resolve()):
                raise ValueError(f"{owner}: asset {name!r} lies outside of the archive; use a relative name")
            place.parent.mkdir(parents=True, exist_ok=True)
            if "text" in asset:
                place.write_text(asset["text"], encoding="utf-8")
            else:
                place.write_bytes(Path(asset["path"]).read_bytes())
        return target


def _foreign(archive: Path, layer: Layer, plan: Plan) -> bool:
    """Whether a layer has compiled parts that this machine cannot load."""
    architecture, runtime = host()
    architectures = layer.architectures or (plan.architecture,)
    runtimes = layer.runtimes or (plan.runtime,)
    if architecture in architectures and runtime in runtimes:
        return False
    with zipfile.ZipFile(archive) as opened:
        return any(name.endswith(".so") or ".so." in name for name in opened.namelist())


def _module_folders(layer: Path, runtime: str) -> list[Path]:
    """Where Lambda looks for modules below /opt, in its order."""
    return [layer / "python" / "lib" / runtime / "site-packages", layer / "python"]


def _source(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"package {name} is not installed; run `make clean` and `make up`")
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
