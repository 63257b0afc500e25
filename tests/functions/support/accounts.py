"""The account routes over a pool, its tables and its functions, as they are deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.accounts.operations import operations
from functions.accounts.sessions import SessionStore
from functions.accounts.store import UserPool
from functions.shared.api import App
from functions.shared.aws.sdk import client
from functions.shared.identity.keys import Keys
from functions.shared.identity.sessions import EndedSessions
from functions.shared.identity.tokens import Issuer, Verifier
from functions.shared.logs import Log
from functions.signup.handler import build
from sandbox.identity import Identities
from sandbox.identity.factors import totp
from sandbox.ledger import Ledger, Resource
from tests.functions.support.apps import Answer, Client
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.cloud import account_tables, user_pool

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:signup"
ADA = {"email": "Ada@Example.org", "password": "Correct-Horse-7", "name": "Ada Example", "language": "en"}
CREDENTIALS = {"email": ADA["email"], "password": ADA["password"]}
EMAIL = "ada@example.org"


@dataclass
class Done:
    """What a function came to."""

    payload: bytes
    error: str = ""


class Direct:
    """Calls the sign-up function in this process, or what a test puts in its place."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.run: Callable[[Mapping[str, Any]], dict[str, Any]] = build({**ENVIRONMENT, **environment})[0]

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Done:
        assert name_or_arn == FUNCTION
        assert options == {"timeout_s": 5}
        try:
            return Done(json.dumps(self.run(json.loads(payload))).encode())
        except Exception as error:  # noqa: BLE001  # as Lambda does, whatever a function raises
            return Done(json.dumps({"errorMessage": str(error)}).encode(), "Unhandled")


class NoLayer:
    """A cloud that is reached in this process."""

    def wrap(self, layer: object) -> None:
        """Takes no layer."""


class Memory:
    """A cache."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.available = True

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        assert ttl_s == 1800
        if not (if_missing and key in self.values):
            self.values[key] = value
        return True


class Table:
    """The sessions table, asked by the SDK, which moto answers in this process."""

    def ended(self, sessions: Sequence[str]) -> Mapping[str, bool]:
        return {session: "endedAt" in item("sessions", "sessionId", session) for session in sessions}


class Accounts:
    """Everything; `close` gives moto its own operations back."""

    def __init__(self, folder: Path, *, mfa: str = "OPTIONAL", **environment: str) -> None:
        account_tables()
        self.function = Direct(environment)
        self.identities = Identities(NoLayer(), self.function, folder)
        self.identities.install()
        triggers = {"PreSignUp": FUNCTION, "PostConfirmation": FUNCTION}
        self.pool_id, client_id = user_pool(MfaConfiguration=mfa, LambdaConfig=triggers)
        ledger = Ledger()
        asked = {"function": "signup", "principal": "cognito-idp.amazonaws.com"}
        ledger.add(Resource("urn:may", "aws:lambda/permission:Permission", "may", inputs=asked))
        self.identities.attach(ledger)
        pool, self.memory = UserPool(client_id), Memory()
        self.client = Client(operations(pool, SessionStore("sessions", "users", self.memory), pool))
        self.client.app = self._app(client_id)

    def _app(self, client_id: str) -> App:
        made, rings = self.client.app, self.identities.rings
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}"
        keys = Keys(lambda: rings.document(self.pool_id))
        verifier = Verifier([Issuer(issuer, frozenset({client_id}), keys)])
        log = Log("mlplatform-test-function", out=self.client.log)
        return App(made.operations, log, verifier, made.origins, EndedSessions(Table(), remember_s=0))

    def post(self, operation: str, body: Any, token: str | None = None) -> Answer:
        """A call of an account route."""
        return self.client.call("POST", f"/v1/auth/{operation}", body=body, token=token)

    def code(self, to: str = EMAIL) -> str:
        """The newest code that was sent."""
        return str(self.identities.codes.messages(to)[-1]["code"])

    def sent(self, to: str = EMAIL) -> int:
        """How many codes were sent."""
        return len(self.identities.codes.messages(to))

    def registered(self) -> str:
        """Ada, confirmed; her id."""
        made = self.post("register", ADA)
        assert self.post("confirm", {"email": ADA["email"], "code": self.code()}).status == 200
        return str(made.body["userId"])

    def member(self) -> Answer:
        """Ada's sign-in."""
        self.registered()
        return self.post("login", CREDENTIALS)

    def close(self) -> None:
        """Gives moto its own operations back."""
        self.identities.close()


def item(table: str, key: str, value: str) -> dict[str, Any]:
    """An item as plain text by attribute."""
    found = client("dynamodb").get_item(TableName=table, Key={key: {"S": value}}, ConsistentRead=True)
    return {name: next(iter(member.values())) for name, member in found.get("Item", {}).items()}


def shown(secret: str) -> str:
    """What an authenticator app shows now."""
    import time

    made: bytes = totp(secret).generate(int(time.time()))
    return made.decode()
