"""CloudFront, certificates, DNS records, load balancers and accelerators."""

from __future__ import annotations

import pulumi
from pulumi_aws import acm, cloudfront, cloudwatch, ec2, globalaccelerator, lb, route53, s3

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:hello:live"

files = s3.Bucket("files", bucket="everything-files")
control = cloudfront.OriginAccessControl(
    "control", origin_access_control_origin_type="s3", signing_behavior="always", signing_protocol="sigv4"
)
pages = cloudfront.Function("pages", runtime="cloudfront-js-2.0", code="function handler(e) { return e.request; }")
cache = cloudfront.CachePolicy(
    "cache",
    parameters_in_cache_key_and_forwarded_to_origin={
        "cookies_config": {"cookie_behavior": "none"},
        "headers_config": {"header_behavior": "none"},
        "query_strings_config": {"query_string_behavior": "none"},
    },
)
headers = cloudfront.ResponseHeadersPolicy(
    "headers", name="everything", security_headers_config={"content_type_options": {"override": True}}
)
distribution = cloudfront.Distribution(
    "distribution",
    enabled=True,
    comment="everything",
    aliases=["ml.example.org"],
    default_root_object="index.html",
    http_version="http2and3",
    is_ipv6_enabled=True,
    price_class="PriceClass_100",
    origins=[
        {
            "origin_id": "files",
            "domain_name": files.bucket_regional_domain_name,
            "origin_access_control_id": control.id,
        },
        {
            "origin_id": "api",
            "domain_name": "abc.execute-api.us-east-1.amazonaws.com",
            "custom_headers": [{"name": "x-mark", "value": "text"}],
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": 30,
                "origin_keepalive_timeout": 60,
            },
        },
    ],
    default_cache_behavior={
        "target_origin_id": "files",
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "cache_policy_id": cache.id,
        "response_headers_policy_id": headers.id,
        "function_associations": [{"event_type": "viewer-request", "function_arn": pages.arn}],
    },
    ordered_cache_behaviors=[
        {
            "path_pattern": "/api/*",
            "target_origin_id": "api",
            "viewer_protocol_policy": "https-only",
            "allowed_methods": ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
            "cached_methods": ["GET", "HEAD"],
            "cache_policy_id": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        }
    ],
    restrictions={"geo_restriction": {"restriction_type": "whitelist", "locations": ["CA", "US"]}},
    viewer_certificate={"cloudfront_default_certificate": True},
)
cloudfront.MonitoringSubscription(
    "metrics",
    distribution_id=distribution.id,
    monitoring_subscription={
        "realtime_metrics_subscription_config": {"realtime_metrics_subscription_status": "Enabled"}
    },
)
source = cloudwatch.LogDeliverySource("source", log_type="ACCESS_LOGS", resource_arn=distribution.arn)
destination = cloudwatch.LogDeliveryDestination(
    "destination",
    output_format="json",
    delivery_destination_configuration={"destination_resource_arn": files.arn},
)
cloudwatch.LogDelivery(
    "delivery",
    delivery_source_name=source.name,
    delivery_destination_arn=destination.arn,
    record_fields=["date", "time"],
)

certificate = acm.Certificate("certificate", domain_name="ml.example.org", validation_method="DNS")
proof = certificate.domain_validation_options[0]
record = route53.Record(
    "proof",
    zone_id="Z0123456789ABC",
    name=proof.apply(lambda known: str(known.resource_record_name)),
    type="CNAME",
    records=[proof.apply(lambda known: str(known.resource_record_value))],
    ttl=300,
)
valid = acm.CertificateValidation("valid", certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn])

outer = ec2.Vpc("outer", cidr_block="10.9.0.0/16")
subnets = [
    ec2.Subnet(f"outer-{zone}", vpc_id=outer.id, cidr_block=f"10.9.{number}.0/24", availability_zone=f"us-east-1{zone}")
    for number, zone in enumerate("ab")
]
balancer = lb.LoadBalancer(
    "balancer",
    name="everything",
    load_balancer_type="application",
    internal=True,
    subnets=[subnet.id for subnet in subnets],
    access_logs={"bucket": files.bucket, "enabled": True},
    drop_invalid_header_fields=True,
    enable_deletion_protection=True,
    idle_timeout=35,
)
target = lb.TargetGroup("target", name="everything", target_type="lambda", health_check={"enabled": False})
lb.TargetGroupAttachment("attachment", target_group_arn=target.arn, target_id=LAMBDA)
listener = lb.Listener(
    "https",
    load_balancer_arn=balancer.arn,
    port=443,
    protocol="HTTPS",
    ssl_policy="ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    certificate_arn=valid.certificate_arn,
    default_actions=[
        {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "404"}}
    ],
)
lb.ListenerRule(
    "path",
    listener_arn=listener.arn,
    conditions=[{"path_pattern": {"values": ["/api/v1/ml/predict"]}}],
    actions=[{"type": "forward", "target_group_arn": target.arn}],
)
accelerator = globalaccelerator.Accelerator("fixed", name="everything")
door = globalaccelerator.Listener(
    "door", accelerator_arn=accelerator.arn, protocol="TCP", port_ranges=[{"from_port": 443, "to_port": 443}]
)
globalaccelerator.EndpointGroup(
    "near", listener_arn=door.arn, endpoint_configurations=[{"endpoint_id": balancer.arn, "weight": 128}]
)
pulumi.export("distribution", distribution.id)
pulumi.export("balancer", balancer.arn)
