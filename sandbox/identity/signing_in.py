"""Sign-in by password, its challenges, refresh, and the set-up of a second factor."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.events.hooks import inner
from sandbox.identity.codes import Codes
from sandbox.identity.factors import APP, SMS, Factors, chosen
from sandbox.identity.pools import by_access_token, find, pool_of, refused, silent
from sandbox.identity.signing_up import Operation, param
from sandbox.identity.tokens import Tokens

SESSION_S: Final = 180.0
_FLOWS: Final = {"USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH", "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH"}
_WRONG: Final = "Incorrect username or password."


@dataclass(frozen=True)
class Pending:
    """A sign-in that waits for the answer to a challenge."""

    pool: Any
    client_id: str
    username: str
    challenge: str
    ends: float


class SigningIn:
    """The operations, by the names that moto's response class has for them."""

    def __init__(
        self, tokens: Tokens, codes: Codes, factors: Factors, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tokens, self._codes, self._factors, self._clock = tokens, codes, factors, clock
        self._pending: dict[str, Pending] = {}

    def initiate_auth(self, original: Operation, response: Any) -> Any:
        """Sign-in by password or refresh token; moto does the other flows."""
        from moto.core.responses import ActionResult

        flow, client_id = param(response, "AuthFlow"), param(response, "ClientId")
        flow = "REFRESH_TOKEN_AUTH" if flow == "REFRESH_TOKEN" else flow
        if flow not in _FLOWS:
            return original(response)
        pool = pool_of(client_id)
        allowed = pool.clients[client_id].extended_config.get("ExplicitAuthFlows")
        if allowed and not {_FLOWS[flow], flow} & set(allowed):
            raise refused("InvalidParameterException", f"{flow} flow not enabled for this client")
        given = inner(response, "_get_param")("AuthParameters") or {}
        if flow == "REFRESH_TOKEN_AUTH":
            access, identity, lifetime = self._tokens.renew(pool, str(given.get("REFRESH_TOKEN")), client_id)
            return ActionResult({"AuthenticationResult": result(access, identity, lifetime)})
        return ActionResult(self._by_password(pool, client_id, given))

    def respond_to_auth_challenge(self, original: Operation, response: Any) -> Any:
        """The answer to a challenge of `initiate_auth`; moto does those of its own flows."""
        from moto.core.responses import ActionResult

        challenge, session = param(response, "ChallengeName"), param(response, "Session")
        if session not in self._pending:
            if challenge in {APP, SMS, "MFA_SETUP", "NEW_PASSWORD_REQUIRED"}:
                raise gone()
            return original(response)
        pending = self._open(session, param(response, "ClientId"))
        if pending.challenge != challenge:
            raise refused("InvalidParameterException", f"Invalid challenge: the session waits for {pending.challenge}")
        given = inner(response, "_get_param")("ChallengeResponses") or {}
        user = find(pending.pool, pending.username)
        if challenge == APP:
            self._factors.check(pending.pool, user, str(given.get(f"{APP}_CODE", "")))
        elif challenge == SMS:
            self._codes.check(pending.pool.id, user.username, "sign-in", str(given.get(f"{SMS}_CODE", "")))
        elif challenge == "NEW_PASSWORD_REQUIRED":
            self._new_password(pending, user, given)
        elif not user.token_verified:
            raise refused("NotAuthorizedException", "A second factor has to be set up first")
        del self._pending[session]
        if challenge == "NEW_PASSWORD_REQUIRED":
            return ActionResult(self._next(pending.pool, pending.client_id, user))
        return ActionResult(self._signed_in(pending.pool, pending.client_id, user))

    def associate_software_token(self, _original: Operation, response: Any) -> Any:
        """The secret for an authenticator app."""
        from moto.core.responses import ActionResult

        pool, user, session = self._subject(response)
        made = {"SecretCode": self._factors.associate(pool, user)}
        return ActionResult(made | ({"Session": session} if session else {}))

    def verify_software_token(self, _original: Operation, response: Any) -> Any:
        """Proves that the app shows the right codes."""
        from moto.core.responses import ActionResult

        pool, user, session = self._subject(response)
        try:
            self._factors.check(pool, user, param(response, "UserCode"))
        except Exception as error:
            raise refused("EnableSoftwareTokenMFAException", "Code mismatch") from error
        user.token_verified = True
        return ActionResult({"Status": "SUCCESS"} | ({"Session": session} if session else {}))

    def _by_password(self, pool: Any, client_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
        user = find(pool, str(given.get("USERNAME", "")))
        if user is None:
            raise (
                refused("NotAuthorizedException", _WRONG)
                if silent(pool, client_id)
                else refused("UserNotFoundException", "User does not exist.")
            )
        if not user.enabled:
            raise refused("NotAuthorizedException", _WRONG if silent(pool, client_id) else "User is disabled.")
        if user.password != given.get("PASSWORD"):
            raise refused("NotAuthorizedException", _WRONG)
        status = str(getattr(user.status, "value", user.status))
        if status == "UNCONFIRMED":
            raise refused("UserNotConfirmedException", "User is not confirmed.")
        if status == "RESET_REQUIRED":
            raise refused("PasswordResetRequiredException", "Password reset required for the user")
        if status == "FORCE_CHANGE_PASSWORD":
            return self._challenge(pool, client_id, user, "NEW_PASSWORD_REQUIRED")
        return self._next(pool, client_id, user)

    def _next(self, pool: Any, client_id: str, user: Any) -> dict[str, Any]:
        """A second factor where one is due, tokens otherwise."""
        factor = chosen(pool, user)
        return self._challenge(pool, client_id, user, factor) if factor else self._signed_in(pool, client_id, user)

    def _challenge(self, pool: Any, client_id: str, user: Any, name: str) -> dict[str, Any]:
        session = str(uuid.uuid4())
        self._pending[session] = Pending(pool, client_id, user.username, name, self._clock() + SESSION_S)
        about = {"USER_ID_FOR_SRP": user.username}
        if name == "MFA_SETUP":
            about["MFAS_CAN_SETUP"] = json.dumps([APP])
        if name == SMS:
            self._codes.send(pool.id, user.username, "sign-in", str(user.attribute_lookup.get("phone_number", "")))
        return {"ChallengeName": name, "ChallengeParameters": about, "Session": session}

    def _signed_in(self, pool: Any, client_id: str, user: Any) -> dict[str, Any]:
        refresh, _ = self._tokens.begin(pool, client_id, user.username)
        access, identity, lifetime = self._tokens.renew(pool, refresh)
        made = {**result(access, identity, lifetime), "RefreshToken": refresh}
        return {"ChallengeParameters": {}, "AuthenticationResult": made}

    def _new_password(self, pending: Pending, user: Any, given: Mapping[str, Any]) -> None:
        from moto.cognitoidp.models import UserStatus

        password = str(given.get("NEW_PASSWORD", ""))
        inner(pending.pool.backend, "_validate_password")(pending.pool.id, password)
        user.password, user.status = password, UserStatus.CONFIRMED

    def _subject(self, response: Any) -> tuple[Any, Any, str]:
        """Pool and user of an access token, or of a sign-in that has to set up a factor, and its session."""
        token, session = param(response, "AccessToken"), param(response, "Session")
        if token:
            return *by_access_token(token), ""
        pending = self._open(session)
        return pending.pool, find(pending.pool, pending.username), session

    def _open(self, session: str, client_id: str = "") -> Pending:
        pending = self._pending.get(session)
        if pending is None or self._clock() >= pending.ends or client_id not in {"", pending.client_id}:
            self._pending.pop(session, None)
            raise gone()
        return pending


def result(access: str, identity: str, lifetime: int) -> dict[str, Any]:
    """Tokens as the API answers with them."""
    return {"AccessToken": access, "IdToken": identity, "ExpiresIn": lifetime, "TokenType": "Bearer"}


def gone() -> Any:
    """A session that nobody waits for."""
    return refused("NotAuthorizedException", "Invalid session for the user, session is expired.")
