"""Calls over HTTP in a role: let through, refused as each service words it, written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.callers import Caller, service
from sandbox.cloud import ACCOUNT, Cloud
from sandbox.ledger import Ledger, Resource
from sandbox.rights.calls.runtime import FILE, ROLE, Rights
from sandbox.rights.report import document, text
from sandbox.rights.unused import Reason

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/records"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"


def allow(action: str | list[str], resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def written(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Judged:
    """A local cloud with a judge, and roles in it."""

    def __init__(self, directory: Path) -> None:
        self.cloud = Cloud()
        self.rights = Rights(self.cloud, directory)
        self.directory = directory
        self.ledger = Ledger("dev", "mlplatform")
        self._made = 0

    def start(self) -> None:
        self.cloud.start(0)
        self.rights.install()
        self.rights.follow(self.ledger)
        self.rights.attach(self.ledger)

    def role(self, *statements: dict[str, Any], **more: Any) -> str:
        """ARN of a new role that the program declared."""
        self._made += 1
        name, iam = f"role-{self._made}", self.cloud.client("iam")
        trust = written({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}})
        arn = str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"])
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=written(*statements))
        self.ledger.add(Resource(f"urn:{name}", ROLE, f"the-{name}", outputs={"arn": arn}))
        return arn

    def client(self, name: str, role: str) -> Any:
        return self.cloud.in_role(role, "worker").client(name)

    def refusals(self, role: str) -> list[dict[str, Any]]:
        return [row for row in self.rights.told()["refused"] if row["principal"] == role]

    def used(self, principal: str) -> list[tuple[str, str, str]]:
        rows = [row for row in self.rights.told()["used"] if row["principal"] == principal]
        return [(row["statement"], row["action"], row["resource"]) for row in rows]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    found = Judged(tmp_path_factory.mktemp("sandbox"))
    found.start()
    found.cloud.client("dynamodb").create_table(
        TableName="records",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    found.cloud.client("s3").create_bucket(Bucket="lake-of-data")
    yield found
    found.cloud.stop()


def test_what_the_role_allows_reaches_the_service_and_is_noted(judged: Judged) -> None:
    role = judged.role(allow(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE, Sid="Records"))
    client = judged.client("dynamodb", role)
    client.put_item(TableName="records", Item={"k": {"S": "1"}})
    assert client.get_item(TableName="records", Key={"k": {"S": "1"}})["Item"] == {"k": {"S": "1"}}
    assert judged.used(role) == [("Records", "dynamodb:PutItem", TABLE), ("Records", "dynamodb:GetItem", TABLE)]
    assert judged.refusals(role) == []


@pytest.mark.parametrize(
    ("name", "method", "params", "code"),
    [
        pytest.param("dynamodb", "scan", {"TableName": "records"}, ("AccessDeniedException", 400), id="json"),
        pytest.param("s3", "get_object", {"Bucket": "lake-of-data", "Key": "k"}, ("AccessDenied", 403), id="s3"),
        pytest.param(
            "sns", "publish", {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "Message": "m"},
            ("AuthorizationError", 403), id="query",
        ),
        pytest.param("cloudwatch", "describe_alarms", {}, ("AccessDenied", 403), id="query in json"),
        pytest.param(
            "sagemaker-runtime", "invoke_endpoint", {"EndpointName": "e", "Body": b"1"},
            ("AccessDeniedException", 403), id="rest-json",
        ),
        pytest.param("iam", "get_role", {"RoleName": "r"}, ("AccessDenied", 403), id="iam"),
    ],
)  # fmt: skip
def test_a_refusal_is_worded_as_the_service_words_it(
    judged: Judged, name: str, method: str, params: dict[str, Any], code: tuple[str, int]
) -> None:
    role = judged.role()
    with pytest.raises(ClientError) as refused:
        getattr(judged.client(name, role), method)(**params)
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == code
    shown = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/worker is not authorized to perform:"
    assert shown in answer["Error"]["Message"]
    assert "because no identity-based policy allows the" in answer["Error"]["Message"]
    assert [row["why"] for row in judged.refusals(role)] == ["no allow"]


def test_the_administrator_is_not_judged(judged: Judged) -> None:
    before = judged.rights.told()["judged"]
    judged.cloud.client("dynamodb").scan(TableName="records")
    assert judged.rights.told()["judged"] == before


def test_a_denial_wins_and_says_so(judged: Judged) -> None:
    role = judged.role(allow("dynamodb:*", "*"), {**allow("dynamodb:Scan", TABLE), "Effect": "Deny"})
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        judged.client("dynamodb", role).scan(TableName="records")


def test_a_boundary_limits(judged: Judged) -> None:
    iam = judged.cloud.client("iam")
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=written(allow("s3:*", "*")))["Policy"]["Arn"]
    role = judged.role(allow("dynamodb:*", "*"), PermissionsBoundary=limit)
    with pytest.raises(ClientError, match="because no permissions boundary allows"):
        judged.client("dynamodb", role).scan(TableName="records")


def test_a_changed_policy_counts_from_the_next_call_on(judged: Judged) -> None:
    role = judged.role(allow("dynamodb:Scan", TABLE))
    judged.client("dynamodb", role).scan(TableName="records")
    judged.cloud.client("iam").delete_role_policy(RoleName=role.rpartition("/")[2], PolicyName="rights")
    with pytest.raises(ClientError, match="AccessDenied"):
        judged.client("dynamodb", role).scan(TableName="records")


def test_an_attached_policy_is_the_roles_own(judged: Judged) -> None:
    iam, role = judged.cloud.client("iam"), judged.role()
    made = iam.create_policy(PolicyName="attached", PolicyDocument=written(allow("dynamodb:Scan", TABLE, Sid="Look")))
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=made["Policy"]["Arn"])
    judged.client("dynamodb", role).scan(TableName="records")
    assert judged.used(role) == [("Look", "dynamodb:Scan", TABLE)]


def test_a_key_that_leaves_the_caller_out_refuses(judged: Judged) -> None:
    policy = written({**allow("kms:*", "*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/somebody"}})
    kms = judged.cloud.client("kms")
    key = kms.create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    role = judged.role(allow("kms:*", "*"))
    with pytest.raises(ClientError, match="because no resource-based policy allows the kms:Encrypt action"):
        judged.client("kms", role).encrypt(KeyId=key, Plaintext=b"x")
    assert [row["why"] for row in judged.refusals(role)] == ["key policy"]


def test_an_object_needs_the_right_to_its_key_as_well(judged: Judged) -> None:
    key = judged.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = judged.cloud.client("s3")
    s3.put_object(Bucket="lake-of-data", Key="closed", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    role = judged.role(allow("s3:*", "*"))
    with pytest.raises(ClientError, match="perform: kms:Decrypt"):
        judged.client("s3", role).get_object(Bucket="lake-of-data", Key="closed")


def test_a_policy_of_a_bucket_that_moto_does_not_hold_is_judged(judged: Judged) -> None:
    judged.cloud.client("s3").create_bucket(Bucket="only-declared")
    denied = {**allow("s3:GetObject", "arn:aws:s3:::only-declared/*"), "Effect": "Deny", "Principal": "*"}
    declared = {"bucket": "only-declared", "policy": written(denied)}
    judged.ledger.add(Resource("urn:policy", BUCKET_POLICY, "policy", inputs=declared, status="recorded"))
    with pytest.raises(ClientError, match="explicit deny in a resource-based policy"):
        judged.client("s3", judged.role(allow("s3:*", "*"))).get_object(Bucket="only-declared", Key="k")


def test_an_endpoint_of_a_network_limits_who_is_placed_in_it(judged: Judged) -> None:
    mine = {**allow("dynamodb:GetItem", "*"), "Principal": "*"}
    declared = {"serviceName": "com.amazonaws.us-east-1.dynamodb", "policy": written(mine)}
    judged.ledger.add(Resource("urn:endpoint", ENDPOINT, "endpoint", inputs=declared, region="us-east-1"))
    role = judged.role(allow("dynamodb:*", "*"))
    judged.client("dynamodb", role).scan(TableName="records")
    inside = judged.cloud.acting(Caller(role, "worker", placed=True)).client("dynamodb")
    inside.get_item(TableName="records", Key={"k": {"S": "2"}})
    with pytest.raises(ClientError, match="because no VPC endpoint policy allows the dynamodb:Scan action"):
        inside.scan(TableName="records")


def test_a_service_needs_a_policy_that_names_it(judged: Judged) -> None:
    sqs, rule = judged.cloud.client("sqs"), f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    events = judged.cloud.acting(service("events.amazonaws.com", rule, ACCOUNT)).client("sqs")
    with pytest.raises(ClientError, match="no resource-based policy allows the sqs:SendMessage"):
        events.send_message(QueueUrl=url, MessageBody="m")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
    named = {
        **allow("sqs:SendMessage", arn, Sid="Rule"),
        "Principal": {"Service": "events.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": written(named)})
    # moto would forget the policy here.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    events.send_message(QueueUrl=url, MessageBody="m")
    assert judged.used("service:events.amazonaws.com") == [("Rule", "sqs:SendMessage", "")]


def test_a_call_that_nobody_can_judge_is_refused_and_named(judged: Judged) -> None:
    role = judged.role(allow("*", "*"))
    with pytest.raises(ClientError, match="no row tells the rights of this call"):
        judged.client("redshift", role).describe_clusters()
    assert [(row["action"], row["why"]) for row in judged.refusals(role)] == [("redshift:DescribeClusters", "unmapped")]


def test_what_needs_no_request_is_judged_alike(judged: Judged) -> None:
    role = judged.role(allow("logs:PutLogEvents", "*", Sid="Log"))
    caller = Caller(role, "worker")
    assert (
        judged.cloud.judge(caller, "logs:PutLogEvents", f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g", "us-east-1")
        == ""
    )
    assert "logs:CreateLogGroup" in judged.cloud.judge(caller, "logs:CreateLogGroup", "*", "us-east-1")


def test_the_report_tells_refused_used_and_unused(judged: Judged) -> None:
    role = judged.role(allow(["dynamodb:Scan", "dynamodb:Query"], TABLE, Sid="Look"))
    name = f"the-{role.rpartition('/')[2]}"
    judged.client("dynamodb", role).scan(TableName="records")
    with pytest.raises(ClientError):
        judged.client("dynamodb", role).delete_item(TableName="records", Key={"k": {"S": "1"}})
    told = judged.rights.told()
    shown = text(told, [Reason(name, "Look", "*Query", "later")])
    assert f"  {name} dynamodb:DeleteItem, once: User: arn:aws:sts::{ACCOUNT}:assumed-role/" in shown
    assert f"    dynamodb:Scan on {TABLE}, once (rights Look)" in shown
    assert f"  {name} Look: dynamodb:Query on {TABLE} (later)" in shown
    rows = [row for row in document(told)["unused"] if row["role"] == name]
    assert rows == [
        {
            "role": name,
            "policy": "rights",
            "statement": "Look",
            "action": "dynamodb:Query",
            "resource": TABLE,
            "reason": "",
        }
    ]


def test_what_was_called_is_left_in_the_directory(judged: Judged, tmp_path: Path) -> None:
    role = judged.role(allow("dynamodb:Scan", TABLE))
    rights = Rights(judged.cloud, tmp_path)
    rights.attach(judged.ledger)
    assert rights.judge.denial(Caller(role, "worker"), "dynamodb:Scan", TABLE, "us-east-1") == ""
    rights.close()
    left = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert (left["stack"], left["judged"], [row["action"] for row in left["used"]]) == ("dev", 1, ["dynamodb:Scan"])
