"""What Lambda needs of a function's role before and while it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.callers import Caller
from sandbox.lambdas.plan import Plan
from sandbox.rights.calls.errands import INTERFACES, LOOKS, RoleError, check_start, logging, refused, tracing

KEY = "arn:aws:kms:us-east-1:123456789012:key/variables"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:worker"
PLAN = Plan(
    name="worker",
    arn=ARN,
    region="us-east-1",
    handler="handler.handler",
    runtime="python3.12",
    code={},
    environment={"TABLE": "records"},
    log_group="/aws/lambda/worker",
    role="arn:aws:iam::123456789012:role/worker",
    key=KEY,
    placed=True,
)


class Judge:
    """Refuses one action and keeps what it was asked."""

    def __init__(self, refused_action: str = "") -> None:
        self.refused_action = refused_action
        self.asked: list[tuple[Caller, str, str, str]] = []

    def __call__(self, caller: Caller, action: str, resource: str, region: str) -> str:
        self.asked.append((caller, action, resource, region))
        return f"not authorized to perform: {action}" if action == self.refused_action else ""

    @property
    def actions(self) -> list[str]:
        return [action for _, action, _, _ in self.asked]


def test_a_start_needs_the_key_of_the_variables_and_a_place_in_the_network() -> None:
    judge = Judge()
    check_start(PLAN, judge)
    assert judge.actions == ["kms:Decrypt", *INTERFACES, *LOOKS]
    caller, _, resource, region = judge.asked[0]
    assert (caller.principal, caller.session, resource, region) == (PLAN.role, "worker", KEY, "us-east-1")
    assert caller.context == {"kms:encryptioncontext:aws:lambda:functionarn": (ARN,)}
    assert all("lambda:sourcefunctionarn" not in asked.context for asked, _, _, _ in judge.asked)


@pytest.mark.parametrize(
    ("action", "code"),
    [("kms:Decrypt", "KMSAccessDeniedException"), ("ec2:CreateNetworkInterface", "EC2AccessDeniedException")],
)
def test_a_role_that_lacks_one_cannot_start_and_the_error_says_which(action: str, code: str) -> None:
    with pytest.raises(RoleError, match=f"not authorized to perform: {action}") as error:
        check_start(PLAN, Judge(action))
    assert (error.value.code, error.value.status) == (code, 502)


def test_a_function_with_neither_is_asked_for_nothing() -> None:
    judge = Judge()
    check_start(replace(PLAN, key="", placed=False), judge)
    check_start(replace(PLAN, environment={}, placed=False), judge)
    check_start(replace(PLAN, role=""), judge)
    assert judge.asked == []


def test_logs_go_to_a_stream_of_the_functions_own_group() -> None:
    judge = Judge("logs:PutLogEvents")
    assert refused(PLAN, judge, logging(PLAN, "stream")) == "not authorized to perform: logs:PutLogEvents"
    stream = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/worker:log-stream:stream"
    assert [resource for _, _, resource, _ in judge.asked] == [stream, stream]


def test_traces_have_no_resource() -> None:
    judge = Judge()
    assert refused(PLAN, judge, tracing(PLAN)) == ""
    assert [(action, resource) for _, action, resource, _ in judge.asked] == [
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    ]
