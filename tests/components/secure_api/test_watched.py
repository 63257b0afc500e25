"""What is watched of the API: alarms and pictures of stage, routes and functions, and questions to the logs."""

from __future__ import annotations

import json
from typing import Any

from components.observability.emitted import SERVICES
from components.secure_api import SecureApi
from components.secure_api.watched.access import COUNTED, NAMESPACE
from functions.routes import ROUTES
from sandbox.alarms.patterns import read
from tests.components.recorder import record
from tests.components.secure_api.test_component import FUNCTIONS, args, run


def test_questions_are_asked_of_logs_that_there_are() -> None:
    recording = run()
    groups = {row.inputs["name"] for row in recording.of_type("aws:cloudwatch/logGroup:LogGroup")}
    questions = recording.of_type("aws:cloudwatch/queryDefinition:QueryDefinition")
    assert all(set(row.inputs["logGroupNames"]) <= groups for row in questions)
    assert "mlplatform-dev/failed requests by route" in {row.inputs["name"] for row in questions}
    rule = json.loads(
        recording.one("aws:cloudwatch/contributorInsightRule:ContributorInsightRule").inputs["ruleDefinition"]
    )
    assert rule["LogGroupNames"] == ["/aws/lambda/mlplatform-dev-predictions"]
    assert rule["Contribution"]["Keys"] == ["$.userId"]


def test_lines_of_the_access_log_are_counted_by_what_the_log_says() -> None:
    recording = run()
    form = json.loads(recording.one("aws:apigateway/stage:Stage").inputs["accessLogSettings"]["format"])
    filters = {
        row.inputs["name"]: row.inputs for row in recording.of_type("aws:cloudwatch/logMetricFilter:LogMetricFilter")
    }
    assert set(filters) == set(COUNTED) == set(SERVICES[NAMESPACE].metrics)
    for name, inputs in filters.items():
        assert inputs["logGroupName"] == "/aws/apigateway/mlplatform-dev-api/access"
        assert inputs["metricTransformation"] == {
            "name": name,
            "namespace": NAMESPACE,
            "value": "1",
            "unit": "Count",
            "dimensions": {"ApiName": "$.apiName"},
        }
        fits = read(inputs["pattern"])
        found = {status for status in map(str, range(200, 600)) if fits(json.dumps({**form, "status": status}))}
        assert found == set(COUNTED[name][1].split(" and "))
    assert form["apiName"] == "mlplatform-dev-api"


def test_alarms_and_widgets_cover_the_stage_every_route_and_every_function() -> None:
    def program() -> Any:
        api = SecureApi("api", args())
        by_route = next(widget for widget in api.widgets() if widget.title == "Requests by route")
        return {
            "alarms": [(alarm.name, alarm.threshold) for alarm in api.alarms()],
            "routes": [metric.label for metric in by_route.metrics],
        }

    value = record(program).value
    found = dict(tuple(row) for row in value["alarms"])
    assert len(found) == len(value["alarms"]) == 14 + FUNCTIONS * 3
    assert (found["api-errors"], found["api-unauthorized"]) == (10, 100)
    assert value["routes"] == [route.key for route in ROUTES]
