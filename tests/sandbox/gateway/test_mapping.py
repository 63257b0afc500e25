"""Mapping templates: the asking page hears its own origin where it is one of those that may call, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.secure_api.preflight import chosen
from components.secure_api.preflight import preflight as declared
from sandbox.gateway.cors import preflight
from sandbox.gateway.declared.api import DocumentError
from sandbox.gateway.declared.mapping import MappingTemplate, TemplateError
from tests.sandbox.gateway.documents import DOCUMENT, exchange, stage

ORIGINS = ["https://app.example.org", "https://b.example"]


def asked(origin: str | None, origins: list[str]) -> dict[bytes, bytes]:
    place = stage({**DOCUMENT, "paths": {"/x": {"options": declared("/x", ["GET"], origins)}}})
    found = preflight(exchange("OPTIONS", "/x", headers={} if origin is None else {"Origin": origin}, stage=place))
    assert found is not None
    assert (found.status, found.body) == (204, b"")
    return dict(found.headers)


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_of_the_list_is_told_itself(origin: str) -> None:
    headers = asked(origin, ORIGINS)
    assert headers[b"access-control-allow-origin"] == origin.encode()
    assert headers[b"vary"] == b"Origin"
    assert headers[b"access-control-allow-methods"] == b"GET,OPTIONS"


@pytest.mark.parametrize("origin", [None, "", "null", "https://evil.example", "https://app.example.org.evil.example"])
def test_any_other_origin_is_told_of_none(origin: str | None) -> None:
    assert b"access-control-allow-origin" not in asked(origin, ORIGINS)


def test_where_all_may_call_nothing_is_compared() -> None:
    headers = asked("https://evil.example", ["*"])
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"vary" not in headers


@given(st.text())
def test_no_origin_that_is_not_listed_comes_through(origin: str) -> None:
    made = MappingTemplate(chosen(ORIGINS)).run({"Origin": origin})
    assert made.headers == ({"Access-Control-Allow-Origin": origin} if origin in ORIGINS else {})
    assert made.text == ""


def test_a_lower_case_header_is_found_too() -> None:
    assert MappingTemplate(chosen(ORIGINS)).run({"origin": ORIGINS[1]}).headers


def test_text_and_blocks_inside_blocks() -> None:
    template = MappingTemplate('a#set($x = "1")#if($x)b#if($x == "2")c#end#if(!$y)d#end#end e')
    assert template.run({}).text == "abd e"


@pytest.mark.parametrize(
    "template",
    [
        "#foreach($x in $y)#end",
        "#if($x)",
        "#end",
        "#else",
        "#set($x = $input.body)",
        "#set($context.status = 1)",
        "#if($util.x())#end",
        '#set($x = "a$b")',
        "## note",
    ],
)
def test_what_is_not_run_here_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        MappingTemplate(template)


def test_a_document_with_such_a_template_is_refused_with_its_place() -> None:
    operation: dict[str, Any] = declared("/x", ["GET"], ORIGINS)
    response = operation["x-amazon-apigateway-integration"]["responses"]["default"]
    response["responseTemplates"] = {"application/json": "#foreach($x in $y)#end"}
    with pytest.raises(DocumentError, match="OPTIONS /x: response template"):
        stage({**DOCUMENT, "paths": {"/x": {"options": operation}}})
