"""The ways into a function from the local cloud: Lambda's Invoke over HTTP, and moto's services that call functions."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

from sandbox.cloud import Application, Cloud
from sandbox.events.hooks import Hooks as Changes
from sandbox.lambdas.instance import Invocation
from sandbox.lambdas.plan import FunctionError, NoSuchFunctionError

_INVOKE = re.compile(r"/2015-03-31/functions/(?P<name>[^/]+)/invocations/?$")
_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[\w-]+)/lambda/")
METHOD = "_invoke_lambda"
"""The one method of moto's LambdaFunction that all of its callers pass."""


class Runner(Protocol):
    """What the hooks call; `Functions` implements it."""

    cloud: Cloud

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Invocation:
        """Calls a function and waits."""

    def send(self, name_or_arn: str, payload: bytes, qualifier: str = "") -> str:
        """Calls a function without waiting."""

    def find(self, name_or_arn: str, qualifier: str = "") -> Any:
        """Raises NoSuchFunctionError for an unknown function."""


class Hooks:
    """Both ways in, for as long as they are installed."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._before: Any = None
        self._kept = Changes()

    def install(self) -> None:
        """Puts them in place."""
        from moto.awslambda.models import LambdaFunction
        from moto.logs.models import LogsBackend

        self._before = getattr(LambdaFunction, METHOD)
        setattr(LambdaFunction, METHOD, _internal(self._runner))
        # moto copies a function to publish it, and with it every log of the region, while others write to them.
        self._kept.add(LogsBackend, "__deepcopy__", lambda logs, _memo: logs)
        self._runner.cloud.wrap(lambda application: _layer(self._runner, application))

    def uninstall(self) -> None:
        """Gives moto its own method back."""
        if self._before is not None:
            from moto.awslambda.models import LambdaFunction

            setattr(LambdaFunction, METHOD, self._before)
            self._before = None
        self._kept.undo()


def _internal(runner: Runner) -> Callable[[Any, Any], tuple[str, bool, str]]:
    def invoke(function: Any, event: Any = None) -> tuple[str, bool, str]:
        """For moto's event source mappings, subscriptions and rotations."""
        payload = event if isinstance(event, str) else json.dumps(event or {})
        try:
            result = runner.invoke_sync(function.function_arn, payload.encode(), tail=True)
        except (FunctionError, ValueError) as problem:
            return json.dumps({"errorType": type(problem).__name__, "errorMessage": str(problem)}), True, ""
        return result.payload.decode(), result.error is not None, result.log

    return invoke


def _layer(runner: Runner, application: Application) -> Application:
    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Takes Lambda's Invoke, whose qualifier, type and errors moto does not know; passes on the rest."""
        found = _INVOKE.match(environ.get("PATH_INFO", ""))
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found is None or scope is None or environ.get("REQUEST_METHOD") != "POST":
            return application(environ, start_response)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        payload = environ["wsgi.input"].read(length) if length else b"{}"
        name = unquote(found["name"])
        if not name.startswith("arn:"):
            name = f"arn:aws:lambda:{scope['region']}:{runner.cloud.account}:function:{name.split('function:')[-1]}"
        try:
            status, headers, body = _invoke(runner, environ, name, payload)
        except FunctionError as refusal:
            kind = "User" if isinstance(refusal, NoSuchFunctionError) else "Service"
            status, headers = refusal.status, {"x-amzn-ErrorType": refusal.code}
            body = json.dumps({"Type": kind, "Message": str(refusal), "message": str(refusal)}).encode()
        except ValueError as problem:
            status, headers = 502, {"x-amzn-ErrorType": "InvalidZipFileException"}
            body = json.dumps({"Type": "User", "Message": str(problem)}).encode()
        lines = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers.items()]
        start_response(f"{status} -", lines)
        return [body]

    return answer


def _invoke(
    runner: Runner,
    environ: dict[str, Any],
    name: str,
    payload: bytes,
) -> tuple[int, dict[str, str], bytes]:
    qualifier = parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier", [""])[0]
    kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
    try:
        json.loads(payload)
    except ValueError:
        text = "Could not parse request body into json: Could not parse payload into json"
        return 400, {"x-amzn-ErrorType": "InvalidRequestContentException"}, json.dumps({"message": text}).encode()
    if kind == "DryRun":
        runner.find(name, qualifier)
        return 204, {}, b""
    if kind == "Event":
        return 202, {"x-amzn-RequestId": runner.send(name, payload, qualifier)}, b""
    tail = environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail"
    result = runner.invoke_sync(name, payload, qualifier=qualifier, tail=tail)
    headers = {"x-amzn-RequestId": result.request_id, "X-Amz-Executed-Version": result.version}
    if result.error:
        headers["X-Amz-Function-Error"] = result.error
    if tail:
        headers["X-Amz-Log-Result"] = base64.b64encode(result.log.encode()[-4096:]).decode()
    return 200, headers, result.payload
