"""The generated pages are current, and each row of the requirements names what exists."""

from __future__ import annotations

from pathlib import Path

from artifacts.requirements import NOT_YET, PART, WHOLE, page, requirements

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_requirements_is_current() -> None:
    assert (ROOT / "docs" / "reference" / "requirements.md").read_text(encoding="utf-8") == page()


def test_what_a_requirement_names_exists() -> None:
    missing = [
        f"{row.id}: {path}" for row in requirements() for path in (*row.built, *row.shown) if not (ROOT / path).exists()
    ]
    assert missing == []


def test_a_requirement_says_where_it_is_built_and_what_it_lacks() -> None:
    assert [row.id for row in requirements()] != []
    for row in requirements():
        assert row.state in (WHOLE, PART, NOT_YET), row.id
        assert bool(row.built) == bool(row.shown) == (row.state != NOT_YET), row.id
        assert bool(row.missing) == (row.state == PART), row.id
