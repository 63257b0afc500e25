"""The local AWS endpoint: clients, ports, isolation from the user's own set-up, and safe table writes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud, PortInUseError, listen


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    made.start(0)
    yield made
    made.stop()


def table(cloud: Cloud, name: str) -> Any:
    client = cloud.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def test_an_object_comes_back_as_it_was_put(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="raw")
    s3.put_object(Bucket="raw", Key="uploads/ä b.csv", Body=b"a,b\n")
    assert s3.get_object(Bucket="raw", Key="uploads/ä b.csv")["Body"].read() == b"a,b\n"


def test_one_client_a_service_and_region(cloud: Cloud) -> None:
    assert cloud.client("s3") is cloud.client("s3", "us-east-1")
    assert cloud.client("s3") is not cloud.client("s3", "us-west-2")


def test_a_stopped_cloud_forgets_what_it_held() -> None:
    cloud = Cloud()
    cloud.start(0)
    cloud.client("sqs").create_queue(QueueName="q")
    cloud.stop()
    cloud.start(0)
    try:
        assert "QueueUrls" not in cloud.client("sqs").list_queues()
    finally:
        cloud.stop()


def test_a_second_cloud_in_the_process_is_refused(cloud: Cloud) -> None:
    with pytest.raises(RuntimeError, match=f"already runs in this process on {cloud.endpoint}"):
        Cloud().start(0)


def test_a_taken_port_is_named_with_the_option_to_change_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"port {port} on 127\.0\.0\.1 is in use.*--aws-port"):
            Cloud().start(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=r"--port .* is not a port"):
        listen(port, "--port")


def test_small_answers_do_not_wait_for_an_acknowledgement() -> None:
    with listen(0, "--port") as listener:
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_children_see_nothing_of_the_users_own_set_up(cloud: Cloud) -> None:
    environment = cloud.environment()
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_a_failing_transaction_loses_no_write_made_meanwhile(cloud: Cloud) -> None:
    client = table(cloud, "t")
    client.put_item(TableName="t", Item={"id": {"S": "taken"}})

    def put(number: int) -> None:
        client.put_item(TableName="t", Item={"id": {"S": f"n{number}"}})

    def fail(_: int) -> None:
        put_once = {
            "Put": {
                "TableName": "t",
                "Item": {"id": {"S": "taken"}},
                "ConditionExpression": "attribute_not_exists(id)",
            },
        }
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            client.transact_write_items(TransactItems=[put_once])

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, number) for number in range(40) for work in (put, fail)]
        for future in done:
            future.result()
    assert client.scan(TableName="t", Select="COUNT")["Count"] == 41


def test_a_layer_answers_before_moto_does(cloud: Cloud) -> None:
    def layer(inner: Any) -> Any:
        def answer(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["PATH_INFO"] == "/own":
                start_response("200 OK", [("Content-Length", "3")])
                return [b"own"]
            return inner(environ, start_response)

        return answer

    cloud.wrap(layer)
    with socket.create_connection(("127.0.0.1", cloud.port)) as connection:
        connection.sendall(b"GET /own HTTP/1.0\r\n\r\n")
        assert connection.makefile("rb").read().endswith(b"own")
    assert cloud.client("s3").list_buckets()["Buckets"] == []
