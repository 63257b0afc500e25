"""Bodies of the account routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from functions.shared.schemas import Answer, Body, example

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", min_length=3, max_length=254)]


def _secret(words: str) -> WithJsonSchema:
    """What the document says of a secret: no length and no pattern, since the gateway quotes what breaks them."""
    return WithJsonSchema({"type": "string", "format": "password", "description": words})


Password = Annotated[str, Field(min_length=8, max_length=256), _secret("8 to 256 characters")]
KnownPassword = Annotated[str, Field(min_length=1, max_length=256), _secret("at most 256 characters")]
RefreshToken = Annotated[str, Field(min_length=1, max_length=4096), _secret("as the sign-in gave it")]
Code = Annotated[str, Field(pattern="^[0-9]{6}$"), _secret("six digits")]
SignIn = Annotated[str, Field(min_length=20, max_length=2048), _secret("as the error `challenge_required` gives it")]
"""The session of a sign-in that waits for a further step, as the error `challenge_required` gives it."""

ChallengeName = Literal["MFA_SETUP", "NEW_PASSWORD_REQUIRED", "SMS_MFA", "SOFTWARE_TOKEN_MFA"]


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
    code: Code


class Done(Answer):
    """What was done, and what to do next."""

    model_config = example({"message": "the account is confirmed; sign in at /v1/auth/login"})
    message: str


class Address(Body):
    """Whose address a code is sent to."""

    model_config = example({"email": "ada@example.org"})
    email: Email


class Reset(Body):
    """A new password, and the code that was sent to the account's address."""

    model_config = example({"email": "ada@example.org", "code": "123456", "password": "Another-Horse-8"})
    email: Email
    code: Code
    password: Password


class Login(Body):
    """Credentials."""

    model_config = example({"email": "ada@example.org", "password": "Correct-Horse-7"})
    email: Email
    password: KnownPassword


class Challenge(Body):
    """The answer to what a sign-in asked for: a code, or a new password; empty after a factor was set up."""

    model_config = example(
        {
            "email": "ada@example.org",
            "challenge": "SOFTWARE_TOKEN_MFA",
            "session": "AYABeF3c6b0d4e5f6a7b8c9d0e1f2a3b4c5d",
            "answer": "123456",
        }
    )
    email: Email
    challenge: ChallengeName
    session: SignIn
    answer: Annotated[str, Field(max_length=256), _secret("a code, or a new password")] = ""


class FactorSetup(Body):
    """Who sets an authenticator app up: a sign-in that has to, or without one whoever the access token speaks for."""

    model_config = example({"session": "AYABeF3c6b0d4e5f6a7b8c9d0e1f2a3b4c5d"})
    session: SignIn | None = None


class FactorSecret(Answer):
    """What the app is given; a page may show the address as a QR code."""

    model_config = example(
        {
            "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "uri": "otpauth://totp/mlplatform?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=mlplatform",
        }
    )
    secret: str
    uri: str
    session: str = ""
    """Session for the next step, where a sign-in has to set a factor up."""


class FactorProof(Body):
    """What the app shows, from whoever sets it up."""

    model_config = example({"code": "123456"})
    code: Code
    session: SignIn | None = None


class FactorProven(Answer):
    """The app is asked for a code from now on; with a session, answer its challenge MFA_SETUP with it."""

    model_config = example({"message": "from now on each sign-in asks for a code of this app"})
    message: str
    session: str = ""


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
