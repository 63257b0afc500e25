"""The answer to a browser's question before a call from a page of another origin, made without a function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.secure_api.gateway_responses import CORS_HEADERS

ORIGIN = "Access-Control-Allow-Origin"


def preflight(path: str, methods: Sequence[str], origins: Sequence[str]) -> dict[str, Any]:
    """The operation `OPTIONS` of a path: pages of these origins may call, pages of any other hear of none."""
    headers = {
        "Access-Control-Allow-Headers": CORS_HEADERS,
        "Access-Control-Allow-Methods": ",".join([*methods, "OPTIONS"]),
        "Access-Control-Max-Age": "86400",
    }
    template = {} if "*" in origins else {"responseTemplates": {"application/json": chosen(origins)}}
    headers |= {ORIGIN: "*"} if "*" in origins else {"Vary": "Origin"}
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return {
        "summary": "Tell a browser what it may send",
        "security": [],
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names],
        "responses": {
            "204": {
                "description": "What may be sent",
                "headers": {name: {"schema": {"type": "string"}} for name in (*headers, *({ORIGIN} - set(headers)))},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": '{"statusCode":204}'},
            "responses": {
                "default": {
                    "statusCode": "204",
                    "responseParameters": {
                        f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()
                    },
                    **template,
                }
            },
        },
    }


def chosen(origins: Sequence[str]) -> str:
    """A mapping template that tells the asking page its own origin where it is one of these, and has no text."""
    # Header names come as the client wrote them, and a client of HTTP/2 writes them in lower case.
    asked = (
        '#set($origin = $input.params().header.get("Origin"))'
        '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end'
    )
    any_of = " || ".join(f'$origin == "{origin}"' for origin in origins)
    return f"{asked}#if({any_of})#set($context.responseOverride.header.{ORIGIN} = $origin)#end"
