"""The rights runtime: stands before all services and lets through what IAM would."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from sandbox.cloud import Application, Cloud
from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger, Resource
from sandbox.rights.calls.judge import Judge
from sandbox.rights.calls.policies import Policies
from sandbox.rights.calls.reading import Asked, UnknownCallError, read, scope_of, service_of
from sandbox.rights.calls.refusal import refuse
from sandbox.rights.calls.written import rights

ROLE = "aws:iam/role:Role"
NOTES = ("rights: functions, jobs, models, state machines and services are judged; other keys are an administrator's",)
FILE = "rights.json"
"""What a sandbox leaves in its directory when it ends."""


class Rights:
    """Judges the calls of functions, jobs, models, state machines and services.

    Build it with the cloud and the sandbox's directory, call `install()` after all other runtimes (it has to be asked
    before them), `follow()` with the growing ledger, `close()` at the end.
    """

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self._cloud = cloud
        self._directory = directory
        self._hooks = Hooks()
        self._roles: dict[str, str] = {}
        self._ledger = Ledger()
        self._policies = Policies(cloud.account)
        self.notes = NOTES
        """Where this differs from AWS, for the report."""
        self.judge = Judge(cloud.account, self._policies)

    def install(self) -> None:
        """Puts the judge in front of the services."""
        from moto.sqs.models import Queue

        self._hooks.wrap(Queue, "_set_attributes", _keeping)
        self._cloud.wrap(self._layer)
        self._cloud.judge = self.judge.denial

    def follow(self, ledger: Ledger) -> None:
        """Learns of roles and policies as they are declared."""
        self._ledger = ledger
        ledger.watch(self._declared)

    def attach(self, ledger: Ledger) -> None:
        """Takes over what the program declared."""
        self._ledger = ledger

    def close(self) -> None:
        """Leaves what was called in the sandbox's directory, and gives moto its own behaviour back."""
        self._hooks.undo()
        path = self._directory / FILE
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.told(), file, indent=1, sort_keys=True)

    def commands(self) -> dict[str, Any]:
        """What can be asked over the control socket."""
        return {"rights": self.told}

    def told(self) -> dict[str, Any]:
        """Everything that was used and refused, and everything that roles grant."""
        granted = [
            {"role": name, "principal": arn, **vars(right)}
            for arn, name in sorted(self._roles.items(), key=lambda item: item[1])
            for policy, text in self._policies.documents(arn).items()
            for right in rights(policy, text)
        ]
        return {"stack": self._ledger.stack, "granted": granted, **self.judge.records.to_dict(self._roles)}

    def _declared(self, resource: Resource) -> None:
        self._policies.declared(resource)
        if resource.type == ROLE:
            self._roles[str(resource.outputs["arn"])] = resource.name

    def _layer(self, application: Application) -> Application:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            scope = scope_of(environ)
            caller = self._cloud.callers.of(scope.key) if scope is not None else None
            if scope is None or caller is None:
                return application(environ, start_response)
            try:
                asked = read(environ, scope)
            except UnknownCallError as error:
                service = service_of(scope, str(environ.get("PATH_INFO", "")))
                self.judge.unmapped(caller, f"{service}:{environ.get('REQUEST_METHOD')}", str(error))
                return refuse(Asked(service, "", {}, scope.region, "rest-json"), str(error), start_response)
            text = self.judge.refusal(caller, asked.service, asked.operation, asked.params, asked.region)
            if text:
                return refuse(asked, text, start_response)
            if asked.service == "rds-db":
                # Signing in to a database is no call; whoever asks wants the answer alone.
                start_response("200 OK", [("Content-Length", "0")])
                return [b""]
            return application(environ, start_response)

        return answer


def _keeping(change: Callable[..., None]) -> Callable[..., None]:
    """A queue keeps its policy when other attributes are set; moto would forget it."""

    def changed(queue: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(queue, "policy", None)
        change(queue, attributes, now)
        if "Policy" not in attributes:
            queue.policy = policy

    return changed
