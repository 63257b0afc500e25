"""Second factors: an authenticator app with a secret of its own for each user."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.twofactor import InvalidToken

from sandbox.identity.pools import refused

STEP_S: Final = 30
SMS, APP = "SMS_MFA", "SOFTWARE_TOKEN_MFA"


class Factors:
    """The secrets of authenticator apps, by user."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._secrets: dict[tuple[str, str], str] = {}

    def associate(self, pool: Any, user: Any) -> str:
        """A new secret for a user, in base 32, as an app takes it."""
        secret = base64.b32encode(secrets.token_bytes(20)).decode()
        self._secrets[pool.id, user.username] = secret
        return secret

    def check(self, pool: Any, user: Any, code: str) -> None:
        """Refuses a code that the user's app does not show now; a step before and after counts, clocks differ."""
        secret = self._secrets.get((pool.id, user.username))
        if secret is None:
            raise refused("SoftwareTokenMFANotFoundException", "Software token TOTP multi-factor is not set up")
        now = self._clock()
        for moment in (now, now - STEP_S, now + STEP_S):
            try:
                totp(secret).verify(code.encode(), int(moment))
            except InvalidToken:
                continue
            return
        raise refused("CodeMismatchException", "Invalid code received for user")


def totp(secret: str) -> Any:
    """The codes of a secret: six digits, thirty seconds, SHA-1, as Cognito has them."""
    from moto.cognitoidp.utils import cognito_totp

    return cognito_totp(secret)


def chosen(pool: Any, user: Any) -> str:
    """The second factor that a sign-in asks for: a challenge's name, or empty."""
    if pool.mfa_config == "OFF":
        return ""
    app, text = user.software_token_mfa_enabled, user.sms_mfa_enabled
    if user.preferred_mfa_setting in {APP, SMS}:
        return str(user.preferred_mfa_setting)
    if app or text:
        return APP if app else SMS
    if pool.mfa_config == "ON":
        return APP if user.token_verified else "MFA_SETUP"
    return ""
