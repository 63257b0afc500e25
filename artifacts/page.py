"""The API's documentation as one page: no script, no other origin, readable on a phone and in the dark."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final

STYLE: Final = """
:root{color-scheme:light dark;
--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--paper:#fff;--code:#f6f8fa;--link:#0550ae}
@media(prefers-color-scheme:dark){:root{
--ink:#e6edf3;--soft:#9da7b3;--line:#3d444d;--paper:#0d1117;--code:#161b22;--link:#79b8ff}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0 auto;max-width:70rem;padding:1rem;font:1rem/1.55 system-ui,sans-serif;
color:var(--ink);background:var(--paper)}
a{color:var(--link)}a:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
nav ul{list-style:none;padding-left:1rem}nav>ul{padding-left:0}nav li{padding:.15rem 0;overflow-wrap:anywhere}
h1{line-height:1.2}h2{margin-top:3rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
h3{margin-top:2.2rem}h3 code{font-size:1.05rem;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,monospace;font-size:.9rem;background:var(--code);border-radius:4px}
code{padding:.1rem .3rem}pre{padding:.8rem;overflow-x:auto;border:1px solid var(--line)}pre code{padding:0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}
.soft{color:var(--soft)}summary{cursor:pointer;padding:.3rem 0}.method{font-weight:700}
.skip{position:absolute;left:-100rem}.skip:focus{position:static}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
"""


def policy() -> str:
    """The page's content security policy: its own style by its hash, and nothing else."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    info = document["info"]
    title = f"{info['title']} API"
    tags = {row["name"]: row["description"] for row in document["tags"]}
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {name: [] for name in tags}
    for path, methods in document["paths"].items():
        for method, row in methods.items():
            groups[row["tags"][0]].append((path, method.upper(), row))
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            '<a class="skip" href="#main">Skip to the routes</a>',
            f"<header><h1>{escape(title)}</h1><p>{words(info['description'])}</p>",
            f'<p class="soft">Version {escape(info["version"])}. The same for machines: ',
            '<a href="openapi.json">openapi.json</a>.</p>',
            "<p>Sign in with <code>POST /v1/auth/login</code> and send <code>Authorization: Bearer</code> and the ",
            'access token with each call. Every error is an <a href="#type-ErrorEnvelope">ErrorEnvelope</a>: ',
            "decide on its <code>code</code>, and report its <code>requestId</code>.</p></header>",
            contents(groups),
            '<main id="main">',
            *(section(name, tags[name], rows) for name, rows in groups.items()),
            types(document["components"]["schemas"]),
            "</main></body></html>\n",
        ]
    )


def contents(groups: Mapping[str, list[tuple[str, str, Mapping[str, Any]]]]) -> str:
    """Links to every route."""
    made = []
    for name, rows in groups.items():
        links = "".join(
            f'<li><a href="#{row["operationId"]}"><span class="method">{method}</span> {escape(path)}</a></li>'
            for path, method, row in rows
        )
        made.append(f'<li><a href="#tag-{name}">{escape(name.capitalize())}</a><ul>{links}</ul></li>')
    return f'<nav aria-label="Routes"><ul>{"".join(made)}<li><a href="#types">Types</a></li></ul></nav>'


def section(name: str, description: str, rows: Iterable[tuple[str, str, Mapping[str, Any]]]) -> str:
    """The routes of one tag."""
    made = "".join(operation(path, method, row) for path, method, row in rows)
    head = f'<h2 id="tag-{name}">{escape(name.capitalize())}</h2><p>{escape(description)}</p>'
    return f'<section aria-labelledby="tag-{name}">{head}{made}</section>'


def operation(path: str, method: str, row: Mapping[str, Any]) -> str:
    """One route."""
    security = [scope for entry in row.get("security", ()) for scopes in entry.values() for scope in scopes]
    scopes = " or ".join(f"<code>{escape(scope)}</code>" for scope in security)
    needs = f"Needs a token with {scopes}." if security else "Needs no token."
    name = f'<code><span class="method">{method}</span> {escape(path)}</code>'
    parts = [
        f'<article><h3 id="{row["operationId"]}">{name}</h3><p>{escape(row["summary"])}. ',
        f'{words(row.get("description", ""))} <span class="soft">{needs}</span></p>',
    ]
    if row.get("parameters"):
        cells = (
            [
                f"<code>{escape(each['name'])}</code>",
                escape(each["in"]),
                kind(each["schema"]) + limits(each["schema"]),
                words(each.get("description", "")),
            ]
            for each in row["parameters"]
        )
        parts.append(table(("Parameter", "In", "Type", "Meaning"), cells))
    bodies = row.get("requestBody", {}).get("content", {}).values()
    parts.extend(f"<h4>Body: {kind(content['schema'])}</h4>{example(content)}" for content in bodies)
    for status, answer in row["responses"].items():
        if status < "400":
            content = next(iter(answer.get("content", {}).values()), None)
            shown = f": {kind(content['schema'])}</h4>{example(content)}" if content else "</h4><p>No body.</p>"
            parts.append(f"<h4>Answer {status}{shown}")
    errors = [[status, words(answer["description"])] for status, answer in row["responses"].items() if status >= "400"]
    parts.append(f"<details><summary>Errors</summary>{table(('Status', 'Codes'), errors)}</details></article>")
    return "".join(parts)


def types(schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """Every named type."""
    made = ['<section aria-labelledby="types"><h2 id="types">Types</h2>']
    for name, schema in sorted(schemas.items()):
        made.append(f'<article><h3 id="type-{name}">{escape(name)}</h3><p>{words(schema.get("description", ""))}</p>')
        needed = schema.get("required", [])
        cells = [
            [
                f"<code>{escape(field)}</code>",
                kind(inner) + limits(inner),
                "always" if field in needed else "may be left out",
                words(inner.get("description", "")),
            ]
            for field, inner in schema.get("properties", {}).items()
        ]
        if cells:
            made.append(table(("Field", "Type", "There", "Meaning"), cells))
        if schema.get("additionalProperties"):
            made.append("<p>Other fields are allowed.</p>")
        made.append("</article>")
    return "".join([*made, "</section>"])


def table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    """A table whose first column names its rows; cells are HTML."""
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'
        for first, *others in rows
    )
    return f'<div class="wide" tabindex="0"><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'


def kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words, with links to named types."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{name}">{escape(name)}</a>'
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    others = schema.get("additionalProperties")
    if schema.get("type") == "object" and isinstance(others, dict):
        return f"object of {kind(others)}"
    return escape(str(schema.get("type", "any value")))


_LIMITS: Final = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "minItems": "at least {} items",
    "pattern": "matches {}",
    "default": "{} when left out",
}


def limits(schema: Mapping[str, Any]) -> str:
    """What a value must keep to."""
    told = [text.format(f"<code>{escape(str(schema[key]))}</code>") for key, text in _LIMITS.items() if key in schema]
    return f' <span class="soft">({", ".join(told)})</span>' if told else ""


def example(content: Mapping[str, Any]) -> str:
    """An example, where there is one."""
    if "example" not in content:
        return ""
    return f"<pre><code>{escape(json.dumps(content['example'], indent=2, ensure_ascii=False))}</code></pre>"


def words(text: str) -> str:
    """A sentence; what stands in backticks is code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
