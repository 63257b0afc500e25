"""Accounts in a Cognito user pool."""

from __future__ import annotations

from typing import Any

from functions.accounts.logic import Person, Session
from functions.shared.aws.sdk import client, told, tolerated
from functions.shared.errors import ApiError, Detail
from functions.shared.identity.tokens import decoded

REFUSED_BY_FUNCTION = {
    "UnexpectedLambdaException": "unavailable",
    "InvalidLambdaResponseException": "unavailable",
}
"""Errors of a pool whose function cannot be called."""


WRONG_CODE = {
    "CodeMismatchException": "invalid_code",
    "ExpiredCodeException": "invalid_code",
    "UserNotFoundException": "invalid_code",
    "TooManyFailedAttemptsException": "throttled",
}
"""What a code that does not count comes to."""

SILENT = (
    "UserNotFoundException",
    "InvalidParameterException",
    "NotAuthorizedException",
    "LimitExceededException",
)
"""Why no code is sent; none of it is told."""

ANSWERS = {
    "MFA_SETUP": "",
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
    "SMS_MFA": "SMS_MFA_CODE",
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}
"""Challenge → the field that its answer goes to."""


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
            # Cognito is stricter than the schema about what an address or a password may be.
            InvalidParameterException="invalid_request",
            CodeDeliveryFailureException="unavailable",
            UserLambdaValidationException="email_not_allowed",
            **REFUSED_BY_FUNCTION,
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
        # Cognito tells its functions after the account is confirmed; the first sign-in makes up for the record.
        told_of = ("UserLambdaValidationException", *REFUSED_BY_FUNCTION)
        with told(**WRONG_CODE, NotAuthorizedException="invalid_code"), tolerated(*told_of):
            client("cognito-idp").confirm_sign_up(ClientId=self._client_id, Username=email, ConfirmationCode=code)

    def resend(self, email: str) -> None:
        """Sends another code; for an account that needs none, and for none, nothing happens."""
        self._send("resend_confirmation_code", email)

    def forgot(self, email: str) -> None:
        """Sends a code to a verified address; for any other nothing happens."""
        self._send("forgot_password", email)

    def reset(self, email: str, code: str, password: str) -> None:
        """Sets a new password; an unknown address looks like a wrong code."""
        with told(
            **WRONG_CODE,
            NotAuthorizedException="invalid_code",
            InvalidPasswordException="weak_password",
            InvalidParameterException="invalid_request",
        ):
            client("cognito-idp").confirm_forgot_password(
                ClientId=self._client_id, Username=email, ConfirmationCode=code, Password=password
            )

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

    def answer(self, email: str, challenge: str, session_of: str, answer: str) -> Session:
        """Goes on with a sign-in; a wrong code leaves it waiting."""
        field = ANSWERS[challenge]
        responses = {"USERNAME": email} | ({field: answer} if field else {})
        with told(
            CodeMismatchException="invalid_code",
            ExpiredCodeException="invalid_code",
            InvalidPasswordException="weak_password",
            InvalidParameterException="wrong_session",
            NotAuthorizedException="wrong_session",
            UserNotFoundException="wrong_session",
            ResourceNotFoundException="wrong_session",
        ):
            found = client("cognito-idp").respond_to_auth_challenge(
                ClientId=self._client_id, ChallengeName=challenge, Session=session_of, ChallengeResponses=responses
            )
        return session(found)

    def begin(self, access_token: str, session_of: str) -> tuple[str, str]:
        """A secret for an authenticator app."""
        with told(NotAuthorizedException="wrong_session", ResourceNotFoundException="wrong_session"):
            found = client("cognito-idp").associate_software_token(**subject(access_token, session_of))
        return str(found["SecretCode"]), str(found.get("Session", ""))

    def prove(self, access_token: str, session_of: str, code: str) -> str:
        """Takes an app into use that shows the right code; with a session the sign-in does the rest."""
        with told(
            EnableSoftwareTokenMFAException="invalid_code",
            CodeMismatchException="invalid_code",
            SoftwareTokenMFANotFoundException="wrong_session",
            NotAuthorizedException="wrong_session",
            InvalidParameterException="wrong_session",
        ):
            found = client("cognito-idp").verify_software_token(**subject(access_token, session_of), UserCode=code)
            if access_token:
                client("cognito-idp").set_user_mfa_preference(
                    AccessToken=access_token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
                )
        return "" if access_token else str(found.get("Session", ""))

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

    def _send(self, operation: str, email: str) -> None:
        # Whoever asks must not learn which addresses have accounts, nor which were asked about often.
        with told(CodeDeliveryFailureException="unavailable"), tolerated(*SILENT):
            getattr(client("cognito-idp"), operation)(ClientId=self._client_id, Username=email)


def subject(access_token: str, session_of: str) -> dict[str, str]:
    """Whom an operation is about."""
    return {"AccessToken": access_token} if access_token else {"Session": session_of}


def session(answer: dict[str, Any], refresh_token: str = "") -> Session:
    """The tokens of an answer; a challenge in their place is told with the session to answer it in."""
    found = answer.get("AuthenticationResult")
    if not found:
        name = str(answer.get("ChallengeName", "unknown"))
        details = [Detail("challenge", name), Detail("session", str(answer.get("Session", "")))]
        raise ApiError("challenge_required", details, why=name)
    claims, about = payload(found["AccessToken"]), payload(found.get("IdToken", ""))
    person = Person(
        user_id=str(claims["sub"]),
        email=str(about.get("email", "")),
        name=str(about.get("name", "")),
        language=str(about.get("locale", "")),
    )
    return Session(
        found["AccessToken"],
        found.get("RefreshToken") or refresh_token,
        int(found["ExpiresIn"]),
        "Bearer",
        str(claims.get("origin_jti", "")),
        person,
    )


def payload(token: str) -> dict[str, Any]:
    """What a token says that Cognito gave this moment; nothing of a token that is missing."""
    return decoded(token.split(".")[1]) if token else {}
