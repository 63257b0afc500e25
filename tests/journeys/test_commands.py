"""The command line: what it leaves, says and refuses, and two sandboxes side by side."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import fields

import pytest

from sandbox.client import call
from sandbox.state import State
from tests.journeys.support.caller import demo
from tests.journeys.support.deployed import Deployed, Place, row_of

pytestmark = pytest.mark.journey
PROMISED = {"api_url", "aws_endpoint", "username", "password", "access_token", "id_token", "outputs", "resources"}
EXPORTS = {
    *(
        "api_url",
        "user_pool_id",
        "user_pool_client_id",
        "critical_alarm_topic_arn",
        "raw_bucket",
        "processed_bucket",
        "models_bucket",
        "logs_bucket",
    ),
    *("endpoint_name", "state_machine_arn", "model_package_group", "dashboard_name", "alarm_topic_arn"),
    *("identity_pool_id", "site_url", "site_bucket", "grafana_dashboards"),
}


@pytest.fixture
def place() -> Iterator[Place]:
    found = Place()
    yield found
    found.gone()


def test_state_has_every_field(main: Deployed) -> None:
    file = main.place.home / "state.json"
    assert file.stat().st_mode & 0o777 == 0o600
    state = json.loads(file.read_text(encoding="utf-8"))
    assert set(state) >= PROMISED
    assert set(state) == {field.name for field in fields(State)}
    assert set(state["outputs"]) == EXPORTS
    assert state["api_url"] == f"http://127.0.0.1:{main.place.port}/api/v1"
    assert state["aws_endpoint"] == f"http://127.0.0.1:{main.place.aws_port}"
    assert (state["stack"], state["username"], state["region"]) == ("dev", "demo@example.com", "us-east-1")
    assert len(state["model_version"]) == 12
    assert state["resources"].keys() == {"created", "recorded", "refused"}
    assert state["resources"]["refused"] == 0
    assert state["resources"]["created"] > 200
    assert {"program", "policies", "training and evaluation", "total"} <= set(state["timings"])
    assert state["pid"] in main.place.processes()


def test_outputs_name_what_is_there(main: Deployed) -> None:
    outputs = main.state.outputs
    for name in ("raw_bucket", "processed_bucket", "models_bucket", "logs_bucket"):
        assert main.client("s3").head_bucket(Bucket=outputs[name])["ResponseMetadata"]["HTTPStatusCode"] == 200
    endpoint = main.client("sagemaker").describe_endpoint(EndpointName=outputs["endpoint_name"])
    assert endpoint["EndpointStatus"] == "InService"
    main.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["state_machine_arn"])
    main.client("cloudwatch").get_dashboard(DashboardName=outputs["dashboard_name"])
    main.client("sns").get_topic_attributes(TopicArn=outputs["alarm_topic_arn"])
    pool = main.client("cognito-idp").describe_user_pool(UserPoolId=outputs["user_pool_id"])["UserPool"]
    assert pool["Name"] == "mlplatform-dev-users"


def test_printed_curl_answers_with_the_model_just_trained(main: Deployed) -> None:
    printed = (main.place.home / "up.log").read_text(encoding="utf-8")
    assert f"ready in {main.state.timings['total']:.1f} s" in printed
    assert " 0 refused" in printed
    begin = printed.index("curl -s ")
    command = printed[begin : printed.index("}}'", begin) + 3]
    answered = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(answered.stdout)["modelVersion"] == main.state.model_version


def test_status_call_and_report(main: Deployed) -> None:
    place = main.place
    status = place.run(place.command("status"))
    assert (status.returncode, status.stderr) == (0, "")
    assert main.state.api_url in status.stdout
    assert f"model {main.state.model_version}" in status.stdout
    assert "health 200" in status.stdout

    body = json.dumps({"input": row_of()})
    called = place.run(place.command("call", "POST", "/ml/predict", "--data", body))
    assert called.returncode == 0, called.stderr
    assert json.loads(called.stdout)["modelVersion"] == main.state.model_version
    refused = place.run(place.command("call", "GET", "/nothing"))
    assert (refused.returncode, refused.stderr) == (1, "status 404\n")
    assert json.loads(refused.stdout)["error"]["code"] == "not_found"

    report = place.run(place.command("report"))
    counts = main.state.resources
    first = f"stack dev: {counts['created']} created, {counts['recorded']} recorded, 0 refused"
    assert report.stdout.splitlines()[0] == first
    assert "recorded, not created:" in report.stdout
    assert "declared, not held by the local cloud:" in report.stdout


def test_two_sandboxes_do_not_see_each_other(main: Deployed, spare: Deployed) -> None:
    assert spare.state.model_version == ""
    assert spare.state.pid != main.state.pid
    mine, other = demo(main), demo(spare)
    assert main.state.model_version not in str(other.call("GET", "/models").content)
    assert mine.predict(row_of()).content["modelVersion"] == main.state.model_version
    assert other.predict(row_of()).content["modelVersion"] != main.state.model_version
    key = main.upload("../only-here.txt", b"x").removeprefix("uploads/")
    bucket = spare.state.outputs["raw_bucket"]
    keys = [row["Key"] for row in spare.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]
    assert not any(key in found for found in keys)


@pytest.mark.parametrize("option", ["--port", "--aws-port"])
def test_port_in_use_is_named_with_its_option(main: Deployed, place: Place, option: str) -> None:
    taken = main.place.port if option == "--port" else main.place.aws_port
    refused = place.run(place.up(option, str(taken)))
    expected = (
        f"error: port {taken} on 127.0.0.1 is in use; end the program that holds it or choose another with {option}"
    )
    assert (refused.returncode, refused.stderr.strip()) == (1, expected)


def test_detached_start_that_fails_says_why(main: Deployed, place: Place) -> None:
    refused = place.run(place.up("--detach", "--port", str(main.place.port)))
    assert refused.returncode == 1
    assert f"port {main.place.port} on 127.0.0.1 is in use" in refused.stdout


def test_unknown_stack_lists_those_there_are(place: Place) -> None:
    refused = place.run(place.up("--stack", "production"))
    assert (refused.returncode, refused.stderr) == (
        1,
        "error: unknown stack 'production'; there are: dev, prod, staging\n",
    )


def test_directory_in_use_is_refused(main: Deployed) -> None:
    refused = main.place.run(main.place.command("up", "--port", "0"))
    assert refused.returncode == 1
    assert f"a sandbox already runs in {main.place.home} (process {main.state.pid})" in refused.stderr
    assert call(f"{main.state.api_url}/health").status == 200


@pytest.mark.parametrize("word", ["down", "status", "call GET /health"])
def test_command_without_a_sandbox(place: Place, word: str) -> None:
    refused = place.run(place.command(*word.split()))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: no sandbox runs in {place.home}")


@pytest.mark.parametrize("moment_s", [1, 6, 14])
def test_ctrl_c_ends_all_that_was_started(place: Place, moment_s: int) -> None:
    process = place.start(place.up())
    time.sleep(moment_s)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    try:
        _, err = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert err.strip().endswith("stopped; everything that was started has ended")
    assert "Traceback" not in err
    assert time.monotonic() - began < 15


def test_down_ends_a_start_and_a_second_down_says_so(place: Place) -> None:
    process = place.start(place.up("--no-train"))
    deadline = time.monotonic() + 60
    while not (place.home / "process.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended = place.run(place.command("down"))
    assert (ended.returncode, ended.stdout) == (0, f"ended process {process.pid}\n")
    process.communicate(timeout=5)
    again = place.run(place.command("down"))
    assert (again.returncode, again.stderr) == (1, f"error: no sandbox runs in {place.home}\n")
