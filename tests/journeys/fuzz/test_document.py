"""Every route under requests that are made from the document: none fails, and each answer is one that it tells of."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from functions.routes import ROUTES, Route
from functions.shared.errors import NOT_THERE_YET
from sandbox.client import sign_in
from tests.journeys.support.caller import PASSWORD
from tests.journeys.support.deployed import Deployed

pytestmark = pytest.mark.journey
EXAMPLES = 7
"""Requests of each kind and route."""
ASKED = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]
COSTLY = {"/v1/training/start"}
"""A right request begins hours of work on AWS: here it comes from somebody who may not."""
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
EACH = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
TAKING = [route for route in ROUTES if route.request or route.query or "{" in route.path]
"""Routes that take something that could be wrong."""


class Api:
    """The deployed API, its document, and somebody who may do everything with it."""

    def __init__(self, main: Deployed, sent: Counter[str]) -> None:
        self._sent = sent
        self.base = main.state.api_url.removesuffix("/v1")
        self.session = requests.Session()
        self.session.trust_env = False
        self.schema = schemathesis.openapi.from_dict(self.session.get(f"{self.base}/v1/openapi.json").json())
        self._cognito, self._outputs = main.client("cognito-idp"), main.state.outputs
        self._emails: dict[bool, str] = {}

    def operation(self, route: Route) -> Any:
        """What the document says of a route."""
        return self.schema[route.path][route.method]

    def token(self, *, privileged: bool) -> str:
        """A session of its own for each route: some routes end one."""
        if privileged not in self._emails:
            self._emails[privileged] = self._user(privileged=privileged)
        return sign_in(self._cognito, self._outputs["user_pool_client_id"], self._emails[privileged], PASSWORD)[0]

    def _user(self, *, privileged: bool) -> str:
        pool, email = self._outputs["user_pool_id"], f"fuzz-{secrets.token_hex(6)}@example.org"
        self._cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        self._cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=PASSWORD, Permanent=True)
        groups = self._cognito.list_groups(UserPoolId=pool)["Groups"] if privileged else []
        for group in groups:
            self._cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group["GroupName"])
        return email

    def check(self, case: Case[Any], token: str) -> None:
        """Sends a request and holds its answer to the document."""
        answer = self._send(case, token)
        if answer.status_code == 429:
            time.sleep(min(2.0, float(answer.headers.get("retry-after", ["1"])[0])))
            answer = self._send(case, token)
        elif answer.status_code >= 500 and answer.status_code != NOT_THERE_YET:
            # A part that is just coming back from another test is no fault of the request: that one fails again.
            time.sleep(1)
            answer = self._send(case, token)
        planned = answer.status_code == NOT_THERE_YET
        case.validate_response(
            answer, checks=[check for check in ASKED if not (planned and check is not_a_server_error)]
        )

    def _send(self, case: Case[Any], token: str) -> Response:
        headers = {"Authorization": f"Bearer {token}"}
        answer = case.call(base_url=self.base, session=self.session, headers=headers, timeout=35)
        self._sent[str(answer.status_code)[0]] += 1
        return answer

    def post(self, route: Route, content: bytes, media: str, token: str) -> requests.Response:
        """Sends bytes, as somebody who has not read the document would."""
        path = route.path.replace("{", "").replace("}", "")
        headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": media} if media else {})
        answer = self.session.request(route.method, self.base + path, data=content, headers=headers, timeout=35)
        self._sent[str(answer.status_code)[0]] += 1
        return answer


@pytest.fixture(scope="module")
def api(main: Deployed, sent: Counter[str]) -> Iterator[Api]:
    made = Api(main, sent)
    yield made
    made.session.close()


def offline(case: Case[Any]) -> None:
    """Takes out what would make the platform call somebody on the internet."""
    if isinstance(case.body, dict):
        case.body.pop("callbackUrl", None)


@EACH
def test_what_the_document_allows_is_answered_as_it_says(api: Api, route: Route) -> None:
    token = api.token(privileged=route.path not in COSTLY)

    @BOUNDED
    @given(api.operation(route).as_strategy(generation_mode=GenerationMode.POSITIVE))
    def ask(case: Case[Any]) -> None:
        offline(case)
        api.check(case, token)

    ask()


@pytest.mark.parametrize("route", TAKING, ids=lambda route: route.key)
def test_what_the_document_forbids_is_refused_as_it_says(api: Api, route: Route) -> None:
    token = api.token(privileged=route.path not in COSTLY)

    @BOUNDED
    @given(api.operation(route).as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: Case[Any]) -> None:
        offline(case)
        api.check(case, token)

    ask()


@pytest.mark.parametrize("route", [route for route in ROUTES if route.request], ids=lambda route: route.key)
def test_bytes_that_are_no_object_are_refused_in_the_platforms_words(api: Api, route: Route) -> None:
    token = api.token(privileged=False)

    @BOUNDED
    @given(
        st.binary(min_size=1, max_size=200).filter(lambda content: not content.strip().startswith(b"{")),
        st.sampled_from(["application/json", "application/json; charset=utf-16", "text/plain", ""]),
    )
    def ask(content: bytes, media: str) -> None:
        answer = api.post(route, content, media, token)
        assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "details", "timestamp", "requestId"}

    ask()
