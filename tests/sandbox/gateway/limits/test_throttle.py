"""Rates are token buckets: per method, per key, and a quota per period."""

from __future__ import annotations

import datetime as dt

import pytest

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Limit, Limits, Plan
from sandbox.gateway.declared.limits import limits
from sandbox.gateway.key import check_key
from sandbox.gateway.throttle import Throttle
from tests.sandbox.gateway.documents import add, exchange, ledger, refused, stage


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.day = dt.date(2026, 1, 31)

    def __call__(self) -> float:
        return self.now


def passes(throttle: Throttle, request: Exchange, times: int) -> int:
    """How many of some requests pass."""
    errors = [refused(lambda: throttle(request)) for _ in range(times)]
    assert {error.kind for error in errors if error} <= {"THROTTLED"}
    return errors.count(None)


def test_burst_passes_at_once_and_the_rate_afterwards() -> None:
    clock = Clock()
    throttle = Throttle(Limits(Limit(10, 3)), clock)
    assert passes(throttle, exchange(), 5) == 3
    clock.now = 0.2
    assert passes(throttle, exchange(), 5) == 2
    clock.now = 100
    assert passes(throttle, exchange(), 5) == 3


def test_method_with_a_limit_of_its_own_leaves_the_others_alone() -> None:
    throttle = Throttle(Limits(Limit(10, 5), {("GET", "/v1/open"): Limit(1, 1)}), Clock())
    assert passes(throttle, exchange("GET", "/v1/open"), 3) == 1
    assert passes(throttle, exchange("GET", "/v1/items"), 3) == 3


def test_rate_of_zero_lets_nothing_through() -> None:
    assert passes(Throttle(Limits(Limit(0, 0)), Clock()), exchange(), 2) == 0


def keyed(plan: Plan, key: str = "secret") -> tuple[Limits, Exchange]:
    made = Limits(keys={key: ("id", plan)})
    request = exchange("GET", "/v1/partner", headers={"X-Api-Key": key}, stage=stage(limits=made))
    check_key(request)
    return made, request


def test_key_has_the_rate_of_its_plan() -> None:
    made, request = keyed(Plan("p", Limit(1, 2)))
    assert passes(Throttle(made, Clock()), request, 5) == 2


def test_method_of_a_plan_goes_before_the_plan() -> None:
    made, request = keyed(Plan("p", Limit(1, 5), {("GET", "/v1/partner"): Limit(1, 1)}))
    assert passes(Throttle(made, Clock()), request, 5) == 1


def test_quota_ends_with_its_period() -> None:
    clock = Clock()
    made, request = keyed(Plan("p", quota=2, period="MONTH"))
    throttle = Throttle(made, clock, lambda: clock.day)
    throttle(request)
    throttle(request)
    with pytest.raises(GatewayError) as caught:
        throttle(request)
    assert caught.value.kind == "QUOTA_EXCEEDED"
    clock.day = dt.date(2026, 2, 1)
    throttle(request)


@pytest.mark.parametrize("key", [None, "other"])
def test_method_that_needs_a_key_refuses_others(key: str | None) -> None:
    made = Limits(keys={"secret": ("id", Plan("p"))})
    headers = {"X-Api-Key": key} if key else {}
    with pytest.raises(GatewayError) as caught:
        check_key(exchange("GET", "/v1/partner", headers=headers, stage=stage(limits=made)))
    assert caught.value.kind == "INVALID_API_KEY"


def test_declared_settings_plans_and_keys_are_read() -> None:
    made = ledger()
    settings = "aws:apigateway/methodSettings:MethodSettings"
    place = {"restApi": "abc123", "stageName": "api"}
    all_methods = {"throttlingRateLimit": 100, "throttlingBurstLimit": 200}
    add(made, settings, "all", {**place, "methodPath": "*/*", "settings": all_methods})
    one = {"throttlingRateLimit": 5, "throttlingBurstLimit": 0}
    add(made, settings, "one", {**place, "methodPath": "v1/predict/POST", "settings": one})
    add(made, settings, "other", {**place, "stageName": "else", "methodPath": "*/*", "settings": one})
    plan = {"apiStages": [{"apiId": "abc123", "stage": "api"}], "quotaSettings": {"limit": 7, "period": "DAY"}}
    add(made, "aws:apigateway/usagePlan:UsagePlan", "plan", plan)
    for name, enabled in (("good", True), ("off", False), ("loose", True)):
        add(made, "aws:apigateway/apiKey:ApiKey", name, {"value": f"value-{name}", "enabled": enabled})
    add(made, "aws:apigateway/usagePlanKey:UsagePlanKey", "join", {"keyId": "good", "usagePlanId": "plan"})
    found = limits(made, "abc123", "api")
    assert found.default == Limit(100, 200)
    assert found.of("POST", "/v1/predict") == Limit(5, 0)
    assert found.keys == {"value-good": ("good", Plan("plan", quota=7, period="DAY")), "value-loose": ("loose", None)}
