"""What is watched of the API: alarms and pictures of stage, routes and functions, and questions to the logs."""

from __future__ import annotations

import json
from typing import Any

from components.secure_api import SecureApi
from functions.routes import ROUTES
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
    assert len(found) == len(value["alarms"]) == 13 + FUNCTIONS * 3
    assert found["api-errors"] == 10
    assert value["routes"] == [route.key for route in ROUTES]
