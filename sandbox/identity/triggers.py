"""The functions that a pool calls: before a sign-up, and after an address was confirmed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from sandbox.identity.pools import refused
from sandbox.ledger import Ledger

TIMEOUT_S: Final = 5.0
TRIES: Final = 3
_PERMISSION: Final = "aws:lambda/permission:Permission"
_PRINCIPAL: Final = "cognito-idp.amazonaws.com"


class Runner(Protocol):
    """Calls functions; `sandbox.lambdas.Functions` implements it."""

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Any:
        """Calls a function and waits."""


class Triggers:
    """Calls a pool's functions as Cognito does: five seconds each, three tries, and only where a permission allows."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._ledger = Ledger()

    def attach(self, ledger: Ledger) -> None:
        """Reads permissions from what was declared."""
        self._ledger = ledger

    def call(self, pool: Any, client_id: str, source: str, user: Any, response: Mapping[str, Any]) -> dict[str, Any]:
        """The function's answer to an event, or `response` where the pool has no function for it.

        Args:
            pool: moto's pool.
            client_id: the app client that was used; `CLIENT_ID_NOT_APPLICABLE` for an administrator.
            source: such as `PreSignUp_SignUp`.
            user: moto's user.
            response: what the function may change.
        """
        kind = source.partition("_")[0]
        function = (pool.extended_config.get("LambdaConfig") or {}).get(kind)
        if not function:
            return dict(response)
        self._allowed(function, pool.arn, kind)
        attributes = {**user.attribute_lookup}
        if kind == "PreSignUp":
            attributes.pop("sub", None)
        else:
            attributes |= {"cognito:user_status": str(getattr(user.status, "value", user.status))}
        event = {
            "version": "1",
            "region": pool.region,
            "userPoolId": pool.id,
            "userName": user.username,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "triggerSource": source,
            "request": {"userAttributes": attributes},
            "response": dict(response),
        }
        answer = self._invoke(function, json.dumps(event).encode(), kind)
        changed = answer.get("response")
        if not isinstance(changed, dict):
            raise refused("InvalidLambdaResponseException", f"Unrecognizable lambda output for {kind}")
        return {**response, **changed}

    def _invoke(self, function: str, payload: bytes, kind: str) -> dict[str, Any]:
        for _ in range(TRIES):
            try:
                done = self._runner.invoke_sync(function, payload, timeout_s=TIMEOUT_S)
            except TimeoutError:
                continue
            if done.error:
                text = json.loads(done.payload).get("errorMessage", "")
                raise refused("UserLambdaValidationException", f"{kind} failed with error {text}.")
            found = json.loads(done.payload)
            return found if isinstance(found, dict) else {}
        raise refused("UnexpectedLambdaException", f"{kind} invocation failed due to error TimedOut.")

    def _allowed(self, function: str, pool_arn: str, kind: str) -> None:
        """Lambda lets Cognito call only what a permission names."""
        name, _, qualifier = function.rsplit(":function:", 1)[-1].partition(":")
        for row in self._ledger.of_type(_PERMISSION):
            asked = row.inputs
            if (
                asked.get("principal") == _PRINCIPAL
                and str(asked.get("function", "")).rsplit(":function:", 1)[-1].partition(":")[0] == name
                and (asked.get("qualifier") or "") == qualifier
                and asked.get("sourceArn") in {None, pool_arn}
            ):
                return
        raise refused("UnexpectedLambdaException", f"{kind} invocation failed due to error AccessDeniedException.")
