"""The clients as parts of dist/: two folders that can be published or copied as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from artifacts.archives import digest_of
from artifacts.build import DIST, Part, write
from artifacts.clients import python, typescript

RUNTIME = Path(__file__).resolve().parent / "runtime"
CLIENTS = DIST / "clients"


def files() -> dict[str, bytes]:
    """Every file of both clients, by its path below dist/clients."""
    from functions.openapi import document

    api = document()
    version = str(api["info"]["version"])
    written = {
        "python/mlplatform_client/__init__.py": (
            '"""A typed client of the platform\'s API."""\n\n'
            "from .client import Client\nfrom .transport import ApiError\n\n"
            '__all__ = ["ApiError", "Client"]\n'
        ),
        "python/mlplatform_client/client.py": python.client(api),
        "python/mlplatform_client/types.py": python.types(api),
        "python/mlplatform_client/py.typed": "",
        "python/pyproject.toml": (
            f'[project]\nname = "mlplatform-client"\nversion = "{version}"\nrequires-python = ">=3.11"\n'
            'description = "Typed client of the machine-learning platform"\n'
        ),
        "typescript/src/client.ts": typescript.client(api),
        "typescript/src/types.ts": typescript.types(api),
        "typescript/src/index.ts": (
            'export { Client } from "./client.js";\nexport { ApiError, type Options } from "./transport.js";\n'
            'export type * from "./types.js";\n'
        ),
        "typescript/package.json": package(version),
        "typescript/tsconfig.json": settings(),
    }
    found = {name: text.encode() for name, text in written.items()}
    found["python/mlplatform_client/transport.py"] = (RUNTIME / "transport.py").read_bytes()
    found["typescript/src/transport.ts"] = (RUNTIME / "transport.ts").read_bytes()
    return dict(sorted(found.items()))


def package(version: str) -> str:
    """package.json: no dependency but the compiler."""
    content = {
        "name": "mlplatform-client",
        "version": version,
        "description": "Typed client of the machine-learning platform",
        "type": "module",
        "main": "lib/index.js",
        "types": "lib/index.d.ts",
        "files": ["lib"],
        "scripts": {"build": "tsc"},
        "devDependencies": {"typescript": "^5.6.0"},
    }
    return json.dumps(content, indent=2) + "\n"


def settings() -> str:
    """tsconfig.json: everything strict."""
    options = {
        "strict": True,
        "noUncheckedIndexedAccess": True,
        "exactOptionalPropertyTypes": False,
        "target": "ES2022",
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "types": [],
        "declaration": True,
        "outDir": "lib",
        "rootDir": "src",
    }
    return json.dumps({"compilerOptions": options, "include": ["src"]}, indent=2) + "\n"


def parts() -> list[Part]:
    """Both clients."""
    content = files()
    targets = tuple(CLIENTS / name for name in content)

    def build() -> None:
        shutil.rmtree(CLIENTS, ignore_errors=True)
        for name, data in content.items():
            write(CLIENTS / name, data)

    return [Part("clients", digest_of(content), targets, build)]
