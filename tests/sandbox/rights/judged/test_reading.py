"""What a signed request asks for, whichever protocol it is written in."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.cloud import Cloud
from sandbox.rights.calls.reading import Asked, Scope, UnknownCallError, read, scope_of, service_of


class Seen:
    """A local cloud that keeps what it was asked."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.calls: list[Asked] = []

    def layer(self, application: Any) -> Any:
        def answer(environ: dict[str, Any], start_response: Any) -> Any:
            scope = scope_of(environ)
            if scope is not None:
                self.calls.append(read(environ, scope))
            return application(environ, start_response)

        return answer

    def asked(self, service: str, method: str, **params: Any) -> Asked:
        self.calls.clear()
        client = self.cloud.client(service)
        with contextlib.suppress(client.exceptions.ClientError):  # what the service says to it is not the point
            getattr(client, method)(**params)
        assert len(self.calls) == 1
        return self.calls[0]


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    found = Seen()
    found.cloud.start(0)
    found.cloud.wrap(found.layer)
    yield found
    found.cloud.stop()


@pytest.mark.parametrize(
    ("service", "method", "params"),
    [
        pytest.param("dynamodb", "get_item", {"TableName": "t", "Key": {"k": {"S": "1"}}}, id="json"),
        pytest.param(
            "sns", "publish", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "x"}, id="query"
        ),
        pytest.param("cloudwatch", "put_metric_data", {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}, id="cw"),
        pytest.param("s3", "list_objects_v2", {"Bucket": "bucket", "Prefix": "a b/"}, id="rest-xml"),
        pytest.param("lambda", "get_function", {"FunctionName": "f", "Qualifier": "live"}, id="rest-json"),
        pytest.param("stepfunctions", "describe_execution", {"executionArn": "arn:x"}, id="other signing name"),
        pytest.param("ec2", "describe_subnets", {"SubnetIds": ["subnet-1"]}, id="ec2"),
    ],
)
def test_parameters_are_those_that_the_sdk_was_given(
    seen: Seen, service: str, method: str, params: dict[str, Any]
) -> None:
    found = seen.asked(service, method, **params)
    assert found.service == service
    assert found.operation.lower() == method.replace("_", "")
    assert {name: found.params[name] for name in params} == params


def test_an_object_is_not_read_to_be_judged_and_arrives_whole(seen: Seen) -> None:
    seen.cloud.client("s3").create_bucket(Bucket="bucket-one")
    found = seen.asked("s3", "put_object", Bucket="bucket-one", Key="a/b c.txt", Body=b"content")
    assert (found.operation, found.params["Key"]) == ("PutObject", "a/b c.txt")
    assert "Body" not in found.params
    stored = seen.cloud.client("s3").get_object(Bucket="bucket-one", Key="a/b c.txt")
    assert stored["Body"].read() == b"content"


def test_a_copy_is_no_upload(seen: Seen) -> None:
    source = {"Bucket": "bucket-one", "Key": "a"}
    found = seen.asked("s3", "copy_object", Bucket="bucket-one", Key="c", CopySource=source)
    assert (found.operation, found.params["CopySource"]) == ("CopyObject", "bucket-one/a")


def test_a_payload_is_no_parameter(seen: Seen) -> None:
    found = seen.asked("sagemaker-runtime", "invoke_endpoint", EndpointName="e", Body=b"\x00\xff")
    assert (found.service, found.operation, found.params["EndpointName"]) == (
        "sagemaker-runtime",
        "InvokeEndpoint",
        "e",
    )


@pytest.mark.parametrize("way", ["s3", "s3v4"])
def test_a_presigned_address_is_a_call_of_who_signed_it(way: str) -> None:
    keys = {"aws_access_key_id": "ASIA1", "aws_secret_access_key": "secret"}
    client = boto3.session.Session(**keys).client("s3", "us-west-2", config=Config(signature_version=way))
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket-one", "Key": "k"})
    found = scope_of({"QUERY_STRING": url.partition("?")[2]})
    assert found is not None
    assert (found.key, found.service) == ("ASIA1", "s3")


def test_signing_in_to_a_database_is_a_call_of_its_own() -> None:
    scope = Scope("ASIA1", "us-east-1", "rds-db")
    found = read({"QUERY_STRING": "Action=connect&DBUser=application&ResourceId=prx-1"}, scope)
    assert (found.service, found.operation) == ("rds-db", "connect")
    assert (found.params["DBUser"], found.params["ResourceId"]) == ("application", "prx-1")


def test_a_request_that_nobody_signed_is_nobodys() -> None:
    assert scope_of({"HTTP_AUTHORIZATION": "Bearer x", "QUERY_STRING": ""}) is None


@pytest.mark.parametrize(
    ("signed", "path", "service"),
    [
        ("sagemaker", "/endpoints/e/invocations", "sagemaker-runtime"),
        ("sagemaker", "/", "sagemaker"),
        ("bedrock", "/model/m/converse", "bedrock-runtime"),
        ("bedrock", "/guardrails", "bedrock"),
        ("states", "/", "stepfunctions"),
    ],
)
def test_services_that_share_a_signing_name_are_told_by_path(signed: str, path: str, service: str) -> None:
    assert service_of(Scope("k", "us-east-1", signed), path) == service


@pytest.mark.parametrize(
    ("service", "changes"),
    [
        pytest.param("dynamodb", {"HTTP_X_AMZ_TARGET": "DynamoDB_20120810.Nothing"}, id="no such operation"),
        pytest.param("nosuchservice", {}, id="no such service"),
        pytest.param("dynamodb", {"CONTENT_LENGTH": str(1 << 30)}, id="too large"),
    ],
)
def test_a_request_that_cannot_be_told_is_named(service: str, changes: dict[str, str]) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/x-amz-json-1.0",
        "CONTENT_LENGTH": "4",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"nono") if "CONTENT_LENGTH" not in changes else _Endless(),
        **changes,
    }
    with pytest.raises(UnknownCallError, match=f"POST / of {service}"):
        read(environ, Scope("k", "us-east-1", service))


class _Endless(io.RawIOBase):
    """A body that nobody should read."""
