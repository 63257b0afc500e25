"""Sign-up, sign-in, refresh and sign-out, over whatever keeps the accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from functions.accounts.schemas import Confirm, Confirmed, Login, Logout, Refresh, Register, Registered, Tokens


@dataclass(frozen=True)
class Session:
    """The tokens of one sign-in."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    kind: Literal["Bearer"]


class Directory(Protocol):
    """What keeps accounts; each method ends with an ApiError where the caller has to be told."""

    def sign_up(self, email: str, password: str, name: str, language: str) -> str:
        """Makes an account and returns its id."""

    def confirm(self, email: str, code: str) -> None:
        """Proves an address."""

    def sign_in(self, email: str, password: str) -> Session:
        """Starts a session."""

    def refresh(self, refresh_token: str) -> Session:
        """The next access token of a session."""

    def revoke(self, refresh_token: str) -> None:
        """Ends a session."""

    def revoke_all(self, access_token: str) -> None:
        """Ends every session of a caller."""


def register(directory: Directory, body: Register) -> Registered:
    """Makes an account; addresses count as the same whatever their case."""
    email = body.email.lower()
    user_id = directory.sign_up(email, body.password, body.name, body.language)
    message = "a code was sent to this e-mail address; confirm it at /v1/auth/confirm"
    return Registered(user_id=user_id, email=email, name=body.name, message=message)


def confirm(directory: Directory, body: Confirm) -> Confirmed:
    """Proves an address."""
    directory.confirm(body.email.lower(), body.code)
    return Confirmed(message="the account is confirmed; sign in at /v1/auth/login")


def login(directory: Directory, body: Login) -> Tokens:
    """Starts a session."""
    return tokens(directory.sign_in(body.email.lower(), body.password))


def refresh(directory: Directory, body: Refresh) -> Tokens:
    """Continues a session."""
    return tokens(directory.refresh(body.refresh_token))


def logout(directory: Directory, body: Logout, access_token: str) -> None:
    """Ends the session of the refresh token that is given, or every session of the caller."""
    if body.refresh_token:
        directory.revoke(body.refresh_token)
    else:
        directory.revoke_all(access_token)


def tokens(session: Session) -> Tokens:
    """A session as a caller sees it."""
    return Tokens(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in_s,
        token_type=session.kind,
    )
