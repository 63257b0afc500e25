"""Archives of the functions and the layer of their dependencies."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from artifacts.archives import digest_of, tree, zip_bytes
from artifacts.build import DIST, ROOT, Part, write
from artifacts.wheels import HOST, LAMBDA, install, resolved

SOURCES = ROOT / "functions"
LOCKS = {"layer": SOURCES / "requirements.lock", "layer-database": SOURCES / "database.lock"}
"""Per layer what it holds; the second is for the functions that speak to the database, so that the rest stay small."""
OPENAPI = "functions/system/openapi.json"
DOCS = "functions/system/docs.json"


def capabilities() -> list[str]:
    """Every capability: a folder of functions/ with a handler."""
    return sorted(path.parent.name for path in SOURCES.glob("*/handler.py"))


def members(capability: str) -> dict[str, bytes]:
    """What a capability's archive holds: the package's root, what capabilities share, and its own folder."""
    found = {f"functions/{name}": (SOURCES / name).read_bytes() for name in ("__init__.py", "measures.py")}
    for folder in ("shared", capability):
        found |= tree(SOURCES / folder, f"functions/{folder}/")
    if capability == "system":
        found[OPENAPI] = openapi()
        found[DOCS] = docs()
    return found


def openapi() -> bytes:
    """The document of the API as its users see it, generated from the route table."""
    from functions.openapi import document

    return json.dumps(document(), sort_keys=True, separators=(",", ":")).encode()


def docs() -> bytes:
    """The document as a page, and the policy for the browser that goes with it."""
    from artifacts.page import page, policy
    from functions.openapi import document

    return json.dumps({"page": page(document()), "policy": policy()}, sort_keys=True).encode()


def archives() -> list[Part]:
    """A zip for each capability."""
    return [archive(capability) for capability in capabilities()]


def archive(capability: str) -> Part:
    """The zip of one capability."""
    target = DIST / "functions" / f"{capability}.zip"
    content = members(capability)
    return Part(f"functions/{capability}", digest_of(content), (target,), lambda: write(target, zip_bytes(content)))


def layers() -> list[Part]:
    """The layers as Lambda takes them, and the same locked packages for this machine."""
    return [part for name, lock in LOCKS.items() for part in layer(name, lock)]


def layer(name: str, lock: Path) -> tuple[Part, Part]:
    """`<name>.zip` for Lambda, and `<name>-host/` for this machine."""
    deployed, host = DIST / f"{name}.zip", DIST / f"{name}-host" / "python"
    return (
        Part(name, resolved(lock, LAMBDA), (deployed,), lambda: build_layer(lock, deployed)),
        Part(f"{name}-host", resolved(lock, HOST), (host,), lambda: install(lock, host, HOST)),
    )


def build_layer(lock: Path, target: Path) -> None:
    """Resolves a layer's wheels for Lambda and zips them below `python/`."""
    with tempfile.TemporaryDirectory() as folder:
        install(lock, Path(folder), LAMBDA)
        write(target, zip_bytes(tree(Path(folder), "python/")))
