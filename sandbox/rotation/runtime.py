"""RotateSecret: moto marks secrets as rotated whatever their function says, so the local cloud does it itself."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from sandbox.cloud import Application, Cloud
from sandbox.events.hooks import Hooks
from sandbox.lambdas.plan import FunctionError, NoSuchFunctionError, parse
from sandbox.ledger import Ledger
from sandbox.rotation.requests import RefusedError, Request, answer, read, refuse
from sandbox.rotation.steps import STEPS, Steps, labelled

SCHEDULE = "aws:secretsmanager/secretRotation:SecretRotation"
PERMISSION = "aws:lambda/permission:Permission"
PRINCIPAL = "secretsmanager.amazonaws.com"
END_S = 10.0
NOTE = (
    "rotation: RotateSecret calls the declared function; the calendar of a rotation does not run, and a rotation that "
    "failed is tried again by RotateSecret alone, which AWS does by itself"
)
_log = logging.getLogger(__name__)


class Caller(Protocol):
    """What calls functions (sandbox.lambdas.Functions)."""

    def find(self, name_or_arn: str, qualifier: str = "") -> Any:
        """Raises NoSuchFunctionError for an unknown function."""

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Any:
        """Calls a function and waits; the answer has `error` and `payload`."""


class Rotations:
    """All rotations of one sandbox."""

    def __init__(self, cloud: Cloud, functions: Caller) -> None:
        self.cloud = cloud
        self.notes = [NOTE]
        """What differs from AWS, for the report."""
        self.failures: list[str] = []
        """What each failed rotation said, the last at the end."""
        self._functions = functions
        self._hooks = Hooks()
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._callers: frozenset[str] = frozenset()

    def install(self) -> None:
        """Takes RotateSecret, whose steps moto does not look at, and mends what moto forgets about labels."""
        from moto.secretsmanager.models import SecretsManagerBackend

        self._hooks.wrap(SecretsManagerBackend, "update_secret_version_stage", _followed)
        self.cloud.wrap(self._layer)

    def attach(self, ledger: Ledger) -> None:
        """Turns on every declared rotation, and learns which functions Secrets Manager may call."""
        self._callers = frozenset(
            str(row.inputs["function"])
            for row in ledger.of_type(PERMISSION)
            if row.inputs.get("principal") == PRINCIPAL
        )
        for row in ledger.of_type(SCHEDULE):
            arn = str(row.inputs["secretId"])
            rules = row.inputs.get("rotationRules") or {}
            # A secret that a database manages is rotated by the database, and names no function.
            if row.inputs.get("rotationLambdaArn"):
                self._turn_on(self._secret(arn.split(":")[3], arn), str(row.inputs["rotationLambdaArn"]), rules)

    def settle(self, timeout_s: float = 60.0) -> bool:
        """Waits until no rotation runs; False when one still does."""
        deadline = time.monotonic() + timeout_s
        for thread in list(self._running.values()):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._running.values())

    def close(self) -> None:
        """Waits a moment for rotations under way."""
        if not self.settle(END_S):
            _log.error("a rotation did not end within %.0f s", END_S)
        self._hooks.undo()

    def _layer(self, application: Application) -> Application:
        def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            request = read(environ)
            if request is None or request.operation != "RotateSecret":
                return application(environ, start_response)
            try:
                return answer(start_response, self._rotate(request))
            except RefusedError as refused:
                return refuse(start_response, refused)

        return respond

    def _rotate(self, request: Request) -> dict[str, Any]:
        given = request.given
        secret = self._secret(request.region, str(given.get("SecretId", "")))
        function = str(given.get("RotationLambdaARN") or secret.rotation_lambda_arn or "")
        self._may_call(function)
        with self._lock:
            running = self._running.get(secret.arn)
            if running is not None and running.is_alive():
                raise RefusedError("InvalidRequestException", _BUSY)
            self._turn_on(secret, function, given.get("RotationRules") or {})
            left = labelled(secret, "AWSPENDING")
            if left and "AWSCURRENT" not in secret.versions[left]["version_stages"]:
                self._start(secret, left, function)
                raise RefusedError("InvalidRequestException", _BUSY)
            version = str(given.get("ClientRequestToken") or uuid.uuid4())
            at_once = given.get("RotateImmediately", True)
            if at_once:
                _stage(secret, version)
                self._start(secret, version, function)
        if not at_once:
            self._try_out(secret, version, function)
        return {"ARN": secret.arn, "Name": secret.name, "VersionId": version}

    def _start(self, secret: Any, version: str, function: str) -> None:
        steps = Steps(self._functions, secret, version, function)
        thread = threading.Thread(target=self._run, args=(steps,), name=f"rotate {secret.name}", daemon=True)
        self._running[secret.arn] = thread
        thread.start()

    def _run(self, steps: Steps) -> None:
        problem = steps.run(STEPS)
        if problem:
            self.failures.append(f"{steps.secret.name}: {problem}")
            _log.warning("rotation of %s failed: %s", steps.secret.name, problem)

    def _try_out(self, secret: Any, version: str, function: str) -> None:
        """Without RotateImmediately the function is asked to test a copy of the value in force, which is then gone."""
        current = labelled(secret, "AWSCURRENT")
        _stage(secret, version, secret.versions[current] if current else {})
        problem = Steps(self._functions, secret, version, function).run(("testSecret",))
        secret.versions.pop(version, None)
        if problem:
            raise RefusedError("InvalidRequestException", f"Testing the rotation function failed: {problem}")

    def _turn_on(self, secret: Any, function: str, rules: dict[str, Any]) -> None:
        days = int(rules.get("AutomaticallyAfterDays") or rules.get("automaticallyAfterDays") or 0)
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = function
        if days:
            secret.auto_rotate_after_days = days
            secret.next_rotation_date = int(time.time()) + days * 86_400

    def _may_call(self, function: str) -> None:
        if not function:
            raise RefusedError(
                "InvalidRequestException", "No Lambda rotation function ARN is associated with this secret."
            )
        try:
            self._functions.find(function)
            _, name, qualifier = parse(function)
        except NoSuchFunctionError as error:
            raise RefusedError("ResourceNotFoundException", str(error)) from error
        except FunctionError as error:
            raise RefusedError("InvalidParameterException", str(error)) from error
        # The permission names a function by its name or its ARN, and here only functions without a version are rotated.
        if qualifier or not {name, function} & self._callers:
            raise RefusedError(
                "AccessDeniedException",
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
                f"access to the principal {PRINCIPAL}.",
            )

    def _secret(self, region: str, name: str) -> Any:
        backend = self._backend(region)
        if not name or name not in backend.secrets:
            raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        secret = backend.secrets[name]
        if not hasattr(secret, "rotation_enabled"):
            raise RefusedError(
                "InvalidRequestException",
                "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
            )
        if secret.is_deleted():
            raise RefusedError("InvalidRequestException", "You can't rotate a secret that is scheduled for deletion.")
        if secret.owning_service:
            raise RefusedError(
                "InvalidRequestException",
                f"{secret.owning_service} manages this secret, and the local cloud does not rotate it",
            )
        return secret

    def _backend(self, region: str) -> Any:
        from moto.secretsmanager.models import secretsmanager_backends

        return secretsmanager_backends[self.cloud.account][region]


def _followed(move: Callable[..., Any]) -> Callable[..., Any]:
    def moved(backend: Any, secret_id: str, *rest: Any, **options: Any) -> Any:
        """Moves a label; moto would go on giving the old version to callers that name none."""
        result = move(backend, secret_id, *rest, **options)
        secret = backend.secrets[secret_id]
        if current := labelled(secret, "AWSCURRENT"):
            secret.set_default_version_id(current)
        return result

    return moved


_BUSY = "A previous rotation isn't complete. That rotation will be reattempted."


def _stage(secret: Any, version: str, copied: dict[str, Any] | None = None) -> None:
    """A version without a value, staged as AWSPENDING, as the function finds it in createSecret."""
    if version in secret.versions:
        raise RefusedError(
            "ResourceExistsException", f"the version {version} exists already; give another request token"
        )
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    value = {key: text for key, text in (copied or {}).items() if key in {"secret_string", "secret_binary"}}
    secret.versions[version] = {
        **value,
        "createdate": int(time.time()),
        "version_id": version,
        "version_stages": ["AWSPENDING"],
    }
