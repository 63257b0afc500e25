"""CloudFront with its logs, certificates, DNS records and accelerators."""

from __future__ import annotations

from typing import Any

from sandbox.recipes.recipe import Answer, KeptError, Recipe, Work, hands

_NO_EDGE = "the sandbox's own edge stands for CloudFront, without cache, TLS and log"
_NO_DNS = "nothing asks the sandbox's name server"


def _items(rows: list[Any] | None) -> dict[str, Any]:
    """A list with its length, as CloudFront wants it."""
    return {"Quantity": len(rows or []), "Items": list(rows or [])}


def _origin(row: dict[str, Any]) -> dict[str, Any]:
    headers = [{"HeaderName": one["name"], "HeaderValue": one["value"]} for one in row.get("customHeaders") or []]
    found = {
        "Id": row["originId"],
        "DomainName": row["domainName"],
        "OriginPath": row.get("originPath") or "",
        "CustomHeaders": _items(headers),
    }
    custom = row.get("customOriginConfig")
    if custom:
        found["CustomOriginConfig"] = {
            "HTTPPort": custom["httpPort"],
            "HTTPSPort": custom["httpsPort"],
            "OriginProtocolPolicy": custom["originProtocolPolicy"],
            "OriginSslProtocols": _items(custom["originSslProtocols"]),
            "OriginReadTimeout": custom.get("originReadTimeout") or 30,
            "OriginKeepaliveTimeout": custom.get("originKeepaliveTimeout") or 5,
        }
        return found
    access = {"OriginAccessControlId": row["originAccessControlId"]} if row.get("originAccessControlId") else {}
    return found | access | {"S3OriginConfig": {"OriginAccessIdentity": ""}}


def _behavior(row: dict[str, Any]) -> dict[str, Any]:
    methods = _items(row["allowedMethods"]) | {"CachedMethods": _items(row["cachedMethods"])}
    functions = [
        {"FunctionARN": one["functionArn"], "EventType": one["eventType"]}
        for one in row.get("functionAssociations") or []
    ]
    found = {
        "TargetOriginId": row["targetOriginId"],
        "ViewerProtocolPolicy": row["viewerProtocolPolicy"],
        "AllowedMethods": methods,
        "Compress": bool(row.get("compress")),
        "FunctionAssociations": _items(functions),
    }
    named = {
        "pathPattern": "PathPattern",
        "cachePolicyId": "CachePolicyId",
        "originRequestPolicyId": "OriginRequestPolicyId",
        "responseHeadersPolicyId": "ResponseHeadersPolicyId",
    }
    return found | {member: row[key] for key, member in named.items() if row.get(key)}


def _certificate(row: dict[str, Any]) -> dict[str, Any]:
    named = {
        "acmCertificateArn": "ACMCertificateArn",
        "cloudfrontDefaultCertificate": "CloudFrontDefaultCertificate",
        "minimumProtocolVersion": "MinimumProtocolVersion",
        "sslSupportMethod": "SSLSupportMethod",
    }
    return {member: row[key] for key, member in named.items() if row.get(key) is not None}


def _distribution(work: Work) -> None:
    given = work.inputs
    if given.get("originGroups"):
        raise KeptError(f"moto takes no origin group as the target of a behaviour; {_NO_EDGE}")
    limits = given["restrictions"]["geoRestriction"]
    config = {
        "CallerReference": work.fill("{hash:32}"),
        "Aliases": _items(given.get("aliases")),
        "Comment": given.get("comment") or "",
        "Enabled": given["enabled"],
        "DefaultRootObject": given.get("defaultRootObject") or "",
        "HttpVersion": given.get("httpVersion") or "http2",
        "IsIPV6Enabled": bool(given.get("isIpv6Enabled")),
        "PriceClass": given.get("priceClass") or "PriceClass_All",
        "WebACLId": given.get("webAclId") or "",
        "Origins": _items([_origin(row) for row in given["origins"]]),
        "DefaultCacheBehavior": _behavior(given["defaultCacheBehavior"]),
        "CacheBehaviors": _items([_behavior(row) for row in given.get("orderedCacheBehaviors") or []]),
        "Restrictions": {
            "GeoRestriction": {"RestrictionType": limits["restrictionType"], **_items(limits.get("locations"))}
        },
        "ViewerCertificate": _certificate(given["viewerCertificate"]),
    }
    work.parameters = {"DistributionConfigWithTags": {"DistributionConfig": config, "Tags": {"Items": work.tags()}}}


def _access(work: Work) -> None:
    given = work.inputs
    work.parameters = {
        "OriginAccessControlConfig": {
            "Name": given["name"],
            "Description": given.get("description") or "",
            "SigningProtocol": given["signingProtocol"],
            "SigningBehavior": given["signingBehavior"],
            "OriginAccessControlOriginType": given["originAccessControlOriginType"],
        }
    }


def _function(work: Work) -> None:
    given = work.inputs
    work.parameters = {
        "Name": given["name"],
        "FunctionConfig": {"Comment": given.get("comment") or "", "Runtime": given["runtime"]},
        "FunctionCode": given["code"].encode(),
    }


