"""A place of the data lake is spelled once: everything else names it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from functions.shared.places import LAYOUT

ROOT = Path(__file__).resolve().parents[2]
PLACES = ROOT / "functions" / "shared" / "places.py"
PREFIXES = tuple(sorted({prefix for places in LAYOUT.values() for prefix in places}))
OTHER_THINGS = {
    "/api/*": "a path of the site's addresses",
    "/api/v1/ml/batch/": "a path of the API",
    "training/sourcedir.tar.gz": "a file that is built",
}
"""Texts that only look like a place."""


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and value of each text of a file that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def spelled(folder: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {text!r}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != PLACES
        for number, text in texts(path)
        if text.lstrip("/").startswith(PREFIXES) and text not in OTHER_THINGS
    ]


def test_components_name_places_and_do_not_spell_them() -> None:
    assert spelled("components") == [], "take the name from functions/shared/places.py"


def test_functions_name_places_and_do_not_spell_them() -> None:
    assert spelled("functions") == [], "take the name from functions/shared/places.py"


def test_a_spelled_place_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text('"""uploads/ in words."""\nKEY = f"/uploads/{name}"\n')
    assert [text for _, text in texts(path) if text.lstrip("/").startswith(PREFIXES)] == ["/uploads/"]
