"""Users' records, the end of an account, figures for a front page, and answers that a caller has already."""

from __future__ import annotations

import pytest

from tests.journeys.support.caller import PASSWORD, Caller, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey


def test_ones_own_record_is_read_and_changed(main: Deployed) -> None:
    ada = signed_up(main)
    place = f"/users/{ada.user_id}"
    read = ada.call("GET", place)
    assert read.status == 200
    assert (read.content["email"], read.content["name"], read.content["language"]) == (ada.email, "Ada Example", "en")
    assert ada.call("GET", place, headers={"If-None-Match": read.headers["etag"]}).status == 304
    tag = {"If-Match": read.headers["etag"]}
    put = ada.call("PUT", place, {"name": "Ada B", "language": "es"}, headers=tag)
    assert (put.status, put.content["name"], put.content["language"]) == (200, "Ada B", "es")
    assert put.content["version"] == read.content["version"] + 1
    ada.call("PATCH", place, {"name": "Late"}, headers=tag).refused(409, "changed")
    ada.call("PATCH", place, {"name": "Late"}).refused(400, "version_missing")
    ada.call("PATCH", place, {"email": "new@example.org"}, headers=tag).refused(400, "invalid_request")
    patched = ada.call("PATCH", place, {"name": "Ada C"}, headers={"If-Match": put.headers["etag"]})
    assert (patched.content["name"], patched.content["language"]) == ("Ada C", "es")


def test_somebody_elses_record_is_for_administrators(stranger: Caller, user: Caller) -> None:
    place, any_version = f"/users/{user.user_id}", {"If-Match": "*"}
    stranger.call("GET", place).refused(403, "missing_group")
    stranger.call("PATCH", place, {"name": "X"}, headers=any_version).refused(403, "missing_group")
    stranger.call("DELETE", place, headers=any_version).refused(403, "missing_group")
    stranger.call("GET", "/users").refused(403, "missing_group")
    assert user.call("GET", f"/users/{stranger.user_id}").content["email"] == stranger.email
    user.call("GET", "/users/nobody").refused(404, "unknown_user")


def test_administrators_list_users_the_newest_first(main: Deployed, user: Caller) -> None:
    newest = [signed_up(main).user_id for _ in range(3)]
    first = user.call("GET", "/users?limit=2").content
    following = user.call("GET", f"/users?limit=2&cursor={first['pagination']['next']}").content
    shown = [row["userId"] for row in (*first["data"], *following["data"])]
    assert [user_id for user_id in shown if user_id in newest] == newest[::-1]
    assert len(set(shown)) == 4
    assert (first["pagination"]["page"], following["pagination"]["page"]) == (1, 2)
    assert following["pagination"]["hasPrevious"]
    (detail,) = user.call("GET", "/users?cursor=nonsense").refused(400, "invalid_request")
    assert detail["field"] == "cursor"


def refused_at(caller: Caller, path: str) -> None:
    """A process believes for a second that a session is live."""
    eventually(lambda: caller.call("GET", path).status == 401, 10, f"the token counts no more at {path}")
    caller.call("GET", path).refused(401, "token_revoked")


@pytest.mark.parametrize("by_administrator", [False, True])
def test_a_closed_account_is_over_everywhere(main: Deployed, user: Caller, *, by_administrator: bool) -> None:
    ada, anybody = signed_up(main), Caller(main)
    place = f"/users/{ada.user_id}"
    record = ada.call("POST", "/data", {"payload": {"a": 1}}).content["id"]
    folder = {"Bucket": main.state.outputs["processed_bucket"], "Prefix": f"users/{ada.user_id}/"}
    main.client("s3").put_object(Bucket=folder["Bucket"], Key=f"{folder['Prefix']}mine.csv", Body=b"a\n1\n")
    closing = user if by_administrator else ada
    (missing,) = closing.call("DELETE", place).refused(400, "version_missing")
    assert missing["field"] == "If-Match"
    tag = {"If-Match": closing.call("GET", place).headers["etag"]}
    answer = closing.call("DELETE", place, headers=tag)
    assert (answer.status, answer.text) == (204, "")
    for path in ("/models", place):
        refused_at(ada, path)
    login = {"email": ada.email, "password": PASSWORD}
    anybody.call("POST", "/auth/login", login).refused(401, "wrong_credentials")
    anybody.call("POST", "/auth/refresh", {"refreshToken": ada.refresh_token}).refused(401, "wrong_refresh_token")
    user.call("GET", place).refused(404, "unknown_user")
    user.call("DELETE", place, headers=tag).refused(404, "unknown_user")
    user.call("GET", f"/data/{record}").refused(404, "unknown_record")
    listed = user.call("GET", "/users?limit=100").content["data"]
    assert ada.user_id not in [row["userId"] for row in listed]
    item = main.client("dynamodb").get_item(TableName=main.table("users"), Key={"userId": {"S": ada.user_id}})["Item"]
    assert ada.email not in str(item)
    assert "Ada " not in str(item)
    assert main.client("s3").list_objects_v2(**folder)["KeyCount"] == 0
    again = signed_up(main, ada.email)
    assert again.user_id != ada.user_id
    assert again.call("GET", f"/users/{again.user_id}").content["email"] == ada.email


def test_figures_for_a_front_page(main: Deployed) -> None:
    ada = signed_up(main)
    made = ada.predict(row_of()).content
    assert ada.call("POST", "/insights", {"text": "I had a headache after the second dose."}).status == 200
    found = ada.call("GET", "/dashboard/stats")
    assert found.status == 200
    stats = found.content
    assert stats["unavailable"] == []
    assert stats["models"]["live"]["version"] == made["modelVersion"]
    assert sum(stats["models"]["byStatus"].values()) == stats["models"]["total"] >= 1
    assert (stats["predictions"]["total"], stats["predictions"]["complete"]) == (1, True)
    assert stats["predictions"]["recent"][0]["predictionId"] == made["predictionId"]
    assert len(stats["predictions"]["byDay"]) == 7
    assert 0 < stats["usage"]["insightsTokens"] < stats["usage"]["insightsTokensLimit"]
    # Kept for half a minute.
    assert ada.call("GET", "/dashboard/stats").content["usage"] == stats["usage"]
    Caller(main).call("GET", "/dashboard/stats").refused(401, "unauthorized")


def test_a_prediction_has_two_names(user: Caller) -> None:
    first = user.predict(row_of()).content
    second = user.call("POST", "/inference/predict", {"input": row_of()})
    assert second.status == 200
    assert second.content["predictionId"] == first["predictionId"]
    user.call("POST", "/inference/predict", {}).refused(400, "invalid_request")


@pytest.mark.parametrize(
    "path", ["/models?limit=1", "/ml/model-info", "/data?limit=1", "/users?limit=1", "/openapi.json"]
)
def test_an_answer_that_the_caller_has_is_not_sent_again(user: Caller, path: str) -> None:
    def unchanged() -> bool:
        first = user.call("GET", path)
        assert first.headers["etag"].startswith('W/"')
        again = user.call("GET", path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        return (again.status, again.text) == (304, "")

    # Somebody else may add to the list in between.
    eventually(unchanged, 10, "the list stays the same for a moment")
    assert user.call("GET", path, headers={"If-None-Match": '"other"'}).status == 200
