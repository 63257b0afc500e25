"""Declared functions run in real processes of AWS's runtime client and answer, fail and end as Lambda's do."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.lambdas import Functions, Invocation, NoSuchFunctionError, PayloadTooLargeError, ThrottledError
from sandbox.lambdas.archives import host
from sandbox.ledger import Ledger, Resource

CODE = """
import json, os, sys, time
STARTED = os.getpid()
def handler(event, context):
    what = event.get("do", "echo")
    if what == "echo": return {"event": event, "pid": STARTED}
    if what == "context":
        return {
            "arn": context.invoked_function_arn, "name": context.function_name, "version": context.function_version,
            "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb,
            "request": context.aws_request_id, "path": sys.path, "trace": os.environ.get("_X_AMZN_TRACE_ID"),
            "group": context.log_group_name,
        }
    if what == "environment": return dict(os.environ)
    if what == "raise": raise KeyError("no such thing")
    if what == "exit": os._exit(3)
    if what == "crash": os.kill(os.getpid(), 11)
    if what == "sleep": time.sleep(event["s"]); return "slept"
    if what == "eat": block = bytearray(event["mb"] << 20); time.sleep(5); return len(block)
    if what == "print": print("line one"); print(json.dumps({"level": "INFO"})); return "said"
    if what == "large": return "x" * event["bytes"]
    if what == "import": return __import__(event["module"]).__file__
"""


class Sandbox:
    """A cloud with functions, declared one by one."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cloud = Cloud()
        self.cloud.start(0)
        self.ledger = Ledger()
        self.functions = Functions(self.cloud, directory / "functions", instances=2)
        self.functions.install()

    def declare(self, name: str = "echo", code: str = CODE, **more: Any) -> str:
        """Adds a function to the ledger and gives its ARN."""
        archive = self.directory / f"{name}.zip"
        archive.write_bytes(zipped({"app.py": textwrap.dedent(code)}))
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
        inputs = {
            "name": name,
            "handler": "app.handler",
            "runtime": host()[1],
            "architectures": [host()[0]],
            "code": {"path": str(archive)},
            "timeout": 10,
            **more,
        }
        self.add("aws:lambda/function:Function", name, inputs, {"arn": arn, "version": "$LATEST", "id": name})
        return arn

    def add(self, kind: str, name: str, inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> None:
        """Adds any resource and lets the functions read the ledger again."""
        self.ledger.add(
            Resource(f"urn:{kind}:{name}", kind, name, inputs=inputs, outputs={**inputs, **(outputs or {})})
        )
        self.functions.attach(self.ledger)

    def call(self, name: str = "echo", /, **event: Any) -> Invocation:
        """Invokes and waits."""
        return self.functions.invoke_sync(name, json.dumps(event).encode())

    def logged(self, group: str) -> list[str]:
        """All messages of a log group."""
        self.functions.flush_logs()
        answer = self.cloud.client("logs").filter_log_events(logGroupName=group)
        return [event["message"] for event in answer["events"]]


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("lambdas"))
    made.declare(environment={"variables": {"COLOUR": "green", "AWS_REGION": "mars-1"}}, memorySize=256)
    yield made
    made.functions.close()
    made.cloud.stop()


def test_answer_is_the_handlers_and_the_process_is_used_again(sandbox: Sandbox) -> None:
    first, *others = [sandbox.call(key="välue") for _ in range(6)]
    assert json.loads(first.payload)["event"] == {"key": "välue"}
    # A call may come before the process asks for the next one; another that is idle takes it then.
    assert len({json.loads(answer.payload)["pid"] for answer in (first, *others)}) < 6
    assert first.error is None
    assert first.log == ""


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="only Linux schedules in batches")
def test_a_function_waits_for_its_turn_and_whoever_calls_it_does_not(sandbox: Sandbox) -> None:
    assert os.sched_getscheduler(int(json.loads(sandbox.call().payload)["pid"])) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_context_tells_what_was_declared(sandbox: Sandbox) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:echo"
    answer = sandbox.functions.invoke_sync(arn, b'{"do": "context"}', trace="Root=1-2-3;Sampled=1")
    found = json.loads(answer.payload)
    assert found["arn"] == arn
    assert (found["name"], found["version"], found["memory"]) == ("echo", "$LATEST", "256")
    assert 9000 < found["left"] <= 10_000
    assert found["request"] == answer.request_id
    assert found["trace"] == "Root=1-2-3;Sampled=1"
    assert found["group"] == "/aws/lambda/echo"


