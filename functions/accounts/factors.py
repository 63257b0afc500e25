"""Setting up an authenticator app, by a signed-in user or in the middle of a sign-in that demands it."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from functions.accounts.schemas import FactorProof, FactorProven, FactorSecret, FactorSetup
from functions.shared.errors import ApiError

ISSUER = "mlplatform"
"""Name that the app shows."""


class Factors(Protocol):
    """What keeps second factors. It is told either an access token or the session of a sign-in."""

    def begin(self, access_token: str, session: str) -> tuple[str, str]:
        """A secret for the app, and the session to go on with, empty for an access token."""

    def prove(self, access_token: str, session: str, code: str) -> str:
        """Checks what the app shows, asks for it from now on, and gives the session to go on with."""


def begin(factors: Factors, body: FactorSetup, access_token: str) -> FactorSecret:
    """A secret for an app."""
    secret, session = factors.begin(*subject(body.session, access_token))
    uri = f"otpauth://totp/{quote(ISSUER)}?secret={secret}&issuer={quote(ISSUER)}"
    return FactorSecret(secret=secret, uri=uri, session=session)


def prove(factors: Factors, body: FactorProof, access_token: str) -> FactorProven:
    """Takes an app into use."""
    session = factors.prove(*subject(body.session, access_token), body.code)
    return FactorProven(message="from now on each sign-in asks for a code of this app", session=session)


def subject(session: str | None, access_token: str) -> tuple[str, str]:
    """Access token and session, of which one is empty; ApiError `token_missing` when both are."""
    if session:
        return "", session
    if not access_token:
        raise ApiError("token_missing")
    return access_token, ""
