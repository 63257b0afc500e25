"""SiteLog: CloudFront's access log, delivered to the logs bucket by CloudWatch Logs."""

from __future__ import annotations

from typing import Final, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import cloudwatch
from components.values import formatted
from functions.shared.places import SITE_LOGS

FIELDS: Final = (
    *("date", "time", "x-edge-location", "sc-bytes", "cs-method", "cs-uri-stem", "sc-status", "time-taken"),
    *("x-edge-result-type", "x-edge-detailed-result-type", "x-edge-request-id", "x-host-header", "cs-protocol"),
    *("cs-protocol-version", "ssl-protocol", "time-to-first-byte", "sc-content-type", "sc-content-len"),
)
"""What is logged of each request: no address, no query, no cookie."""


class SiteLogArgs(TypedDict):
    """Whose log goes where."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    distribution_arn: Input[str]
    """Distribution whose requests are logged."""
    bucket_arn: Input[str]
    """Bucket that lets `delivery.logs.amazonaws.com` write below `api/site/`."""


class SiteLog(pulumi.ComponentResource):
    """Standard logging of version 2, which needs no access control list; CloudFront delivers it from us-east-1 only."""

    delivery: cloudwatch.LogDelivery
    """The connection of the distribution with the bucket."""

    def __init__(self, name: str, args: SiteLogArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SiteLog", name, {}, opts)
        child = ResourceOptions(parent=self)
        source = cloudwatch.LogDeliverySource(
            f"{name}-source",
            name=f"{args['name_prefix']}-site",
            log_type="ACCESS_LOGS",
            resource_arn=args["distribution_arn"],
            opts=child,
        )
        destination = cloudwatch.LogDeliveryDestination(
            f"{name}-destination",
            name=f"{args['name_prefix']}-site",
            output_format="json",
            # The prefix is part of the ARN: a suffix path of the delivery is read back changed, a difference for ever.
            delivery_destination_configuration={
                "destination_resource_arn": formatted("{0}/{1}", args["bucket_arn"], SITE_LOGS.rstrip("/"))
            },
            opts=child,
        )
        self.delivery = cloudwatch.LogDelivery(
            f"{name}-delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.arn,
            record_fields=list(FIELDS),
            opts=child,
        )
        self.register_outputs({"delivery_arn": self.delivery.arn})
