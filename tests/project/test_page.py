"""The documentation page: complete, well formed, closed to everything from outside."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

from artifacts.page import STYLE, page, policy, words
from functions.openapi import document

VOID = {"meta", "link", "br"}


class Reader(HTMLParser):
    """Open elements, ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.used: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.used.add(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read() -> Reader:
    reader = Reader()
    reader.feed(page(document()))
    reader.close()
    return reader


def test_every_route_and_type_has_a_place_and_every_link_leads_to_one() -> None:
    found, api = read(), document()
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    routes = {row["operationId"] for methods in api["paths"].values() for row in methods.values()}
    assert routes | {f"type-{name}" for name in api["components"]["schemas"]} <= set(found.ids)
    assert {link for link in found.links if not link.startswith("#")} == {"openapi.json"}
    assert {link[1:] for link in found.links if link.startswith("#")} <= set(found.ids)


def test_nothing_runs_and_nothing_is_loaded() -> None:
    assert read().used.isdisjoint({"script", "img", "iframe", "link", "object", "form", "base"})
    assert not re.search(r"url\(|@import|style=", page(document()))


def test_the_policy_names_the_style_that_the_page_holds() -> None:
    held = re.search("<style>(.*)</style>", page(document()), re.DOTALL)
    assert held is not None
    assert held.group(1) == STYLE
    assert f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'" in policy()


def test_what_the_document_says_is_text_and_never_markup() -> None:
    assert words("<b>`<i>`") == "&lt;b&gt;<code>&lt;i&gt;</code>"
