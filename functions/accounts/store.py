"""Accounts in a Cognito user pool."""

from __future__ import annotations

from typing import Any

from functions.accounts.logic import Session
from functions.shared.aws.sdk import client, told
from functions.shared.errors import ApiError, Detail


class UserPool:
    """The operations of a user pool that need no rights but the app client's id."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id

    def sign_up(self, email: str, password: str, name: str, language: str) -> str:
        """Makes an account and returns its id; Cognito sends the code."""
        attributes = {"email": email, "name": name, "locale": language}
        with told(
            UsernameExistsException="account_exists",
            AliasExistsException="account_exists",
            InvalidPasswordException="weak_password",
            CodeDeliveryFailureException="unavailable",
        ):
            made = client("cognito-idp").sign_up(
                ClientId=self._client_id,
                Username=email,
                Password=password,
                UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            )
        return str(made["UserSub"])

    def confirm(self, email: str, code: str) -> None:
        """Proves an address; an unknown one looks like a wrong code."""
        with told(
            CodeMismatchException="invalid_code",
            ExpiredCodeException="invalid_code",
            UserNotFoundException="invalid_code",
            NotAuthorizedException="invalid_code",
            TooManyFailedAttemptsException="throttled",
        ):
            client("cognito-idp").confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=code)

    def sign_in(self, email: str, password: str) -> Session:
        """Starts a session; an unknown address looks like a wrong password."""
        with told(
            NotAuthorizedException="wrong_credentials",
            UserNotFoundException="wrong_credentials",
            InvalidPasswordException="wrong_credentials",
            UserNotConfirmedException="not_confirmed",
            PasswordResetRequiredException="challenge_required",
        ):
            answer = client("cognito-idp").initiate_auth(
                ClientId=self._client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        return session(answer)

    def refresh(self, refresh_token: str) -> Session:
        """A session's next access token; the refresh token stays the same."""
        with told(
            NotAuthorizedException="wrong_refresh_token",
            UserNotFoundException="wrong_refresh_token",
            InvalidParameterException="wrong_refresh_token",
            RefreshTokenReuseException="wrong_refresh_token",
        ):
            answer = client("cognito-idp").initiate_auth(
                ClientId=self._client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )
        return session(answer, refresh_token)

    def revoke(self, refresh_token: str) -> None:
        """Ends the session of a refresh token, the access tokens made from it included."""
        with told(
            NotAuthorizedException="wrong_refresh_token",
            InvalidParameterException="wrong_refresh_token",
            UnauthorizedException="wrong_refresh_token",
        ):
            client("cognito-idp").revoke_token(ClientId=self._client_id, Token=refresh_token)

    def revoke_all(self, access_token: str) -> None:
        """Ends every session of the token's owner; one that has ended already is as wanted."""
        try:
            with told(NotAuthorizedException="token_expired", UserNotFoundException="token_expired"):
                client("cognito-idp").global_sign_out(AccessToken=access_token)
        except ApiError as error:
            if error.code != "token_expired":
                raise


def session(answer: dict[str, Any], refresh_token: str = "") -> Session:
    """The tokens of an answer; a challenge in their place is named."""
    found = answer.get("AuthenticationResult")
    if not found:
        raise challenge(str(answer.get("ChallengeName", "unknown")))
    return Session(found["AccessToken"], found.get("RefreshToken") or refresh_token, int(found["ExpiresIn"]), "Bearer")


def challenge(name: str) -> ApiError:
    """What a caller is told who has to do more to sign in."""
    return ApiError("challenge_required", [Detail("challenge", f"{name}: answer it on the sign-in page of the pool")])
