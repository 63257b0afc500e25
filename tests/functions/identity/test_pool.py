"""Whose tokens count, and who looks up sessions, by a function's settings; a setting of another form is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared.errors import ApiError
from functions.shared.identity.pool import sessions, verifier
from functions.shared.identity.settings import TokenSettings
from functions.shared.settings import SettingsError
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.tokens import Pool


def settings(**more: Any) -> TokenSettings:
    return TokenSettings(user_pool_id="us-east-1_Example01", client_id="app", **more)


def test_without_a_table_nothing_is_looked_up() -> None:
    assert sessions(settings(), ENVIRONMENT) is None
    assert sessions(settings(sessions_table="s"), ENVIRONMENT) is not None


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"jwks": "{"}, "JWKS"),
        ({"jwks": "[]"}, "JWKS"),
        ({"other_pools": "us-west-2_x"}, "OTHER_POOLS"),
        ({"other_pools": "us-west-2_x="}, "OTHER_POOLS"),
        ({"other_pools": "=client"}, "OTHER_POOLS"),
        ({"other_pools": "west=client"}, "USER_POOL_ID"),
    ],
)
def test_a_setting_of_another_form_is_named(more: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        verifier(settings(**more), ENVIRONMENT)


def test_pools_programs_and_keys_come_from_the_settings() -> None:
    own, west = Pool(), Pool("us-west-2_Example02", "key-west")
    west.issuer = west.issuer.replace("us-east-1.", "us-west-2.")
    keys = {name: json.loads(pool.document()) for name, pool in (("us-east-1_Example01", own), ("us-west-2_W", west))}
    west.issuer = west.issuer.replace("us-west-2_Example02", "us-west-2_W")
    told = settings(program_client_ids="robot, other", other_pools="us-west-2_W=w1,w2;", jwks=json.dumps(keys))
    checked = verifier(told, ENVIRONMENT)
    for pool, client in ((own, "app"), (own, "robot"), (own, "other"), (west, "w1"), (west, "w2")):
        assert checked.caller("Bearer " + pool.token(client_id=client)).client_id == client
    with pytest.raises(ApiError, match="token_client"):
        checked.caller("Bearer " + west.token(client_id="app"))
