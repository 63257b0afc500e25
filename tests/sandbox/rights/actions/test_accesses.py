"""What IAM is asked for each call, and with which facts."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.rights.actions import TABLES, UnmappedCallError
from tests.sandbox.rights.actions.case import KEY, KEYED, REGION, World, arn, asked
from tests.sandbox.rights.actions.services import SERVICES
from tests.sandbox.rights.actions.stores import STORES

ROWS = [
    pytest.param(one.service, operation, one.params, needs, id=f"{one.service} {operation} {number}")
    for number, one in enumerate((*STORES, *SERVICES))
    for operation, needs in one.each()
]


@pytest.mark.parametrize(("service", "operation", "params", "needs"), ROWS)
def test_a_call_asks_for_these_rights(
    service: str, operation: str, params: dict[str, Any], needs: tuple[tuple[str, ...], ...]
) -> None:
    assert [(one.action, *one.resources) for one in asked(service, operation, **params)] == list(needs)


def test_every_row_has_a_case() -> None:
    tried = {(one.service, operation) for one in (*STORES, *SERVICES) for operation, _ in one.each()}
    assert tried == {(service, operation) for service, table in TABLES.items() for operation in table}


def test_a_call_without_a_row_is_no_call_that_may_pass() -> None:
    with pytest.raises(UnmappedCallError, match=r"s3 PutBucketPolicy: no row tells the rights .*: AbortMultipart"):
        asked("s3", "PutBucketPolicy")
    with pytest.raises(UnmappedCallError, match=r"polly SynthesizeSpeech: no row .*services with rows: bedrock"):
        asked("polly", "SynthesizeSpeech")


def facts(found: Any) -> dict[str, tuple[str, ...]]:
    """What a call tells beyond what all of them do."""
    shared = {"aws:requestedregion", "aws:securetransport", "aws:viaawsservice"}
    return {key: value for key, value in found.context.items() if key not in shared}


def test_every_call_tells_its_region_and_that_it_is_encrypted() -> None:
    (found,) = asked("sqs", "ListQueues")
    assert found.context == {
        "aws:requestedregion": (REGION,),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
    }
    assert found.session == "reading"


@pytest.mark.parametrize(
    ("bucket_keys", "named"), [(True, f"arn:aws:s3:::{KEYED}"), (False, f"arn:aws:s3:::{KEYED}/a")]
)
def test_s3_tells_a_key_of_the_bucket_or_of_the_object(named: str, *, bucket_keys: bool) -> None:
    _, by_key = asked("s3", "GetObject", World(bucket_keys=bucket_keys), Bucket=KEYED, Key="a")
    assert by_key.context["aws:viaawsservice"] == ("true",)
    assert facts(by_key) == {
        "kms:viaservice": (f"s3.{REGION}.amazonaws.com",),
        "kms:encryptioncontext:aws:s3:arn": (named,),
        "kms:encryptioncontextkeys": ("aws:s3:arn",),
    }


def test_a_write_tells_how_it_is_encrypted_and_tagged() -> None:
    written, tagged, _ = asked(
        "s3",
        "PutObject",
        Bucket="lake",
        Key="a",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId="alias/data",
        Tagging="Team=red&empty=",
    )
    assert facts(tagged) == {
        "s3:requestobjecttag/team": ("red",),
        "s3:requestobjecttag/empty": ("",),
        "s3:requestobjecttagkeys": ("Team", "empty"),
    }
    assert facts(written) == {
        **facts(tagged),
        "s3:x-amz-server-side-encryption": ("aws:kms",),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": (KEY,),
    }


def test_a_list_tells_its_prefix_only_where_it_has_one() -> None:
    assert facts(asked("s3", "ListObjectsV2", Bucket="lake")[0]) == {}
    found = asked("s3", "ListObjectsV2", Bucket="lake", Prefix="", Delimiter="/", MaxKeys=10)
    assert facts(found[0]) == {"s3:prefix": ("",), "s3:delimiter": ("/",), "s3:max-keys": ("10",)}


def test_tags_go_along_with_a_copy_unless_they_are_replaced() -> None:
    tagged = World(tagged={"team": "red"})
    copy: dict[str, Any] = {"Bucket": "lake", "Key": "b", "CopySource": "lake/a"}
    actions = [one.action for one in asked("s3", "CopyObject", tagged, **copy)]
    assert actions == ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]
    assert len(asked("s3", "CopyObject", tagged, **copy, TaggingDirective="REPLACE")) == 2
    assert facts(asked("s3", "CopyObject", tagged, **copy)[0]) == {"s3:existingobjecttag/team": ("red",)}


@pytest.mark.parametrize(
    ("operation", "params", "keys"),
    [
        ("GetItem", {"Key": {"id": {"S": "1"}}}, ("1",)),
        ("PutItem", {"Item": {"id": {"N": "7"}, "other": {"S": "x"}}}, ("7",)),
        ("Query", {"KeyConditionExpression": "id = :v", "ExpressionAttributeValues": {":v": {"S": "1"}}}, ("1",)),
        (
            "Query",
            {
                "IndexName": "ByOwner",
                "KeyConditionExpression": "#o = :v AND begins_with(id, :w)",
                "ExpressionAttributeNames": {"#o": "owner"},
                "ExpressionAttributeValues": {":v": {"S": "ann"}, ":w": {"S": "x"}},
            },
            ("ann",),
        ),
        ("Query", {"KeyConditions": {"id": {"AttributeValueList": [{"S": "1"}], "ComparisonOperator": "EQ"}}}, ("1",)),
        ("BatchGetItem", {"RequestItems": {"t": {"Keys": [{"id": {"S": "1"}}, {"id": {"S": "2"}}]}}}, ("1", "2")),
        ("GetItem", {"Key": {"id": {"B": b"a"}}}, ("a",)),
    ],
)
def test_reads_and_writes_tell_the_partition(operation: str, params: dict[str, Any], keys: tuple[str, ...]) -> None:
    table: dict[str, Any] = {} if "RequestItems" in params else {"TableName": "t"}
    (found,) = asked("dynamodb", operation, **table, **params)
    assert found.context["dynamodb:leadingkeys"] == keys


def test_a_scan_tells_no_partition() -> None:
    assert "dynamodb:leadingkeys" not in asked("dynamodb", "Scan", TableName="t")[0].context


def test_a_table_tells_its_key_whose_it_is() -> None:
    _, by_key = asked("dynamodb", "GetItem", TableName=KEYED, Key={})
    assert by_key.context["kms:encryptioncontext:aws:dynamodb:tablename"] == (KEYED,)
    assert by_key.context["kms:viaservice"] == (f"dynamodb.{REGION}.amazonaws.com",)


def test_a_secret_tells_its_key_which_it_is() -> None:
    read, by_key = asked("secretsmanager", "GetSecretValue", SecretId=KEYED, VersionStage="AWSPENDING")
    assert by_key.context["kms:encryptioncontext:secretarn"] == (arn("secretsmanager", f"secret:{KEYED}"),)
    assert read.context["secretsmanager:versionstage"] == ("AWSPENDING",)


def test_a_role_is_passed_to_the_service_that_takes_it() -> None:
    role = "arn:aws:iam::123456789012:role/jobs"
    *_, passed = asked("sagemaker", "CreateModel", ModelName="m", ExecutionRoleArn=role)
    assert facts(passed) == {"iam:passedtoservice": ("sagemaker.amazonaws.com",)}
    *_, passed = asked("scheduler", "UpdateSchedule", Name="n", Target={"RoleArn": role})
    assert facts(passed) == {"iam:passedtoservice": ("scheduler.amazonaws.com",)}


def test_a_grant_is_lent_to_a_service_of_aws() -> None:
    *_, lent = asked("sagemaker", "CreateEndpointConfig", EndpointConfigName="c", KmsKeyId=KEY)
    assert lent.context["kms:grantisforawsresource"] == ("true",)
    assert lent.context["kms:viaservice"] == (f"sagemaker.{REGION}.amazonaws.com",)


def test_tags_of_a_request_are_told_in_both_notations() -> None:
    for given in ([{"Key": "Owner", "Value": "ml"}], {"Owner": "ml"}):
        (found, _) = asked("sagemaker", "CreateModel", ModelName="m", Tags=given)
        assert facts(found) == {"aws:tagkeys": ("Owner",), "aws:requesttag/owner": ("ml",)}


def test_a_model_behind_a_profile_is_asked_for_with_the_profile() -> None:
    profile, model = asked("bedrock-runtime", "Converse", modelId="eu.anthropic.claude-v1:0")
    assert model.context["bedrock:inferenceprofilearn"] == profile.resources
    assert len(model.resources) == 6


def test_a_metric_tells_its_namespace() -> None:
    assert facts(asked("cloudwatch", "PutMetricData", Namespace="ours")[0]) == {"cloudwatch:namespace": ("ours",)}
