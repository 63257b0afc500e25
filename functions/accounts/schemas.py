"""Bodies of the account routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from functions.shared.schemas import Answer, Body, example

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", min_length=3, max_length=254)]
Password = Annotated[str, Field(min_length=8, max_length=256)]
RefreshToken = Annotated[str, Field(min_length=1, max_length=4096)]


class Register(Body):
    """A new account."""

    model_config = example(
        {"email": "ada@example.org", "password": "Correct-Horse-7", "name": "Ada Example", "language": "en"}
    )
    email: Email
    password: Password
    name: Annotated[str, Field(min_length=1, max_length=200)]
    language: Annotated[str, Field(pattern="^[a-z]{2}(-[A-Z]{2})?$")]


class Registered(Answer):
    """The account that was made."""

    model_config = example(
        {
            "userId": "0c8f7c4e-2a5b-4f6d-9a51-6d3f2b1c0e9a",
            "email": "ada@example.org",
            "name": "Ada Example",
            "message": "a code was sent to this e-mail address; confirm it at /v1/auth/confirm",
        }
    )
    user_id: str
    email: str
    name: str
    message: str


class Confirm(Body):
    """The code that proves an e-mail address."""

    model_config = example({"email": "ada@example.org", "code": "123456"})
    email: Email
    code: Annotated[str, Field(pattern="^[0-9]{6}$")]


class Confirmed(Answer):
    """An account that may sign in."""

    model_config = example({"message": "the account is confirmed; sign in at /v1/auth/login"})
    message: str


class Login(Body):
    """Credentials."""

    model_config = example({"email": "ada@example.org", "password": "Correct-Horse-7"})
    email: Email
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Refresh(Body):
    """A refresh token for a new access token."""

    model_config = example({"refreshToken": "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIn0.x.y.z.w"})
    refresh_token: RefreshToken


class Logout(Body):
    """What to end: the session of a refresh token, or without one every session of the caller."""

    model_config = example({"refreshToken": "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIn0.x.y.z.w"})
    refresh_token: RefreshToken = ""


class Tokens(Answer):
    """A session: the access token goes into the Authorization header."""

    model_config = example(
        {
            "accessToken": "eyJraWQiOiJrMSIsImFsZyI6IlJTMjU2In0.e30.c2ln",
            "refreshToken": "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIn0.x.y.z.w",
            "expiresIn": 3600,
            "tokenType": "Bearer",
        }
    )
    access_token: str
    refresh_token: str
    expires_in: int
    token_type: Literal["Bearer"]
