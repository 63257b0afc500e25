"""What Prometheus scrapes of a running platform, and what Grafana is provisioned with."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from operations.dashboards import provision
from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey


def figures(text: str) -> Mapping[str, float]:
    """Every sample with its labels as they are written."""
    return {
        f"{row.name}{sorted(row.labels.items()) or ''}": row.value
        for family in text_string_to_metric_families(text)
        for row in family.samples
    }


def serving(main: Deployed) -> int:
    """The port of a process that serves the live model."""
    for pid, command in main.place.processes().items():
        if "training.server" in command:
            environment = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
            found = re.search(r"SAGEMAKER_BIND_TO_PORT=(\d+)", environment)
            if found:
                return int(found[1])
    raise AssertionError("no process serves a model")


def scraped(port: int) -> Mapping[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"})
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return figures(answer.read().decode())
    finally:
        connection.close()


def test_the_serving_process_tells_what_it_answered(main: Deployed, user: Caller, fresh: float) -> None:
    port = serving(main)
    counted = "mlplatform_model_requests_total[('code', '200')]"
    before = scraped(port).get(counted, 0)
    assert user.predict(row_of(mean_texture=fresh), Cache_Control="no-cache").status == 200
    after = scraped(port)
    assert after[counted] >= before + 1
    assert any(name.startswith("mlplatform_model_info") for name in after)
    assert after["mlplatform_model_request_duration_seconds_count"] >= after[counted]


def test_the_api_tells_cloudwatchs_figures_to_administrators(main: Deployed, user: Caller, stranger: Caller) -> None:
    dimensions = [{"Name": "EndpointName", "Value": "mlplatform-dev-predict"}, {"Name": "VariantName", "Value": "live"}]

    def seen() -> Mapping[str, float]:
        # Into every minute that may be the newest whole one when it is asked for.
        now = datetime.now(timezone.utc)
        rows = [
            {"MetricName": "Invocation5XXErrors", "Value": 40.0, "Timestamp": now - timedelta(seconds=30 * back)}
            for back in range(2, 8)
        ]
        main.client("cloudwatch").put_metric_data(
            Namespace="AWS/SageMaker", MetricData=[{**row, "Dimensions": dimensions} for row in rows]
        )
        answer = user.call("GET", "/metrics")
        assert answer.status == 200, answer.text
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        found = figures(answer.text)
        return found if found["mlplatform_endpoint_failed_invocations"] >= 40 else {}

    found = eventually(seen, 90, "the figure is told")
    assert found["mlplatform_figures_period_seconds"] == 60
    assert "mlplatform_function_invocations[('function', 'predictions')]" in found
    stranger.call("GET", "/metrics").refused(403, "missing_group")
    assert Caller(main).call("GET", "/metrics").status == 401


def test_grafana_is_provisioned_from_what_the_stack_exports(main: Deployed, tmp_path: Path) -> None:
    written = provision(main.state.outputs, tmp_path)
    boards = {
        path.stem: json.loads(path.read_text())
        for path in written
        if path.parent.name == "dashboards" and path.suffix == ".json"
    }
    assert {name.removeprefix("mlplatform-dev-") for name in boards} == {"application", "business", "cost"}
    shown = main.client("cloudwatch")
    for name, board in boards.items():
        body = json.loads(shown.get_dashboard(DashboardName=name)["DashboardBody"])
        pictures = [row["properties"]["title"] for row in body["widgets"] if row["type"] == "metric"]
        panels = [row for row in board["panels"] if (row.get("datasource") or {}).get("type") == "cloudwatch"]
        assert [row["title"] for row in panels] == pictures
        assert all("undefined" not in json.dumps(row) for row in panels)
