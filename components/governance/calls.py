"""Calls that somebody has to hear of: sign-ins and refusals that look wrong, and changes of what protects the account.

What they are and how they are recognised is what CIS asks for (AWS Foundations Benchmark 4.1 to 4.15). Security Hub
compares the filters of CloudWatch.1 to CloudWatch.14 with its own by their text, so patterns are as it writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pulumi import Input, ResourceOptions

from components.aws import cloudwatch
from components.values import Alarm, Metric, Severity, Widget

NAMESPACE: Final = "MLPlatform/Calls"
"""Without a dimension: a filter takes those from the record, which does not know the stack. Of two trails of one
account each counts every call, so an account has one."""
_PERIOD_S: Final = 300


@dataclass(frozen=True, kw_only=True)
class Call:
    """One kind of call, or of several that mean the same."""

    noun: str
    """End of the alarm's name."""
    metric: str
    """What the filter counts it as."""
    pattern: str
    """Which records are such calls."""
    happened: str
    """What it means, in one sentence."""
    severity: Severity = "warning"
    threshold: int = 0
    """How many in five minutes are no news."""


def _of(names: str, source: str = "") -> str:
    """Records of some operations, of one service where others have operations of that name."""
    some = " || ".join(f"($.eventName={name})" for name in names.split())
    return f"{{($.eventSource={source}.amazonaws.com) && ({some})}}" if source else f"{{{some}}}"


ACTS: Final[Sequence[Call]] = (
    Call(
        noun="root-used",
        metric="RootUsed",
        pattern='{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType !="AwsServiceEvent"}',
        happened="somebody uses the account's root user, whom no policy limits",
        severity="critical",
    ),
    Call(
        noun="calls-refused",
        metric="CallsRefused",
        pattern='{($.errorCode="*UnauthorizedOperation") || ($.errorCode="AccessDenied*")}',
        happened="AWS refuses more than ten calls in five minutes: a right is missing, or somebody tries doors",
        # A deployment, a console that shows what its user may not see and AWS's own services are refused now and then.
        threshold=10,
    ),
    Call(
        noun="sign-in-without-mfa",
        metric="SignInsWithoutMfa",
        # Who comes by single sign-on has shown a second factor elsewhere.
        pattern='{($.eventName="ConsoleLogin") && ($.additionalEventData.MFAUsed !="Yes") && '
        '($.userIdentity.type="IAMUser") && ($.responseElements.ConsoleLogin="Success")}',
        happened="somebody signed in to the console with a password alone",
        severity="critical",
    ),
    Call(
        noun="sign-ins-failed",
        metric="SignInsFailed",
        pattern='{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}',
        happened="more than three sign-ins to the console failed in five minutes: passwords are guessed",
        threshold=3,
    ),
)
"""What somebody does, or tries to."""
CHANGES: Final[Sequence[Call]] = (
    Call(
        noun="trail-changed",
        metric="TrailChanges",
        pattern=_of("CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging"),
        happened="a trail was changed: what is done from now on may be on no record",
        severity="critical",
    ),
    Call(
        noun="key-ended",
        metric="KeysEnded",
        pattern=_of("DisableKey ScheduleKeyDeletion", "kms"),
        happened="a KMS key was disabled or is to be deleted: what it encrypts cannot be read any more",
        severity="critical",
    ),
    Call(
        noun="rights-changed",
        metric="RightsChanges",
        pattern=_of(
            "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy "
            "CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy "
            "AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy",
            "iam",
        ),
        happened="rights of a role, user or group were changed",
    ),
    Call(
        noun="bucket-policy-changed",
        metric="BucketPolicyChanges",
        pattern=_of(
            "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy "
            "DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication",
            "s3",
        ),
        happened="who may use a bucket, where it is copied to or how long it keeps objects was changed",
    ),
    Call(
        noun="recorder-changed",
        metric="RecorderChanges",
        pattern=_of(
            "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder", "config"
        ),
        happened="AWS Config's recorder was changed: resources may change unseen",
    ),
    Call(
        noun="security-group-changed",
        metric="SecurityGroupChanges",
        pattern=_of(
            "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
            "RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup"
        ),
        happened="who may reach what in a network was changed, by a security group",
    ),
    Call(
        noun="network-acl-changed",
        metric="NetworkAclChanges",
        pattern=_of(
            "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry "
            "ReplaceNetworkAclAssociation"
        ),
        happened="who may reach what in a network was changed, by an access list",
    ),
    Call(
        noun="gateway-changed",
        metric="GatewayChanges",
        pattern=_of(
            "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway "
            "DeleteInternetGateway DetachInternetGateway"
        ),
        happened="a way from a network to the outside was opened or closed",
    ),
    Call(
        noun="route-changed",
        metric="RouteChanges",
        pattern=_of(
            "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute "
            "DisassociateRouteTable",
            "ec2",
        ),
        happened="the way of a network's traffic was changed",
    ),
    Call(
        noun="network-changed",
        metric="NetworkChanges",
        pattern=_of(
            "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection "
            "DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc "
            "DisableVpcClassicLink EnableVpcClassicLink"
        ),
        happened="a network was made, removed or joined to another one",
    ),
    Call(
        noun="organization-changed",
        metric="OrganizationChanges",
        pattern=_of(
            "AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake "
            "DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType "
            "InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy "
            "UpdateOrganizationalUnit",
            "organizations",
        ),
        happened="the organization of accounts, or what limits them all, was changed",
    ),
)
"""Changes of what protects the account."""


def count(name: str, log_group: Input[str], opts: ResourceOptions) -> None:
    """Counts each kind by a filter of the trail's log group."""
    for row in (*ACTS, *CHANGES):
        cloudwatch.LogMetricFilter(
            f"{name}-counts-{row.noun}",
            name=row.metric,
            log_group_name=log_group,
            pattern=row.pattern,
            metric_transformation={"name": row.metric, "namespace": NAMESPACE, "value": "1", "unit": "Count"},
            opts=opts,
        )


def alarms() -> list[Alarm]:
    """One a kind. They tell what happened: that it does not happen again within five minutes is no end of it."""
    return [
        Alarm(
            name=row.noun,
            metric=_counted(row),
            threshold=row.threshold,
            description=row.happened,
            runbook="account-calls",
            severity=row.severity,
            event=True,
        )
        for row in (*ACTS, *CHANGES)
    ]


def widgets() -> list[Widget]:
    """Both kinds, where whoever looks for a cause sees what was changed at that time."""
    return [
        Widget(
            title=title,
            section="Account",
            metrics=[_counted(row) for row in rows],
            y_label="in 5 minutes",
            width=12,
        )
        for title, rows in (("Sign-ins and refused calls", ACTS), ("Changes of what protects the account", CHANGES))
    ]


def _counted(row: Call) -> Metric:
    label = row.noun.replace("-", " ")
    return Metric(namespace=NAMESPACE, name=row.metric, period_s=_PERIOD_S, label=label)
