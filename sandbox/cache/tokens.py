"""ModifyReplicationGroup reaches the real Redis: a second token beside the first, or one instead of all."""

from __future__ import annotations

import io
import re
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from sandbox.cloud import Application

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[\w-]+)/elasticache/")
_TOKEN = re.compile(r'[^\x00-\x20\x7f-\U0010ffff/"@%]{16,128}')
STRATEGIES = ("ROTATE", "SET")
ANSWER_S = 5.0


class TokenError(ValueError):
    """ElastiCache would refuse the change; the text says why."""


def after(tokens: list[str], token: str, strategy: str) -> list[str]:
    """The tokens that a group accepts after a change: two at most, the newest at the end."""
    return [token] if strategy == "SET" else [*[known for known in tokens if known != token][-1:], token]


def tell(path: Path, known: list[str], tokens: list[str]) -> None:
    """Gives a running Redis other tokens, signed in with the newest that it knows.

    Raises:
        TokenError: it does not run, or says no.
    """
    commands = [[b"AUTH", known[-1].encode()]] if known else []
    commands.append([b"ACL", b"SETUSER", b"default", b"resetpass", *(b">" + token.encode() for token in tokens)])
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as redis:
            redis.settimeout(ANSWER_S)
            redis.connect(str(path))
            for words in commands:
                redis.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(one), one) for one in words))
                said = redis.recv(1024)
                if not said.startswith(b"+OK"):
                    raise TokenError(f"Redis refused the token: {said.decode(errors='replace').strip() or 'it closed'}")
    except OSError as error:
        raise TokenError(f"Redis does not answer: {type(error).__name__}") from error


def layer(change: Callable[[str, str, str, str], None]) -> Callable[[Application], Application]:
    """Hands each change of a token to `change(group, region, token, strategy)`, and all of it to moto."""

    def wrap(application: Application) -> Application:
        def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            found = _read(environ)
            if found is not None:
                try:
                    _change(*found, change)
                except TokenError as error:
                    return _refuse(start_response, str(error))
            return application(environ, start_response)

        return respond

    return wrap


def _read(environ: dict[str, Any]) -> tuple[dict[str, str], str] | None:
    """The parameters and the region of a change of tokens; the body can be read again afterwards."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if environ.get("REQUEST_METHOD") != "POST" or scope is None:
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    given = {name: values[-1] for name, values in parse_qs(body.decode(errors="replace")).items()}
    changes = given.get("Action") == "ModifyReplicationGroup" and given.keys() & {
        "AuthToken",
        "AuthTokenUpdateStrategy",
    }
    return (given, scope["region"]) if changes else None


def _change(given: dict[str, str], region: str, change: Callable[[str, str, str, str], None]) -> None:
    token, strategy = given.get("AuthToken", ""), given.get("AuthTokenUpdateStrategy", "")
    if strategy not in STRATEGIES:
        raise TokenError(f"AuthTokenUpdateStrategy is {strategy!r}; allowed here: {', '.join(STRATEGIES)}")
    if not _TOKEN.fullmatch(token):
        raise TokenError('AuthToken has to be 16 to 128 printable characters without / " @ %')
    if given.get("ApplyImmediately") != "true":
        raise TokenError("a token is changed at once only; set ApplyImmediately to true")
    change(given.get("ReplicationGroupId", ""), region, token, strategy)


def _refuse(start_response: Any, message: str) -> Iterable[bytes]:
    body = (
        '<ErrorResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><Error><Type>Sender</Type>'
        f"<Code>InvalidParameterValue</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>sandbox</RequestId></ErrorResponse>"
    ).encode()
    start_response("400 -", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]
