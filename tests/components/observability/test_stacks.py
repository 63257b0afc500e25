"""Every metric of every alarm and every picture leads to something that is declared, in the region where it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from artifacts.alarms import KINDS
from components.observability.emitted import OURS, SERVICES
from components.observability.reference import page
from functions.measures import MEASURES
from tests.components.recorder import Recording
from tests.stacks.platform import ROOT, STACKS, evaluated

every_stack = pytest.mark.parametrize("stack", STACKS)
ALARM, DASHBOARD = KINDS[0], "aws:cloudwatch/dashboard:Dashboard"
FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
FUNCTION = "aws:lambda/function:Function"

NAMED_BY: Mapping[str, tuple[str, str]] = {
    "ApiName": ("aws:apigateway/restApi:RestApi", "name"),
    "BackupVaultName": ("aws:backup/vault:Vault", "name"),
    "BucketName": ("aws:s3/bucket:Bucket", "bucket"),
    "CacheClusterId": ("aws:elasticache/replicationGroup:ReplicationGroup", "replicationGroupId"),
    "ClusterId": ("aws:dax/cluster:Cluster", "clusterName"),
    "DBClusterIdentifier": ("aws:rds/cluster:Cluster", "clusterIdentifier"),
    "DestinationBucket": ("aws:s3/bucket:Bucket", "bucket"),
    "EndpointName": ("aws:sagemaker/endpoint:Endpoint", "name"),
    "Function": (FUNCTION, "name"),
    "FunctionName": (FUNCTION, "name"),
    "ProxyName": ("aws:rds/proxy:Proxy", "name"),
    "QueueName": ("aws:sqs/queue:Queue", "name"),
    "SourceBucket": ("aws:s3/bucket:Bucket", "bucket"),
    "StateMachineArn": ("aws:sfn/stateMachine:StateMachine", "name"),
    "TableName": ("aws:dynamodb/table:Table", "name"),
    "WebACL": ("aws:wafv2/webAcl:WebAcl", "name"),
}
"""Dimension → the type that it names, and by which input. Ids that AWS makes up are told from nothing here."""


OPTIONS: Mapping[str, set[str]] = {
    "alarm": {"sortBy", "states"},
    "text": set(),
    "metric": {"annotations", "end", "legend", "period", "stacked", "start", "yAxis"},
}
"""What CloudWatch knows of each kind of widget beside what ours always say (Dashboard Body Structure and Syntax)."""


class Read(NamedTuple):
    """One metric that somebody reads."""

    who: str
    namespace: str
    name: str
    dimensions: dict[str, str]


def of_alarms(recording: Recording) -> Iterator[Read]:
    for alarm in recording.of_type(ALARM):
        metrics = [row["metric"] for row in alarm.inputs.get("metricQueries") or [] if row.get("metric")]
        for metric in metrics or [alarm.inputs]:
            yield Read(alarm.name, metric["namespace"], metric["metricName"], dict(metric.get("dimensions") or {}))


def of_pictures(recording: Recording) -> Iterator[Read]:
    for board in recording.of_type(DASHBOARD):
        for widget in json.loads(board.inputs["dashboardBody"])["widgets"]:
            for line in widget["properties"].get("metrics", []):
                if isinstance(line[0], str):
                    namespace, name, *pairs = [part for part in line if isinstance(part, str)]
                    yield Read(
                        widget["properties"]["title"], namespace, name, dict(zip(pairs[::2], pairs[1::2], strict=True))
                    )


def everything(stack: str) -> list[Read]:
    recording = evaluated(stack)
    return [*of_alarms(recording), *of_pictures(recording)]


@every_stack
def test_each_metric_is_emitted_by_these_dimensions(stack: str) -> None:
    found = everything(stack)
    assert len(found) > 300
    for read in found:
        emitter = OURS if read.namespace == OURS.namespace else SERVICES[read.namespace]
        assert frozenset(read.dimensions) in emitter.metrics[read.name], read


@every_stack
def test_each_dimension_names_something_that_is_declared(stack: str) -> None:
    recording, followed = evaluated(stack), 0
    names: dict[str, set[str]] = {}
    for dimension, (token, key) in NAMED_BY.items():
        rows = recording.of_type(token)
        # A prefix ends with a dash, and AWS's own letters follow.
        names[dimension] = {str(row.inputs.get(key) or row.inputs.get(f"{key}Prefix") or row.name) for row in rows}
    for read in everything(stack):
        for dimension, value in read.dimensions.items():
            if dimension not in NAMED_BY:
                continue
            followed += 1
            last = str(value).rpartition(":")[2]
            # What follows the last dash is the number of a cache's node, or letters of AWS's own.
            group = last.rpartition("-")[0]
            assert names[dimension] & {last, group, f"{group}-"}, (read, sorted(names[dimension]))
    assert followed > 300


@every_stack
def test_what_our_code_measures_is_read_of_the_function_that_measures_it(stack: str) -> None:
    handlers = {row.inputs["name"]: row.inputs["handler"] for row in evaluated(stack).of_type(FUNCTION)}
    ours = [read for read in everything(stack) if read.namespace == OURS.namespace]
    assert len({read.name for read in ours}) > 10
    for read in ours:
        folder = handlers[read.dimensions["Function"]].split(".")[1]
        assert read.name in MEASURES[folder], read


@every_stack
def test_what_filters_count_is_counted_by_a_filter_of_the_stack(stack: str) -> None:
    changes = [row.inputs["metricTransformation"] for row in evaluated(stack).of_type(FILTER)]
    counted = {(row["namespace"], row["name"], frozenset(row.get("dimensions") or {})) for row in changes}
    ours = [read for read in everything(stack) if read.namespace.startswith(f"{OURS.namespace}/")]
    assert {read.namespace for read in ours} == {row["namespace"] for row in changes}
    for read in ours:
        assert (read.namespace, read.name, frozenset(read.dimensions)) in counted, read


@every_stack
def test_no_picture_of_a_dashboard_stands_twice_or_upon_another(stack: str) -> None:
    for board in evaluated(stack).of_type(DASHBOARD):
        widgets = json.loads(board.inputs["dashboardBody"])["widgets"]
        titles = [row["properties"]["title"] for row in widgets if row["type"] == "metric"]
        assert len(titles) == len(set(titles)), board.name
        taken: set[tuple[int, int]] = set()
        for row in widgets:
            area = {(row["x"] + x, row["y"] + y) for x in range(row["width"]) for y in range(row["height"])}
            assert not area & taken, (board.name, row["properties"])
            taken |= area


@every_stack
def test_dashboards_have_the_structure_that_cloudwatch_documents(stack: str) -> None:
    kinds = {"alarm": {"title", "alarms"}, "text": {"markdown"}, "metric": {"metrics", "region", "title", "view"}}
    boards = {row.inputs["dashboardName"]: row for row in evaluated(stack).of_type(DASHBOARD)}
    assert {name.rpartition("-")[2] for name in boards} == {"application", "business", "cost"}
    for board in boards.values():
        body = json.loads(board.inputs["dashboardBody"])
        assert len(body["widgets"]) <= 500
        for widget in body["widgets"]:
            assert kinds[widget["type"]] <= set(widget["properties"]) <= kinds[widget["type"]] | OPTIONS[widget["type"]]
            assert len(widget["properties"].get("alarms", [])) <= 100
            assert len(widget["properties"].get("title", "")) <= 60
            assert 0 <= widget["x"] <= 23
            assert 1 <= widget["width"] <= 24 - widget["x"]
            lines: list[list[Any]] = widget["properties"].get("metrics", [])
            ids = [line[-1]["id"] for line in lines if isinstance(line[-1], dict) and "id" in line[-1]]
            assert len(ids) == len(set(ids))
            assert len(lines) <= 500


@every_stack
def test_charges_are_read_in_the_one_region_that_tells_them(stack: str) -> None:
    (board,) = [row for row in evaluated(stack).of_type(DASHBOARD) if row.inputs["dashboardName"].endswith("-cost")]
    lines = [
        line
        for widget in json.loads(board.inputs["dashboardBody"])["widgets"]
        for line in widget["properties"].get("metrics", [])
    ]
    charged = [line for line in lines if line[0] == "AWS/Billing"]
    assert len(charged) > 5
    assert {line[-1]["region"] for line in charged} == {"us-east-1"}


def test_the_page_of_alarms_is_current() -> None:
    declared = {
        stack: [row.inputs for kind in KINDS for row in evaluated(stack).of_type(kind)] for stack in sorted(STACKS)
    }
    assert (ROOT / "docs" / "reference" / "alarms.md").read_text(encoding="utf-8") == page(declared)
