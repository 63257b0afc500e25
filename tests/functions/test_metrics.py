"""`GET /v1/metrics`: CloudWatch's figures of the last whole period, for scrapers and administrators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from components.observability.emitted import OURS, SERVICES
from functions.metrics.handler import MEDIA, build, operations
from functions.metrics.logic import LAG_S, Figures
from functions.metrics.schemas import NAMESPACES, PREFIX, ROWS, Series, series
from functions.metrics.settings import Settings
from functions.metrics.store import MOST, Metrics
from functions.shared.api import answer
from functions.shared.aws.sdk import client
from functions.shared.errors import ApiError
from tests.functions.support.apps import POOL, Client
from tests.functions.support.calls import ENVIRONMENT, event

PERIOD_S, NOW = 300, 1_700_000_500.0
SETTINGS = Settings(
    user_pool_id="pool",
    client_id="client",
    period_s=PERIOD_S,
    name_prefix="mlplatform-test",
    stage="api",
    functions="metrics,predictions",
    endpoint_name="mlplatform-test-predict",
    variant="live",
    state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:mlplatform-test-training",
)
WANTED = tuple(series(SETTINGS))


class Source:
    """CloudWatch that answers with one value, or fails."""

    def __init__(self, value: float | None = 7.0) -> None:
        self.value, self.asked, self.broken = value, list[tuple[int, int]](), False

    def read(self, wanted: Sequence[Series], end_s: int, period_s: int) -> list[float | None]:
        self.asked.append((end_s, period_s))
        if self.broken:
            raise ApiError("unavailable")
        return [self.value] * len(wanted)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def figures(source: Source, clock: Clock | None = None) -> Figures:
    return Figures(source, WANTED, PERIOD_S, clock or Clock())


def samples(text: str) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (row.name, frozenset(row.labels.items())): row.value
        for family in text_string_to_metric_families(text)
        for row in family.samples
    }


def scraped(source: Source, **more: Any) -> tuple[int, Mapping[str, str], str]:
    app = Client(operations(figures(source))).app
    found = answer(app, event("GET", "/v1/metrics", **more), 0)
    return found["statusCode"], found["headers"], found["body"]


def test_a_scraper_gets_text_that_prometheus_reads() -> None:
    status, headers, body = scraped(Source(), token=POOL.token(scope="platform/metrics"))
    assert (status, headers["Content-Type"]) == (200, MEDIA)
    found = samples(body)
    assert found["mlplatform_api_requests", frozenset()] == 7
    assert found["mlplatform_api_latency_seconds", frozenset({("quantile", "0.95")})] == pytest.approx(0.007)
    assert found["mlplatform_function_errors", frozenset({("function", "predictions")})] == 7
    assert found["mlplatform_endpoint_latency_seconds", frozenset({("quantile", "0.5")})] == pytest.approx(7e-6)
    assert found["mlplatform_prediction_confidence_ratio", frozenset()] == pytest.approx(0.07)
    assert found["mlplatform_figures_period_seconds", frozenset()] == PERIOD_S
    assert found["mlplatform_figures_end_timestamp_seconds", frozenset()] == NOW // PERIOD_S * PERIOD_S


@pytest.mark.parametrize(
    ("groups", "scope", "status"),
    [
        (["administrators"], None, 200),
        ([], None, 403),
        (["scientists", "approvers"], None, 403),
        ([], "platform/metrics", 200),
        ([], "platform/predict", 403),
    ],
)
def test_only_scrapers_and_administrators_are_told(groups: list[str], scope: str | None, status: int) -> None:
    source = Source()
    token = POOL.token(groups=groups) if scope is None else POOL.token(scope=scope)
    assert scraped(source, token=token)[0] == status
    assert bool(source.asked) == (status == 200)


def test_nobody_is_told_without_a_token_or_where_the_stack_tells_nothing() -> None:
    assert scraped(Source(), token=None)[0] == 401
    found = Client(operations(None)).call("GET", "/v1/metrics", groups=["administrators"])
    assert (found.status, found.code) == (404, "no_metrics")


def test_cloudwatch_is_asked_once_a_period_and_not_before_it_is_over() -> None:
    source, clock = Source(), Clock()
    told = figures(source, clock)
    first = told.text()
    clock.now += PERIOD_S - 1 - clock.now % PERIOD_S + LAG_S
    assert told.text() == first
    source.value = 8.0
    clock.now += 1
    assert told.text() != first
    ends = [end for end, _ in source.asked]
    assert ends == [NOW // PERIOD_S * PERIOD_S, NOW // PERIOD_S * PERIOD_S + PERIOD_S]
    assert all(end <= clock.now - LAG_S for end in ends)


def test_a_failure_is_told_and_not_kept() -> None:
    source = Source()
    told = figures(source)
    source.broken = True
    with pytest.raises(ApiError, match="unavailable"):
        told.text()
    source.broken = False
    assert told.text()


def test_what_is_counted_is_zero_without_data_and_what_is_measured_is_left_out() -> None:
    found = {name for name, _ in samples(figures(Source(None)).text())}
    assert "mlplatform_api_failed_requests" in found
    assert not {"mlplatform_api_latency_seconds", "mlplatform_prediction_confidence_ratio"} & found


def test_each_row_is_a_metric_that_somebody_emits_by_these_dimensions() -> None:
    for one in WANTED:
        namespace = NAMESPACES[one.row.source]
        emitter = OURS if namespace == OURS.namespace else SERVICES[namespace]
        assert frozenset(one.dimensions) in emitter.metrics[one.row.metric], one
        assert all(one.dimensions.values()), one
    assert {one.row for one in WANTED} == set(ROWS)


def test_names_follow_the_conventions() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", row.name)
        # A figure of a period goes up and down; only what counts from a beginning is called a total.
        assert not row.name.endswith(("_total", "_ms", "_milliseconds", "_percent"))
        assert row.name.endswith("_seconds") == (row.scale in {1e-3, 1e-6})
        assert row.about.endswith(".")
    assert PREFIX == "mlplatform"


@pytest.mark.usefixtures("aws")
def test_figures_come_from_cloudwatch_by_one_question() -> None:
    end = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    dimensions = [{"Name": "ApiName", "Value": "mlplatform-test-api"}, {"Name": "Stage", "Value": "api"}]
    rows = [
        {"MetricName": "Count", "Value": value, "Timestamp": datetime(2026, 1, 31, 11, minute, tzinfo=timezone.utc)}
        for value, minute in ((5.0, 56), (6.0, 57), (100.0, 54))
    ]
    client("cloudwatch").put_metric_data(
        Namespace="AWS/ApiGateway", MetricData=[{**row, "Dimensions": dimensions} for row in rows]
    )
    requests = [one for one in WANTED if one.row.metric in {"Count", "4XXError"}]
    found = Metrics().read(requests, int(end.timestamp()), PERIOD_S)
    assert dict(zip((one.row.metric for one in requests), found, strict=True)) == {"Count": 11.0, "4XXError": None}


@pytest.mark.usefixtures("aws")
def test_more_than_one_question_holds_all_are_asked() -> None:
    several = [replace(WANTED[0], labels={"n": str(number)}) for number in range(MOST + 3)]
    assert Metrics().read(several, int(NOW), PERIOD_S) == [None] * (MOST + 3)


def test_the_function_is_built_from_its_environment() -> None:
    app = build({**ENVIRONMENT, "PERIOD_S": "60", "FUNCTIONS": "metrics"})
    assert list(app.operations) == ["GET /v1/metrics"]
