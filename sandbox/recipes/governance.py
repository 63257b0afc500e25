"""Budgets, their actions, and watches over costs."""

from __future__ import annotations

from sandbox.recipes.recipe import Recipe

_ACTION = "{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"
_NO_BILL = "nothing here costs anything, so no budget is ever spent and no cost is unusual"

ROWS = {
    "aws:budgets/budget:Budget": Recipe(
        recorded=_NO_BILL,
        id="{account}:{name}",
        outputs={"arn": "arn:aws:budgets::{account}:budget/{name}"},
    ),
    "aws:budgets/budgetAction:BudgetAction": Recipe(
        recorded=_NO_BILL,
        id=f"{{account}}:{_ACTION}:{{budgetName}}",
        outputs={
            "actionId": _ACTION,
            "arn": f"arn:aws:budgets::{{account}}:budget/{{budgetName}}/action/{_ACTION}",
        },
    ),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": Recipe(
        recorded=_NO_BILL,
        id="arn:aws:ce::{account}:anomalymonitor/{hash:32}",
        outputs={"arn": "arn:aws:ce::{account}:anomalymonitor/{hash:32}"},
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": Recipe(
        recorded=_NO_BILL,
        id="arn:aws:ce::{account}:anomalysubscription/{hash:32}",
        outputs={"arn": "arn:aws:ce::{account}:anomalysubscription/{hash:32}"},
    ),
    "aws:costexplorer/costAllocationTag:CostAllocationTag": Recipe(recorded=_NO_BILL, id="{tagKey}"),
}

_NO_RECORD = "what is called here is in no trail: moto keeps the settings of a trail and records nothing"
_NOT_WATCHED = "moto keeps the settings of a watcher, and looks at nothing"

ROWS |= {
    "aws:cloudtrail/trail:Trail": Recipe(
        recorded=_NO_RECORD,
        id="arn:aws:cloudtrail:{region}:{account}:trail/{name}",
        outputs={"arn": "arn:aws:cloudtrail:{region}:{account}:trail/{name}", "homeRegion": "{region}"},
    ),
    "aws:cfg/recorder:Recorder": Recipe(recorded=_NOT_WATCHED, id="{name}"),
    "aws:cfg/deliveryChannel:DeliveryChannel": Recipe(recorded=_NOT_WATCHED, id="{name}"),
    "aws:cfg/recorderStatus:RecorderStatus": Recipe(recorded=_NOT_WATCHED, id="{name}"),
    "aws:cfg/rule:Rule": Recipe(
        recorded=_NOT_WATCHED,
        id="{name}",
        outputs={"arn": "arn:aws:config:{region}:{account}:config-rule/config-rule-{hash:6}"},
    ),
    "aws:guardduty/detector:Detector": Recipe(
        recorded=_NOT_WATCHED,
        id="{hash:32}",
        outputs={"arn": "arn:aws:guardduty:{region}:{account}:detector/{hash:32}", "accountId": "{account}"},
    ),
    "aws:guardduty/detectorFeature:DetectorFeature": Recipe(recorded=_NOT_WATCHED, id="{detectorId}/{name}"),
    "aws:accessanalyzer/analyzer:Analyzer": Recipe(
        recorded=_NOT_WATCHED,
        id="{analyzerName}",
        outputs={"arn": "arn:aws:access-analyzer:{region}:{account}:analyzer/{analyzerName}"},
    ),
    "aws:securityhub/account:Account": Recipe(
        recorded=_NOT_WATCHED, id="{account}", outputs={"arn": "arn:aws:securityhub:{region}:{account}:hub/default"}
    ),
    "aws:securityhub/standardsSubscription:StandardsSubscription": Recipe(recorded=_NOT_WATCHED, id="{standardsArn}"),
}
