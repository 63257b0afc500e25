"""Pools of a local cloud whose codes, keys and functions are within reach."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt

from sandbox.callers import Callers
from sandbox.cloud import Cloud
from sandbox.identity import Identities
from sandbox.identity.factors import totp
from sandbox.ledger import Ledger, Resource

PASSWORD = "Correct-Horse-7"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:signup:live"


@dataclass
class Done:
    """What a function came to."""

    payload: bytes
    error: str = ""


@dataclass
class Runner:
    """Answers for the functions."""

    answer: Callable[[dict[str, Any]], Any] = lambda event: event
    events: list[dict[str, Any]] = field(default_factory=list)
    late: int = 0

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Done:
        assert name_or_arn == FUNCTION
        assert options["timeout_s"] == 5
        event = json.loads(payload)
        self.events.append(event)
        if self.late:
            self.late -= 1
            raise TimeoutError
        try:
            return Done(json.dumps(self.answer(event)).encode())
        except ValueError as error:
            return Done(json.dumps({"errorMessage": str(error), "errorType": "ValueError"}).encode(), "Unhandled")


class Clock:
    """A time of its own."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """A cloud with the identity runtime in it."""

    cloud: Cloud
    identities: Identities
    runner: Runner
    clock: Clock
    callers: Callers

    @property
    def cognito(self) -> Any:
        return self.cloud.client("cognito-idp")

    def code(self, email: str) -> str:
        """The newest code that was sent to an address."""
        return str(self.identities.codes.messages(email)[-1]["code"])

    def get(self, path: str, data: Mapping[str, str] | None = None, **headers: str) -> tuple[int, Any]:
        """A plain request to the AWS endpoint, a POST where there is data."""
        body = None if data is None else urlencode(data)
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=10)
        with closing(connection):
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


@dataclass
class Pool:
    """A pool with an app client."""

    place: Place
    options: Mapping[str, Any] = field(default_factory=dict)
    client_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        made = self.place.cognito.create_user_pool(
            PoolName="users",
            UsernameAttributes=["email"],
            UsernameConfiguration={"CaseSensitive": False},
            AutoVerifiedAttributes=["email"],
            AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
            **self.options,
        )["UserPool"]
        self.id, self.arn = made["Id"], made["Arn"]
        client = self.place.cognito.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            PreventUserExistenceErrors="ENABLED",
            **self.client_options,
        )
        self.client_id = client["UserPoolClient"]["ClientId"]

    def may_call(self, **changes: Any) -> None:
        """Declares the permission to call the function."""
        inputs = {
            "function": "signup",
            "qualifier": "live",
            "principal": "cognito-idp.amazonaws.com",
            "sourceArn": self.arn,
        }
        ledger = Ledger()
        ledger.add(Resource("urn:may", "aws:lambda/permission:Permission", "may", inputs=inputs | changes))
        self.place.identities.attach(ledger)

    def sign_up(self, email: str = "ada@example.org") -> str:
        attributes = [{"Name": "email", "Value": email}, {"Name": "name", "Value": "Ada"}]
        answer = self.place.cognito.sign_up(
            ClientId=self.client_id, Username=email, Password=PASSWORD, UserAttributes=attributes
        )
        return str(answer["UserSub"])

    def confirm(self, code: str, email: str = "ada@example.org") -> None:
        self.place.cognito.confirm_sign_up(ClientId=self.client_id, Username=email, ConfirmationCode=code)

    def member(self, email: str = "ada@example.org") -> str:
        """A confirmed user's id."""
        made = self.sign_up(email)
        self.confirm(self.place.code(email), email)
        return made

    def sign_in(self, email: str = "ada@example.org", password: str = PASSWORD) -> dict[str, Any]:
        found: dict[str, Any] = self.place.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return found

    def tokens(self, email: str = "ada@example.org") -> dict[str, Any]:
        found: dict[str, Any] = self.sign_in(email)["AuthenticationResult"]
        return found

    def refresh(self, token: str) -> dict[str, Any]:
        found: dict[str, Any] = self.place.cognito.initiate_auth(
            ClientId=self.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token}
        )["AuthenticationResult"]
        return found

    def answer(self, challenge: Mapping[str, Any], **answers: str) -> dict[str, Any]:
        found: dict[str, Any] = self.place.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=challenge["ChallengeName"],
            Session=challenge["Session"],
            ChallengeResponses=answers,
        )
        return found


def claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def shown(secret: str, clock: Clock, steps: int = 0) -> str:
    """What an authenticator app shows."""
    made: bytes = totp(secret).generate(int(clock.now) + 30 * steps)
    return made.decode()
