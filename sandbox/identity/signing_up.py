"""Sign-up, confirmation and recovery with codes that count, around moto's users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.events.hooks import inner
from sandbox.identity.codes import Codes
from sandbox.identity.pools import destination, find, pool_of, refused, silent, user
from sandbox.identity.triggers import Triggers

Operation = Callable[[Any], Any]
"""One of moto's operations, or one in its place: takes moto's response object."""

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"


class SigningUp:
    """The operations, by the names that moto's response class has for them."""

    def __init__(self, codes: Codes, triggers: Triggers) -> None:
        self._codes, self._triggers = codes, triggers

    def sign_up(self, original: Operation, response: Any) -> Any:
        """Moto's sign-up; then the pool's function may refuse or confirm, and a code is sent."""
        client_id, username = param(response, "ClientId"), param(response, "Username")
        pool = pool_of(client_id)
        if find(pool, username) is not None:
            raise refused("UsernameExistsException", "User already exists")
        done = original(response)
        made = find(pool, username)
        wanted = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
        try:
            decided = self._triggers.call(pool, client_id, "PreSignUp_SignUp", made, wanted)
        except Exception:
            # Whom the function refuses was never there.
            pool.users.pop(made.username, None)
            raise
        if decided["autoConfirmUser"]:
            self._confirmed(pool, client_id, made, verified=bool(decided["autoVerifyEmail"]))
            done.result["UserConfirmed"] = True
            done.result.pop("CodeDeliveryDetails", None)
        else:
            self._codes.send(pool.id, made.username, "sign-up", destination(made))
        return done

    def confirm_sign_up(self, _original: Operation, response: Any) -> Any:
        """Confirms by the code that was sent."""
        client_id = param(response, "ClientId")
        pool = pool_of(client_id)
        found = user(pool, client_id, param(response, "Username"), expired())
        if str(getattr(found.status, "value", found.status)) != "UNCONFIRMED":
            raise refused("NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
        self._codes.check(pool.id, found.username, "sign-up", param(response, "ConfirmationCode"))
        self._confirmed(pool, client_id, found, verified=True)
        return empty()

    def resend_confirmation_code(self, _original: Operation | None, response: Any) -> Any:
        """Sends another code; for an unknown user nothing is sent and the answer is the same."""
        return self._sent(response, "sign-up", _unconfirmed)

    def forgot_password(self, _original: Operation, response: Any) -> Any:
        """Sends a code to a verified address; for an unknown user nothing is sent and the answer is the same."""
        return self._sent(response, "password reset", _reachable)

    def confirm_forgot_password(self, _original: Operation, response: Any) -> Any:
        """Sets a new password by the code that was sent."""
        from moto.cognitoidp.models import UserStatus

        client_id, password = param(response, "ClientId"), param(response, "Password")
        pool = pool_of(client_id)
        wrong = refused("CodeMismatchException", "Invalid verification code provided, please try again.")
        found = user(pool, client_id, param(response, "Username"), wrong)
        inner(pool.backend, "_validate_password")(pool.id, password)
        self._codes.check(pool.id, found.username, "password reset", param(response, "ConfirmationCode"))
        found.password, found.status = password, UserStatus.CONFIRMED
        self._triggers.call(pool, client_id, "PostConfirmation_ConfirmForgotPassword", found, {})
        return empty()

    def admin_create_user(self, original: Operation, response: Any) -> Any:
        """Moto's way; then the pool's function may refuse."""
        done = original(response)
        pool = response.backend.describe_user_pool(param(response, "UserPoolId"))
        made = find(pool, param(response, "Username"))
        if param(response, "MessageAction") == "RESEND":
            return done
        wanted = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
        try:
            self._triggers.call(pool, NO_CLIENT, "PreSignUp_AdminCreateUser", made, wanted)
        except Exception:
            pool.users.pop(made.username, None)
            raise
        return done

    def admin_confirm_sign_up(self, _original: Operation, response: Any) -> Any:
        """Confirms without a code; the address stays unproven."""
        pool = response.backend.describe_user_pool(param(response, "UserPoolId"))
        found = response.backend.admin_get_user(pool.id, param(response, "Username"))
        self._confirmed(pool, NO_CLIENT, found, verified=False)
        return empty()

    def _sent(self, response: Any, purpose: str, check: Callable[[Any], None]) -> Any:
        from moto.core.responses import ActionResult

        client_id, username = param(response, "ClientId"), param(response, "Username")
        pool = pool_of(client_id)
        found = find(pool, username)
        if found is None and not silent(pool, client_id):
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        if found is not None:
            check(found)
            self._codes.send(pool.id, found.username, purpose, destination(found))
        return ActionResult({"CodeDeliveryDetails": delivery(username)})

    def _confirmed(self, pool: Any, client_id: str, found: Any, *, verified: bool) -> None:
        from moto.cognitoidp.models import UserStatus

        found.status = UserStatus.CONFIRMED
        if verified:
            found.update_attributes([{"Name": "email_verified", "Value": "true"}])
        self._triggers.call(pool, client_id, "PostConfirmation_ConfirmSignUp", found, {})


def _unconfirmed(found: Any) -> None:
    if str(getattr(found.status, "value", found.status)) != "UNCONFIRMED":
        raise refused("InvalidParameterException", "User is already confirmed.")


def _reachable(found: Any) -> None:
    if found.attribute_lookup.get("email_verified") != "true":
        text = "Cannot reset password for the user as there is no registered/verified email or phone_number"
        raise refused("InvalidParameterException", text)


def param(response: Any, name: str) -> str:
    """A parameter of a request."""
    return str(inner(response, "_get_param")(name) or "")


def expired() -> Any:
    """What an unknown user looks like where a code is asked for."""
    return refused("ExpiredCodeException", "Invalid code provided, please request a code again.")


def delivery(username: str) -> dict[str, str]:
    """Where a code went, with nothing in it that the caller does not know."""
    name, _, domain = username.partition("@")
    shown = f"{name[:1]}***@{domain[:1]}***"
    return {"Destination": shown, "DeliveryMedium": "EMAIL", "AttributeName": "email"}


def empty() -> Any:
    """An answer without content."""
    from moto.core.responses import EmptyResult

    return EmptyResult()
