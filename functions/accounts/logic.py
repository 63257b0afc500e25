"""Sign-up, sign-in, refresh, recovery and sign-out, over whatever keeps accounts and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from functions.accounts.schemas import (
    Address,
    Challenge,
    Confirm,
    Done,
    Login,
    Logout,
    Refresh,
    Register,
    Registered,
    Reset,
    Tokens,
)
from functions.shared.errors import ApiError
from functions.shared.identity.tokens import Caller


@dataclass(frozen=True)
class Person:
    """Whom a session is of, as the directory knows them."""

    user_id: str
    email: str = ""
    name: str = ""
    language: str = ""


@dataclass(frozen=True)
class Session:
    """The tokens of one sign-in."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    kind: Literal["Bearer"]
    session_id: str
    person: Person


class Directory(Protocol):
    """What keeps accounts; each method ends with an ApiError where the caller has to be told."""

    def sign_up(self, email: str, password: str, name: str, language: str) -> str:
        """Makes an account and returns its id."""

    def confirm(self, email: str, code: str) -> None:
        """Proves an address."""

    def resend(self, email: str) -> None:
        """Sends another code to an address that has an unproven account, and nothing to any other."""

    def sign_in(self, email: str, password: str) -> Session:
        """Starts a session."""

    def answer(self, email: str, challenge: str, session: str, answer: str) -> Session:
        """Goes on with a sign-in that asked for something."""

    def forgot(self, email: str) -> None:
        """Sends a code to an address that has an account, and nothing to any other."""

    def reset(self, email: str, code: str, password: str) -> None:
        """Sets a new password."""

    def refresh(self, refresh_token: str) -> Session:
        """The next access token of a session."""

    def revoke(self, refresh_token: str) -> None:
        """Ends a session."""

    def revoke_all(self, access_token: str) -> None:
        """Ends every session of a caller."""


class Sessions(Protocol):
    """What remembers who signed in and which sessions are over."""

    def begin(self, session_id: str, person: Person) -> None:
        """Records a sign-in, and the person."""

    def ended(self, session_id: str) -> bool:
        """Whether a session is over."""

    def end(self, session_id: str, user_id: str) -> None:
        """Lets a session's tokens count no more."""

    def end_all(self, user_id: str) -> None:
        """Lets no token of a user count any more."""


def register(directory: Directory, body: Register) -> Registered:
    """Makes an account; addresses count as the same whatever their case."""
    email = body.email.lower()
    user_id = directory.sign_up(email, body.password, body.name, body.language)
    message = "a code was sent to this e-mail address; confirm it at /v1/auth/confirm"
    return Registered(user_id=user_id, email=email, name=body.name, message=message)


def confirm(directory: Directory, body: Confirm) -> Done:
    """Proves an address."""
    directory.confirm(body.email.lower(), body.code)
    return Done(message="the account is confirmed; sign in at /v1/auth/login")


def resend(directory: Directory, body: Address) -> Done:
    """Sends another code; the answer does not tell whether there is such an account."""
    directory.resend(body.email.lower())
    return Done(message="if this address has an account to confirm, another code was sent to it")


def forgot(directory: Directory, body: Address) -> Done:
    """Sends a code; the answer does not tell whether there is such an account."""
    directory.forgot(body.email.lower())
    return Done(message="if this address has an account, a code was sent to it; use it at /v1/auth/reset-password")


def reset(directory: Directory, body: Reset) -> Done:
    """Sets a new password."""
    directory.reset(body.email.lower(), body.code, body.password)
    return Done(message="the password is changed; sign in at /v1/auth/login")


def login(directory: Directory, sessions: Sessions, body: Login) -> Tokens:
    """Starts a session."""
    return begun(sessions, directory.sign_in(body.email.lower(), body.password))


def challenge(directory: Directory, sessions: Sessions, body: Challenge) -> Tokens:
    """Starts a session whose sign-in asked for something."""
    return begun(sessions, directory.answer(body.email.lower(), body.challenge, body.session, body.answer))


def refresh(directory: Directory, sessions: Sessions, body: Refresh) -> Tokens:
    """Continues a session that was not ended."""
    session = directory.refresh(body.refresh_token)
    if sessions.ended(session.session_id):
        raise ApiError("wrong_refresh_token", why="ended")
    return tokens(session)


def logout(directory: Directory, sessions: Sessions, body: Logout, caller: Caller, access_token: str) -> None:
    """Ends the session of the refresh token that is given, or every session of the caller.

    The record comes first: once it is there no token of the session counts, even if the directory fails after it.
    """
    if not body.refresh_token:
        sessions.end_all(caller.user_id)
        sessions.end(caller.session, caller.user_id)
        directory.revoke_all(access_token)
        return
    session = directory.refresh(body.refresh_token)
    if session.person.user_id != caller.user_id:
        raise ApiError("wrong_refresh_token", why="of another user")
    sessions.end(session.session_id, caller.user_id)
    directory.revoke(body.refresh_token)


def begun(sessions: Sessions, session: Session) -> Tokens:
    """A new session, recorded."""
    sessions.begin(session.session_id, session.person)
    return tokens(session)


def tokens(session: Session) -> Tokens:
    """A session as a caller sees it."""
    return Tokens(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in_s,
        token_type=session.kind,
    )
