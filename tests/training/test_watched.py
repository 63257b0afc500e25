"""What the serving process and jobs tell: figures that Prometheus reads, and lines of the platform's one form."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.training.test_server import answers, end, exchange, launch, request
from training.serve import model_fn
from training.server import Service
from training.watched.counts import Counts, Histogram, sample
from training.watched.lines import correlated, fault, line

NAME = re.compile(r"mlplatform_model_[a-z_]+")
ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found: dict[str, Metric], name: str, **labels: str) -> float:
    family = next(family for family in found.values() if any(row.name == name for row in family.samples))
    return next(row.value for row in family.samples if (row.name, row.labels) == (name, labels))


@pytest.fixture
def service(binary_model: Path) -> Service:
    return Service(model_fn(str(binary_model)))


def invoke(service: Service, *instances: object, attributes: bytes = b"") -> int:
    headers = {b"content-type": b"application/json", **({ATTRIBUTES: attributes} if attributes else {})}
    return service.answer("POST", b"/invocations", headers, json.dumps({"instances": instances}).encode())[0]


def scraped(service: Service) -> dict[str, Metric]:
    status, body = service.answer("GET", b"/metrics", {}, b"")
    assert status == 200
    return families(body.decode())


def test_what_was_asked_is_counted_by_status_rows_and_time(service: Service, binary_model: Path) -> None:
    row = json.loads((binary_model / "sample.json").read_text())
    assert [invoke(service, row), invoke(service, row, {"mean area": "x"}, {}), invoke(service)] == [200, 200, 400]
    found = scraped(service)
    assert value(found, "mlplatform_model_requests_total", code="200") == 2
    assert value(found, "mlplatform_model_requests_total", code="400") == 1
    assert value(found, "mlplatform_model_instances_total", outcome="answered") == 2
    assert value(found, "mlplatform_model_instances_total", outcome="refused") == 2
    assert value(found, "mlplatform_model_request_duration_seconds_count") == 3
    assert value(found, "mlplatform_model_request_instances_sum") == 4
    assert value(found, "mlplatform_model_request_instances_bucket", le="2.0") == 1
    assert value(found, "mlplatform_model_request_instances_bucket", le="+Inf") == 2
    assert value(found, "mlplatform_model_info", version="abc123") == 1
    assert value(found, "mlplatform_model_memory_peak_bytes") > 10_000_000


def test_names_follow_the_conventions_and_each_family_says_what_it_is(service: Service) -> None:
    found = scraped(service)
    assert all(NAME.fullmatch(name) and family.documentation.endswith(".") for name, family in found.items())
    assert {family.type for family in found.values()} == {"counter", "gauge", "histogram"}
    counters = [row.name for family in found.values() if family.type == "counter" for row in family.samples]
    assert all(name.endswith("_total") for name in counters)


def test_pings_and_scrapes_are_no_requests(service: Service) -> None:
    service.answer("GET", b"/ping", {}, b"")
    assert "mlplatform_model_requests_total" not in {
        row.name for family in scraped(service).values() for row in family.samples
    }
    assert service.answer("POST", b"/metrics", {}, b"")[0] == 405


@given(values=st.lists(st.floats(min_value=0, max_value=10), max_size=50))
def test_a_histogram_counts_each_value_once_and_below_its_bounds(values: list[float]) -> None:
    histogram = Histogram((0.5, 1.0, 5.0))
    for number in values:
        histogram.add(number)
    text = "# TYPE x histogram\n" + "\n".join(histogram.samples("x")) + "\n"
    found = families(text)
    for bound in (0.5, 1.0, 5.0):
        assert value(found, "x_bucket", le=str(bound)) == sum(number <= bound for number in values)
    assert value(found, "x_count") == value(found, "x_bucket", le="+Inf") == len(values)
    assert value(found, "x_sum") == pytest.approx(sum(values))


@given(
    text=st.text(
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    )
)
def test_any_text_can_be_a_label(text: str) -> None:
    (family,) = text_string_to_metric_families(sample("x", 1, {"version": text}) + "\n")
    assert family.samples[0].labels == {"version": text}


def test_a_version_with_marks_is_still_one_figure() -> None:
    assert value(families(Counts('v"1\\\n').text()), "mlplatform_model_info", version='v"1\\\n') == 1


def test_an_invocation_for_a_request_has_its_line(
    service: Service, binary_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = json.loads((binary_model / "sample.json").read_text())
    invoke(service, row)
    invoke(service, row, attributes=b"correlationId=order-7")
    invoke(service, attributes=b"tenant=a;correlationId=order-8")
    told = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [(one["level"], one["message"], one["requestId"]) for one in told] == [
        ("INFO", "answered", "order-7"),
        ("WARNING", "refused", "order-8"),
    ]
    assert told[0]["metadata"].keys() == {"status", "ms", "modelVersion"}


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        (b"correlationId=a1", "a1"),
        (b"x=1;correlationId=a.b:c-d_e,y=2", "a.b:c-d_e"),
        (b"correlationId=ada@example.org", ""),
        (b"correlationId=", ""),
        (b"correlationId=" + b"a" * 129, ""),
        (b'{"level": "ERROR"}', ""),
        (b"\xff\x00", ""),
    ],
)
def test_only_what_is_an_id_gets_into_the_log(attributes: bytes, found: str) -> None:
    assert correlated(attributes) == found


def test_a_job_names_itself_and_what_failed_without_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINING_JOB_NAME", "mlplatform-1")
    out = io.StringIO()
    line("train", "failed", "ERROR", metadata=fault(ValueError("Ada Lovelace")), out=out)
    told = json.loads(out.getvalue())
    assert told["requestId"] == "mlplatform-1"
    assert told["metadata"]["error"] == ["ValueError"]
    assert "Ada" not in out.getvalue()


@pytest.fixture(scope="module")
def port(binary_model: Path) -> Iterator[int]:
    process, port, _ = launch(binary_model)
    assert answers(port)
    yield port
    end(process)


def test_a_scrape_over_http_is_text_and_leaves_the_connection_open(port: int) -> None:
    scrape = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"
    received = exchange(port, scrape + b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b"content-type: text/plain; version=0.0.4; charset=utf-8" in head
    (told,) = re.findall(rb"content-length: (\d+)", head)
    length = int(told)
    assert families(rest[:length].decode())
    assert rest[length:].startswith(b"HTTP/1.1 200 OK\r\ncontent-type: application/json")
    assert request(port, "GET", "/ping") == (200, {})
