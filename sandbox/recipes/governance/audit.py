"""Trails, recorders, detectors and analyzers."""

from __future__ import annotations

from sandbox.recipes.recipe import Recipe

_NO_RECORD = "what is called here is in no trail: moto keeps the settings of a trail and records nothing"
_NOT_WATCHED = "moto keeps the settings of a watcher, and looks at nothing"

ROWS = {
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
