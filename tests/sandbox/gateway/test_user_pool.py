"""Tokens of the local cloud's own user pool pass the gateway, checked against the keys that it publishes."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from sandbox.cloud import Cloud
from sandbox.gateway import App, app
from sandbox.gateway.context import Exchange
from tests.sandbox.gateway.documents import DOCUMENT, FakeFunctions, ledger


def sign_in(cloud: Cloud) -> tuple[str, dict[str, str]]:
    """A new pool's ARN and the tokens of its only user."""
    cognito = cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="users")["UserPool"]
    client = cognito.create_user_pool_client(UserPoolId=pool["Id"], ClientName="app")["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool["Id"], Username="user")
    cognito.admin_set_user_password(UserPoolId=pool["Id"], Username="user", Password="Secret-1234", Permanent=True)
    parameters = {"USERNAME": "user", "PASSWORD": "Secret-1234"}
    answer = cognito.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return pool["Arn"], answer["AuthenticationResult"]


def gateway(cloud: Cloud, pool: str) -> App:
    document: dict[str, Any] = copy.deepcopy(DOCUMENT)
    scheme = document["components"]["securitySchemes"]["pool"]
    scheme["x-amazon-apigateway-authorizer"]["providerARNs"] = [pool]
    return app(ledger(document), cloud, FakeFunctions())


def status(made: App, token: str) -> int:
    chain = made.chains["api"]
    headers = [(b"authorization", b"Bearer " + token.encode())]
    exchange = Exchange(chain.stage, "POST", "/v1/predict", b"", headers, b'{"input": {"age": 1}}')
    return asyncio.run(chain(exchange)).status


def test_access_token_of_the_pool_passes_and_its_id_token_does_not(cloud: Cloud) -> None:
    pool, tokens = sign_in(cloud)
    made = gateway(cloud, pool)
    assert status(made, tokens["AccessToken"]) == 200
    assert status(made, tokens["IdToken"]) == 401


def test_token_of_another_pool_is_refused(cloud: Cloud) -> None:
    pool, _ = sign_in(cloud)
    _, tokens = sign_in(cloud)
    assert status(gateway(cloud, pool), tokens["AccessToken"]) == 401
