"""The web app's files as rows: where each goes, what it is, and how long browsers keep it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, TypedDict

from components.settings import SettingsError

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""Content types by ending; the same on every machine, unlike those of the system's own list."""

YEAR: Final = "public, max-age=31536000, s-maxage=86400, immutable"
"""For names that hold a digest: other content has another name. An edge asks again after a day."""
DAY: Final = "public, max-age=3600, s-maxage=86400"
"""For other files."""
ALWAYS: Final = "no-cache"
"""For pages: asked each time, answered 304 while nothing changed."""

# What bundlers write: a dash or dot, then eight or more letters and digits with a digit among them, then the ending.
_DIGEST: Final = re.compile(r".+[-.](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{8,}(\.[a-z0-9]+)+")


class SiteFile(TypedDict):
    """One file of the site."""

    key: str
    """Its address below the site's, without the first slash."""
    path: str
    """Where it lies."""
    content_type: str
    """What browsers take it for."""
    cache_control: str
    """How long they keep it."""


def files(directory: str) -> list[SiteFile]:
    """The files below a directory by key; none where it does not exist.

    Raises:
        SettingsError: names every file whose ending has no content type.
    """
    root = Path(directory)
    found = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
    unknown = [path.relative_to(root).as_posix() for path in found if path.suffix.lower() not in TYPES]
    if unknown:
        raise SettingsError(
            f"{directory} holds {', '.join(unknown)}; allowed: names ending in {', '.join(TYPES)}; "
            "rename them, or add the ending to TYPES in components/site/content.py"
        )
    rows = []
    for path in found:
        key = path.relative_to(root).as_posix()
        rows.append(
            SiteFile(
                key=key,
                path=f"{directory.rstrip('/')}/{key}",
                content_type=TYPES[path.suffix.lower()],
                cache_control=cache_control(path.name),
            )
        )
    return rows


def cache_control(name: str) -> str:
    """How long browsers and edges keep a file of this name."""
    if name.endswith((".html", ".webmanifest")) or name in {"config.json", "service-worker.js", "sw.js"}:
        return ALWAYS
    return YEAR if _DIGEST.fullmatch(name) else DAY