def test_packages_of_this_program_are_out_of_sight(sandbox: Sandbox) -> None:
    assert sandbox.call(do="import", module="boto3").error is None
    assert json.loads(sandbox.call(do="import", module="httptools").payload)["errorType"] == "ModuleNotFoundError"


def test_declared_variables_are_set_and_lambdas_own_win(sandbox: Sandbox) -> None:
    found = json.loads(sandbox.call(do="environment").payload)
    assert found["COLOUR"] == "green"
    assert found["AWS_REGION"] == "us-east-1"
    assert found["AWS_ENDPOINT_URL"] == sandbox.cloud.endpoint
    assert found["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{host()[1]}"


def test_exception_is_an_unhandled_error_with_its_log(sandbox: Sandbox) -> None:
    answer = sandbox.call(do="raise")
    assert answer.error == "Unhandled"
    assert json.loads(answer.payload)["errorType"] == "KeyError"
    assert "no such thing" in answer.log


def test_exit_is_told_and_the_next_call_gets_a_new_process(sandbox: Sandbox) -> None:
    answer = sandbox.call(do="exit")
    assert json.loads(answer.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {answer.request_id} Error: Runtime exited with error: exit status 3",
    }
    assert sandbox.call().error is None


def test_process_killed_in_the_middle_is_an_exit_error(sandbox: Sandbox) -> None:
    assert b"signal: segmentation fault" in sandbox.call(do="crash").payload


def test_process_killed_between_calls_is_nobodys_error(sandbox: Sandbox) -> None:

    pid = json.loads(sandbox.call().payload)["pid"]
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    assert sandbox.call().error is None


def test_timeout_ends_the_process(sandbox: Sandbox) -> None:
    sandbox.declare("slow", timeout=1)
    began = time.monotonic()
    answer = sandbox.call("slow", do="sleep", s=30)
    assert time.monotonic() - began < 5
    assert json.loads(answer.payload)["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in json.loads(answer.payload)["errorMessage"]
    assert any("Status: timeout" in line for line in sandbox.logged("/aws/lambda/slow"))


def test_too_much_memory_ends_the_process(sandbox: Sandbox) -> None:
    sandbox.declare("greedy", memorySize=128)
    assert b"signal: killed" in sandbox.call("greedy", do="eat", mb=200).payload


def test_caller_that_stops_waiting_does_not_end_the_call(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError):
        sandbox.functions.invoke_sync("echo", b'{"do": "sleep", "s": 0.3}', timeout_s=0.05)
    assert sandbox.call().error is None


def test_module_that_cannot_be_imported_is_an_init_error(sandbox: Sandbox) -> None:
    sandbox.declare("broken", "import nowhere")
    answers = [sandbox.call("broken") for _ in range(2)]
    assert {json.loads(answer.payload)["errorType"] for answer in answers} == {"Runtime.ImportModuleError"}
    assert {answer.error for answer in answers} == {"Unhandled"}


def test_process_that_ends_while_importing_is_told(sandbox: Sandbox) -> None:
    sandbox.declare("ending", "import os; os._exit(9)")
    assert b"exit status 9" in sandbox.call("ending").payload


def test_reserved_concurrency_refuses_what_is_above(sandbox: Sandbox) -> None:
    sandbox.declare("single", reservedConcurrentExecutions=1)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(sandbox.call, "single", do="sleep", s=0.5)
        time.sleep(0.2)
        with pytest.raises(ThrottledError, match="Rate Exceeded"):
            sandbox.call("single")
        assert first.result().payload == b'"slept"'


def test_reserved_concurrency_of_zero_switches_off(sandbox: Sandbox) -> None:
    sandbox.declare("off", reservedConcurrentExecutions=0)
    with pytest.raises(ThrottledError):
        sandbox.call("off")


def test_many_calls_at_once_use_few_processes_and_keep_their_answers(sandbox: Sandbox) -> None:
    async def many() -> list[Invocation]:
        payloads = [json.dumps({"n": number}).encode() for number in range(200)]
        return await asyncio.gather(*(sandbox.functions.invoke("echo", payload) for payload in payloads))

    answers = [json.loads(answer.payload) for answer in sandbox.functions.edge.run(many())]
    assert [answer["event"]["n"] for answer in answers] == list(range(200))
    assert len({answer["pid"] for answer in answers}) <= 2


def test_call_from_another_loop_is_answered(sandbox: Sandbox) -> None:
    answer = asyncio.run(sandbox.functions.invoke("echo", b"{}"))
    assert json.loads(answer.payload)["event"] == {}


@pytest.mark.parametrize(
    "name",
    ["echo:live", "arn:aws:lambda:us-east-1:123456789012:function:echo:live", "123456789012:function:echo:live"],
)
def test_alias_finds_the_function(sandbox: Sandbox, name: str) -> None:
    if not sandbox.ledger.of_type("aws:lambda/alias:Alias"):
        alias = {"name": "live", "functionName": "echo", "functionVersion": "$LATEST"}
        sandbox.add("aws:lambda/alias:Alias", "live", alias)
    answer = sandbox.functions.invoke_sync(name, b'{"do": "context"}')
    assert json.loads(answer.payload)["arn"].endswith(":echo:live")


@pytest.mark.parametrize(
    "name", ["nobody", "echo:nothing", "arn:aws:lambda:us-west-2:123456789012:function:echo", "a b"]
)
def test_unknown_name_is_not_found(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(NoSuchFunctionError, match="Function not found"):
        sandbox.functions.invoke_sync(name, b"{}")


def test_request_above_six_megabytes_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(PayloadTooLargeError):
        sandbox.functions.invoke_sync("echo", b'"' + b"x" * 6_291_556 + b'"')


@pytest.mark.parametrize(("size", "error"), [(5_000_000, None), (7_000_000, "Function.ResponseSizeTooLarge")])
def test_answer_may_have_six_megabytes(sandbox: Sandbox, size: int, error: str | None) -> None:
    answer = sandbox.call(do="large", bytes=size)
    assert (json.loads(answer.payload)["errorType"] if answer.error else None) == error


def test_log_has_lambdas_lines_around_the_handlers(sandbox: Sandbox) -> None:
    sandbox.declare("printer", loggingConfig={"logFormat": "Text", "logGroup": "/own/group"})
    request = sandbox.call("printer", do="print").request_id
    start, one, two, end, report = sandbox.logged("/own/group")
    assert start == f"START RequestId: {request} Version: $LATEST"
    assert (one, json.loads(two)) == ("line one", {"level": "INFO"})
    assert end == f"END RequestId: {request}"
    assert report.startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "Init Duration" in report


def test_log_is_json_where_that_is_declared(sandbox: Sandbox) -> None:
    sandbox.declare("structured", loggingConfig={"logFormat": "JSON"})
    sandbox.call("structured", do="print")
    lines = sandbox.logged("/aws/lambda/structured")
    assert json.loads(lines[0])["type"] == "platform.start"
    assert json.loads(lines[-1])["record"]["metrics"]["memorySizeMB"] == 128


def test_sdk_sees_qualifier_error_and_log_as_on_aws(sandbox: Sandbox) -> None:
    client = sandbox.cloud.client("lambda")
    answer = client.invoke(FunctionName="echo", Payload=b'{"do": "raise"}', LogType="Tail", Qualifier="$LATEST")
    assert (answer["StatusCode"], answer["FunctionError"], answer["ExecutedVersion"]) == (200, "Unhandled", "$LATEST")
    assert answer["LogResult"]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="echo", Qualifier="nothing")
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName="echo", Payload=b"{")


def test_event_is_tried_again_and_then_sent_to_the_destination(sandbox: Sandbox) -> None:
    queue = sandbox.cloud.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    sandbox.declare("failing", "def handler(event, context): raise ValueError(event['n'])")
    target = {"onFailure": {"destination": "arn:aws:sqs:us-east-1:123456789012:failures"}}
    config = {"functionName": "failing", "maximumRetryAttempts": 1, "destinationConfig": target}
    sandbox.add("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", "failing", config)
    answer = sandbox.cloud.client("lambda").invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"n": 7}')
    assert answer["StatusCode"] == 202
    received = sandbox.cloud.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    record = json.loads(received[0]["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestPayload"] == {"n": 7}
    assert record["responsePayload"]["errorMessage"] == "7"


def test_layer_for_another_machine_is_replaced_and_that_is_said(sandbox: Sandbox) -> None:
    layer = sandbox.directory / "layer.zip"
    layer.write_bytes(zipped({"python/thing.py": "WHERE = 'arm64'", "python/thing.so": ""}))
    stand_in = sandbox.directory / "layer-host" / "python"
    stand_in.mkdir(parents=True)
    (stand_in / "thing.py").write_text("WHERE = 'here'", encoding="utf-8")
    arn = "arn:aws:lambda:us-east-1:123456789012:layer:things:1"
    inputs = {"code": {"path": str(layer)}, "compatibleArchitectures": ["other"]}
    sandbox.add("aws:lambda/layerVersion:LayerVersion", "things", inputs, {"arn": arn})
    sandbox.declare("layered", "import thing\ndef handler(event, context): return thing.WHERE", layers=[arn])
    assert sandbox.call("layered").payload == b'"here"'
    assert any("layer-host" in note for note in sandbox.functions.notes)


def test_undeclared_layer_and_missing_archive_say_what_to_do(sandbox: Sandbox) -> None:
    ledger = Ledger()
    inputs = {"name": "f", "handler": "a.b", "runtime": "python3.13", "code": {"path": "/nowhere.zip"}}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    ledger.add(
        Resource("u", "aws:lambda/function:Function", "f", inputs={**inputs, "layers": ["x"]}, outputs={"arn": arn})
    )
    with pytest.raises(ValueError, match="declare a LayerVersion"):
        sandbox.functions.attach(ledger)
    sandbox.functions.attach(sandbox.ledger)
    sandbox.declare("missing", code=CODE)
    (sandbox.directory / "missing.zip").unlink()
    with pytest.raises(ValueError, match="run `make package`"):
        sandbox.call("missing")


def test_nothing_runs_after_close(tmp_path: Path, sandbox: Sandbox) -> None:
    own = Functions(sandbox.cloud, tmp_path)
    own.attach(sandbox.ledger)
    pid = json.loads(own.invoke_sync("echo", b"{}").payload)["pid"]
    with ThreadPoolExecutor() as pool:
        running = pool.submit(own.invoke_sync, "echo", b'{"do": "sleep", "s": 30}')
        time.sleep(0.2)
        own.close()
        assert json.loads(running.result(5).payload)["errorType"] == "Runtime.ExitError"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_functions_die_with_a_sandbox_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import pathlib, sys
sys.path.insert(0, {str(Path.cwd())!r})
from tests.sandbox.lambdas.test_lambdas import Sandbox
made = Sandbox(pathlib.Path({str(tmp_path)!r}))
made.declare()
print(made.call().payload.decode(), flush=True)
made.call(do="sleep", s=60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = json.loads(parent.stdout.readline())["pid"]
        time.sleep(0.2)
        parent.kill()
    until = time.monotonic() + 5
    while state(pid) not in {"", "Z"}:
        assert time.monotonic() < until
        time.sleep(0.01)


def state(pid: int) -> str:
    """How a process is: empty when it is gone, Z when it has ended and nobody has asked."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1]
