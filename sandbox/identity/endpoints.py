"""What pools answer beside the API: keys, the token endpoint of a domain, and what the sandbox adds for its user."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs, unquote_plus

from sandbox.cloud import Application
from sandbox.identity.codes import Codes
from sandbox.identity.keys import KEEP_S, KeyRings
from sandbox.identity.pools import every_pool, pool_by_id
from sandbox.identity.tokens import Tokens

JWKS: Final = re.compile(r"/(?P<pool>[\w-]+_[0-9A-Za-z]+)/\.well-known/jwks\.json")
ROTATE: Final = re.compile(r"/_sandbox/pools/(?P<pool>[^/]+)/rotate")
MESSAGES: Final = "/_sandbox/messages"
GRANTS: Final = "/oauth2/token"
LARGEST: Final = 16_384

Reply = tuple[int, Any]


class Endpoints:
    """A layer in front of moto."""

    def __init__(self, rings: KeyRings, tokens: Tokens, codes: Codes) -> None:
        self._rings, self._tokens, self._codes = rings, tokens, codes

    def layer(self, application: Application) -> Application:
        """Answers what is of pools; passes on the rest."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            found = self._route(environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", ""))
            if found is None:
                return application(environ, start_response)
            status, content = found(environ)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
            start_response(f"{status} -", [*headers, ("Cache-Control", "no-store")])
            return [body]

        return answer

    def _route(self, method: str, path: str) -> Callable[[dict[str, Any]], Reply] | None:
        keys, rotate = JWKS.fullmatch(path), ROTATE.fullmatch(path)
        if method == "GET" and keys:
            return lambda _: self._document(keys["pool"])
        if method == "POST" and path == GRANTS:
            return self._token
        if method == "GET" and path == MESSAGES:
            return self._messages
        if method == "POST" and rotate:
            return lambda environ: self._rotate(rotate["pool"], environ)
        return None

    def _document(self, pool_id: str) -> Reply:
        if pool_by_id(pool_id) is None:
            return 404, {"message": f"User pool {pool_id} does not exist."}
        return 200, self._rings.document(pool_id)

    def _messages(self, environ: dict[str, Any]) -> Reply:
        to = parse_qs(environ.get("QUERY_STRING", "")).get("to", [""])[0]
        note = "no message leaves this machine: these are the ones that Cognito would have sent"
        return 200, {"emulated": note, "messages": self._codes.messages(to)}

    def _rotate(self, pool_id: str, environ: dict[str, Any]) -> Reply:
        if pool_by_id(pool_id) is None:
            return 404, {"message": f"user pool {pool_id!r} does not exist; list them with ListUserPools"}
        keep = parse_qs(environ.get("QUERY_STRING", "")).get("keep", [str(KEEP_S)])[0]
        try:
            keep_s = float(keep)
        except ValueError:
            return 400, {"message": f"keep is {keep!r}; allowed: how many seconds the key before stays published"}
        return 200, {"kid": self._rings.rotate(pool_id, keep_s)}

    def _token(self, environ: dict[str, Any]) -> Reply:
        """The client credentials grant, as RFC 6749 and Cognito have it."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > LARGEST:
            return wrong("invalid_request")
        text = environ["wsgi.input"].read(int(length)).decode("utf-8", "replace")
        form = {name: values[0] for name, values in parse_qs(text).items()}
        if form.get("grant_type") != "client_credentials":
            return wrong("unsupported_grant_type" if form.get("grant_type") else "invalid_request")
        return self._grant(form, credentials(environ.get("HTTP_AUTHORIZATION", ""), form))

    def _grant(self, form: dict[str, str], given: tuple[str, str] | None) -> Reply:
        client_id, secret = given or ("", "")
        pool = next((pool for pool in every_pool() if client_id in pool.clients), None)
        # A pool without a domain has no token endpoint.
        if pool is None or pool.domain is None:
            return wrong("invalid_client")
        client = pool.clients[client_id]
        if not client.generate_secret or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            return wrong("invalid_client")
        declared = client.extended_config
        flows = declared.get("AllowedOAuthFlows") or []
        if "client_credentials" not in flows or not declared.get("AllowedOAuthFlowsUserPoolClient"):
            return wrong("unauthorized_client")
        allowed = list(declared.get("AllowedOAuthScopes") or [])
        asked = form.get("scope", "").split() or allowed
        if not asked or not set(asked) <= set(allowed):
            return wrong("invalid_scope")
        token, lifetime = self._tokens.program(pool, client, asked)
        return 200, {"access_token": token, "expires_in": lifetime, "token_type": "Bearer"}


def wrong(error: str) -> Reply:
    """An error as RFC 6749 writes it."""
    return 400, {"error": error}


def credentials(header: str, form: dict[str, str]) -> tuple[str, str] | None:
    """Client id and secret, from Basic authorization or else from the form."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() == "basic":
        try:
            name, joint, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        return (unquote_plus(name), unquote_plus(secret)) if joint else None
    if form.get("client_id") and form.get("client_secret"):
        return form["client_id"], form["client_secret"]
    return None
