"""Which requests are traced, and how the decision goes from one service to the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.lambdas.instance import new_id
from sandbox.ledger import Ledger, Resource
from sandbox.tracing.header import decided, handed, ids, new_root, parent_of, root_of, written
from sandbox.tracing.sampling import RULE, Rule, Sampler, declared

ROOT, PARENT = "1-5e66d96f-7491f09acf5d6d3f0d9f4d2b", "0123456789abcdef"
STAGE = "AWS::ApiGateway::Stage"
DECLARED = {
    "ruleName": "mlplatform-test-api",
    "priority": 100.0,
    "version": 1.0,
    "reservoirSize": 3.0,
    "fixedRate": 0.5,
    "serviceName": "mlplatform-test-api/*",
    "serviceType": STAGE,
    "host": "*",
    "httpMethod": "POST",
    "urlPath": "/api/v1/ml/*",
    "resourceArn": "*",
}


def ledger(**changed: object) -> Ledger:
    made = Ledger()
    made.add(Resource("urn:rule", RULE, "rule", inputs={**DECLARED, **changed}, outputs={"id": "rule"}))
    return made


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_second_has_its_reservoir_and_then_a_share() -> None:
    clock, chances = Clock(), iter([0.04, 0.06, 0.9])
    sampler = Sampler(now=clock, chance=lambda: next(chances))
    assert [sampler.decide("us-east-1", "api/api", STAGE) for _ in range(4)] == [True, True, False, False]
    clock.now += 1
    assert sampler.decide("us-east-1", "api/api", STAGE)


def test_each_function_has_the_default_to_itself() -> None:
    sampler = Sampler(now=Clock(), chance=lambda: 1.0)
    assert [sampler.decide("us-east-1", name, "AWS::Lambda::Function") for name in ("a", "b", "a")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("method", "path", "service", "taken"),
    [
        ("POST", "/api/v1/ml/predict", "mlplatform-test-api/api", 3),
        ("GET", "/api/v1/ml/predict", "mlplatform-test-api/api", 1),
        ("POST", "/api/v1/models", "mlplatform-test-api/api", 1),
        ("POST", "/api/v1/ml/predict", "another/api", 1),
    ],
    ids=["fits", "another method", "another path", "another service"],
)
def test_a_declared_rule_comes_before_the_default(method: str, path: str, service: str, taken: int) -> None:
    sampler = Sampler(declared(ledger()), now=Clock(), chance=lambda: 1.0)
    assert sum(sampler.decide("us-east-1", service, STAGE, method, path) for _ in range(10)) == taken


def test_the_lower_priority_number_decides() -> None:
    first, second = Rule("a", 1, reservoir=0, rate=0.0), Rule("b", 2, reservoir=9, rate=1.0)
    assert not Sampler([second, first], now=Clock()).decide("us-east-1", "x", STAGE)


def test_a_rule_of_one_region_says_nothing_of_another() -> None:
    sampler = Sampler([Rule("a", 1, reservoir=0, rate=0.0, region="us-west-2")], now=Clock(), chance=lambda: 1.0)
    assert sampler.decide("us-east-1", "x", STAGE)
    assert not sampler.decide("us-west-2", "x", STAGE)


@pytest.mark.parametrize("name", ["host", "resourceArn"])
def test_a_rule_by_what_is_not_judged_here_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of sampling rule 'mlplatform-test-api' is 'x'"):
        declared(ledger(**{name: "x"}))


@pytest.mark.parametrize(
    ("header", "root", "parent", "sampled"),
    [
        (f"Root={ROOT};Parent={PARENT};Sampled=1", ROOT, PARENT, True),
        (f"Self=1-2;Root={ROOT};Sampled=0", ROOT, "", False),
        (f"Root={ROOT}", ROOT, "", None),
        (f"Root={ROOT};Sampled=?", ROOT, "", None),
        ("Root=1-2-3;Parent=xyz;Sampled=1", "", "", True),
        ("Root=1-5E66D96F-7491f09acf5d6d3f0d9f4d2b", "", "", None),
        ("", "", "", None),
    ],
)
def test_a_header_is_read_as_far_as_it_is_one(header: str, root: str, parent: str, sampled: bool | None) -> None:
    assert (root_of(header), parent_of(header), decided(header)) == (root, parent, sampled)


@given(text=st.text(max_size=300))
def test_any_header_can_be_read(text: str) -> None:
    assert root_of(text) == "" or root_of(text) in text
    assert isinstance(handed(text, new_id()), str)


def test_a_function_sees_the_segment_of_its_own_run() -> None:
    request = new_id()
    seen = handed(written(ROOT, PARENT, sampled=True), request)
    assert seen == f"Root={ROOT};Parent={ids(request)[0]};Sampled=1"
    assert len(set(ids(request))) == 2
    for header in (written(ROOT, PARENT, sampled=False), "", "Root=1-2-3;Sampled=1"):
        assert handed(header, request) == header


def test_a_root_begins_with_its_moment() -> None:
    assert root_of(f"Root={new_root(0x5E66D96F)}").startswith("1-5e66d96f-")
