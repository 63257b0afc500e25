"""No log holds what identifies a person or lets somebody in."""

from __future__ import annotations

import pytest

from tests.journeys.support.caller import PASSWORD, Caller, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey


def test_no_log_group_holds_personal_data(main: Deployed, user: Caller) -> None:
    caller = signed_up(main)
    anybody = Caller(main)
    secret = "Very-Secret-77"
    calls = [
        caller.predict(row_of(mean_texture=13.572468)),
        caller.predict(row_of(mean_texture=caller.email)),
        anybody.call("POST", "/auth/login", {"email": caller.email, "password": secret}),
        anybody.call("POST", "/auth/login", {"email": caller.email, "password": PASSWORD}),
        anybody.call("POST", "/auth/register", {"email": caller.email, "password": secret, "name": "Ada Example"}),
        anybody.call("POST", "/auth/refresh", {"refreshToken": caller.refresh_token}),
        anybody.call("POST", "/auth/refresh", {"refreshToken": secret}),
        Caller(main, caller.token[:-3]).call("GET", "/models"),
        anybody.call("GET", f"/models/{secret}"),
        user.call("GET", "/models"),
        user.call("PUT", f"/models/{main.state.model_version}/approve", {"force": True}),
    ]
    assert [answer.status for answer in calls] == [200, 400, 401, 200, 400, 200, 401, 401, 404, 200, 409]
    last = calls[-1].headers["x-amzn-requestid"]
    groups = [row["logGroupName"] for row in main.client("logs").describe_log_groups()["logGroups"]]
    assert len(groups) > 10

    def lines() -> dict[str, list[str]]:
        found = {name: main.log_lines(name) for name in groups}
        return found if any(last in line for line in found["/aws/lambda/mlplatform-dev-registry"]) else {}

    logs = eventually(lines, 10, "the last call is logged")
    assert sum(map(len, logs.values())) > 50
    forbidden = {
        "e-mail": caller.email,
        "demo e-mail": main.state.username,
        "password": PASSWORD,
        "demo password": main.state.password,
        "wrong password": secret,
        "name": "Ada Example",
        "access token": caller.token.rpartition(".")[2],
        "demo access token": main.state.access_token.rpartition(".")[2],
        "demo id token": main.state.id_token.rpartition(".")[2],
        "refresh token": caller.refresh_token,
        "a feature's value": "13.572468",
    }
    leaks = [
        (name, group) for group, rows in logs.items() for name, text in forbidden.items() if text in "\n".join(rows)
    ]
    # The access log has paths, and this one was asked for.
    assert set(leaks) <= {("wrong password", "/aws/apigateway/mlplatform-dev-api/access")}


def test_what_is_printed_and_kept_is_for_the_owner_alone(main: Deployed) -> None:
    for name in ("state.json", "up.log", "ledger.json", "process.json"):
        assert (main.place.home / name).stat().st_mode & 0o777 == 0o600, name
    assert main.place.home.stat().st_mode & 0o777 == 0o700