def _proof(work: Work) -> list[dict[str, Any]]:
    """ACM tells the record that proves a name once it has thought about it; here it always is the same one."""
    name = work.inputs["domainName"]
    return [
        {
            "domainName": name,
            "resourceRecordName": work.fill("_{hash:32}.{domainName}."),
            "resourceRecordType": "CNAME",
            "resourceRecordValue": work.fill("_{hash:32}.acm-validations.aws."),
        }
    ]


ROWS = {
    "aws:cloudfront/distribution:Distribution": Recipe(
        call="cloudfront.create_distribution_with_tags",
        by_hand=hands(
            *("aliases", "comment", "defaultCacheBehavior", "defaultRootObject", "enabled", "httpVersion"),
            *("isIpv6Enabled", "orderedCacheBehaviors", "originGroups", "origins", "priceClass", "restrictions"),
            *("viewerCertificate", "webAclId"),
        ),
        shape=_distribution,
        lost={
            "enabled": f"moto keeps the description; {_NO_EDGE}",
            "origins.originAccessControlId": "moto forgets which control an origin has",
        },
        id=Answer("Distribution.Id", "E{hash:13}"),
        tags="",
        outputs={
            "arn": Answer("Distribution.ARN", "arn:aws:cloudfront::{account}:distribution/E{hash:13}"),
            "domainName": Answer("Distribution.DomainName", "d{hash:13}.cloudfront.net"),
            "hostedZoneId": lambda _work: "Z2FDTNDATAQYW2",
        },
    ),
    "aws:cloudfront/originAccessControl:OriginAccessControl": Recipe(
        call="cloudfront.create_origin_access_control",
        by_hand=hands("description", "name", "originAccessControlOriginType", "signingBehavior", "signingProtocol"),
        shape=_access,
        id=Answer("OriginAccessControl.Id", "E{hash:13}"),
        outputs={"arn": "arn:aws:cloudfront::{account}:origin-access-control/{id}"},
    ),
    "aws:cloudfront/function:Function": Recipe(
        call="cloudfront.create_function",
        by_hand=hands("code", "comment", "name", "runtime"),
        lost={"publish": "moto keeps one stage of a function"},
        shape=_function,
        tags="",
        outputs={"arn": "arn:aws:cloudfront::{account}:function/{name}"},
    ),
    "aws:cloudfront/cachePolicy:CachePolicy": Recipe(
        recorded=f"moto has no cache policies; {_NO_EDGE}",
        id="{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}",
        outputs={"arn": "arn:aws:cloudfront::{account}:cache-policy/{id}"},
    ),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": Recipe(
        recorded=f"moto has no response headers policies; {_NO_EDGE}, and adds the headers",
        id="{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}",
        outputs={"arn": "arn:aws:cloudfront::{account}:response-headers-policy/{id}"},
    ),
    "aws:cloudfront/monitoringSubscription:MonitoringSubscription": Recipe(
        recorded=f"moto measures nothing; {_NO_EDGE}", id="{distributionId}"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": Recipe(
        call="logs.put_delivery_source",
        outputs={"arn": "arn:aws:logs:{region}:{account}:delivery-source:{name}"},
    ),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": Recipe(
        call="logs.put_delivery_destination",
        outputs={
            "arn": Answer("deliveryDestination.arn", "arn:aws:logs:{region}:{account}:delivery-destination:{name}")
        },
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": Recipe(
        call="logs.create_delivery",
        lost={"recordFields": f"no log is written: {_NO_EDGE}"},
        id=Answer("delivery.id", "{hash:16}"),
        outputs={"arn": Answer("delivery.arn", "arn:aws:logs:{region}:{account}:delivery:{hash:16}")},
    ),
    "aws:acm/certificate:Certificate": Recipe(
        call="acm.request_certificate",
        id=Answer("CertificateArn", "arn:aws:acm:{region}:{account}:certificate/{hash:32}"),
        outputs={"arn": "{id}", "domainValidationOptions": _proof},
    ),
    "aws:acm/certificateValidation:CertificateValidation": Recipe(
        recorded=f"moto holds every certificate for valid, and {_NO_DNS}", id="{certificateArn}"
    ),
    "aws:route53/record:Record": Recipe(
        recorded=f"the hosted zone is not of this stack, and {_NO_DNS}",
        id="{zoneId}_{name}_{type}",
        outputs={"fqdn": "{name}"},
    ),
    "aws:route53/healthCheck:HealthCheck": Recipe(
        recorded="the sandbox asks by itself what the check would ask",
        id="{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}",
        outputs={"arn": "arn:aws:route53:::healthcheck/{id}"},
    ),
    "aws:globalaccelerator/accelerator:Accelerator": Recipe(
        recorded="moto has no Global Accelerator",
        id="arn:aws:globalaccelerator::{account}:accelerator/{hash:12}",
        outputs={
            "arn": "{id}",
            "dnsName": "a{hash:16}.awsglobalaccelerator.com",
            "hostedZoneId": lambda _work: "Z2BJ6XQ5FK7U4H",
        },
    ),
    "aws:globalaccelerator/listener:Listener": Recipe(
        recorded="moto has no Global Accelerator", id="{acceleratorArn}/listener/{hash:8}", outputs={"arn": "{id}"}
    ),
    "aws:globalaccelerator/endpointGroup:EndpointGroup": Recipe(
        recorded="moto has no Global Accelerator",
        id="{listenerArn}/endpoint-group/{hash:12}",
        outputs={"arn": "{id}"},
    ),
}
