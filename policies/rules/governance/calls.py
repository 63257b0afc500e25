"""Calls that break into accounts begin with, or out of sight: whoever keeps a record of them hears of them too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from policies.resources import Node, read
from policies.rule import Rule
from policies.rules.governance.audit import TRAIL
from policies.rules.operations import ALARM

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
WANTED: Final = {
    "refused calls": ("$.errorCode", "AccessDenied*"),
    "sign-ins without a second factor": ("ConsoleLogin", "MFAUsed"),
    "root": ("$.userIdentity.type", '"Root"'),
    "changes of rights": ("PutRolePolicy", "AttachRolePolicy"),
    "changes of trails": ("StopLogging", "DeleteTrail"),
    "failed sign-ins": ("ConsoleLogin", "Failed authentication"),
    "keys that end": ("DisableKey", "ScheduleKeyDeletion"),
    "changes of buckets' policies": ("PutBucketPolicy", "DeleteBucketPolicy"),
    "changes of AWS Config": ("StopConfigurationRecorder", "DeleteDeliveryChannel"),
    "changes of security groups": ("AuthorizeSecurityGroupIngress", "CreateSecurityGroup"),
    "changes of access lists": ("CreateNetworkAclEntry", "ReplaceNetworkAclAssociation"),
    "changes of gateways": ("AttachInternetGateway", "CreateInternetGateway"),
    "changes of routes": ("CreateRoute", "ReplaceRoute"),
    "changes of networks": ("CreateVpc", "AcceptVpcPeeringConnection"),
    "changes of the organization": ("LeaveOrganization", "MoveAccount"),
}
"""What has to be heard → what a filter that counts it names, in the order of CIS 4.1 to 4.15."""


def heard(trail: Node) -> Iterable[str]:
    """Each kind is counted in the trail's log group by a filter, and an alarm on that count tells somebody."""
    group = trail.read("cloudWatchLogsGroupArn", "")
    if not group:
        # What nobody can search is another rule's.
        return
    filters = [row for row in trail.stack.of_type(FILTER) if f":log-group:{row.read('logGroupName')}:" in group]
    told = {
        (alarm.read("namespace"), alarm.read("metricName"))
        for alarm in trail.stack.of_type(ALARM)
        if alarm.rows("alarmActions")
    }
    for kind, words in WANTED.items():
        counted = [row for row in filters if all(word in row.read("pattern", "") for word in words)]
        if not counted:
            yield f"no filter ({FILTER}) of its log group counts {kind}"
        elif not any(_metric(row) in told for row in counted):
            yield f"no alarm with actions watches what {counted[0].name} counts: {kind}"


def _metric(row: Node) -> tuple[str, str]:
    change = row.read("metricTransformation", {})
    return read(change, "namespace", ""), read(change, "name", "")


RULES = (
    Rule(
        id="trail-calls-heard",
        severity="low",
        controls=tuple(f"CIS 4.{number}" for number in range(1, 16)),
        types=(TRAIL,),
        scope="stack",
        what="Somebody hears of calls that CIS names: root, refusals, sign-ins, changes of what protects the account.",
        why="A record that is read after the damage explains it; one that is heard at once may prevent it.",
        mend="leave audit.calls on, or count them by metric filters of the trail's log group, with an alarm on each",
        check=heard,
    ),
)
