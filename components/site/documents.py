"""Policies, headers and rules of the site's delivery, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pulumi import Input

from components.values import Statement, formatted

API_PATH: Final = "/api/*"
"""`/api` is the stage of the API, so a path means the same with and without the site before it."""
EDGE_S: Final = 24 * 3600
"""How long an edge keeps a file without asking again."""
HSTS_S: Final = 2 * 365 * 24 * 3600
"""Two years, which browsers' lists of HTTPS-only sites want."""
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

# Policies that AWS manages; their ids are the same in every account (CloudFront Developer Guide, "Use managed cache
# policies" and "Use managed origin request policies").
CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

PERMISSIONS: Final = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
"""Permissions-Policy: what no page of the site may ask a browser for."""

PAGES: Final = """\
// A path whose last part has no dot is a page of the app, which the browser draws itself from index.html.
function handler(event) {
  var request = event.request;
  var last = request.uri.substring(request.uri.lastIndexOf('/') + 1);
  if (last.indexOf('.') === -1) {
    request.uri = '/index.html';
  }
  return request;
}
"""
"""Runs before the cache is asked. Error pages in place of it would also replace the API's 403 and 404."""


def content_security_policy(connect: Sequence[str] = ()) -> str:
    """What pages may load: their own files, and answers of this address and of the origins given."""
    rows = {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "connect-src": ["'self'", *connect],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
    }
    return "; ".join([*(f"{name} {' '.join(sources)}" for name, sources in rows.items()), "upgrade-insecure-requests"])


def security_headers(policy: Input[str]) -> dict[str, Any]:
    """Headers of every answer, whatever the origin said."""
    return {
        "content_security_policy": {"content_security_policy": policy, "override": True},
        "content_type_options": {"override": True},
        "frame_options": {"frame_option": "DENY", "override": True},
        "referrer_policy": {"referrer_policy": "strict-origin-when-cross-origin", "override": True},
        "strict_transport_security": {
            "access_control_max_age_sec": HSTS_S,
            "include_subdomains": True,
            "override": True,
        },
    }


def bucket_statements(bucket_arn: Input[str], distribution_arn: Input[str]) -> list[Statement]:
    """The distribution reads, and nobody speaks to the bucket in the clear."""
    objects = formatted("{0}/*", bucket_arn)
    reader = {"StringEquals": {"aws:SourceArn": [distribution_arn]}}
    return [
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [bucket_arn, objects],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        },
        {
            "Sid": "DistributionReads",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:GetObject"],
            "Resource": [objects],
            "Condition": reader,
        },
        {
            # Without it S3 answers 403 for what is not there; no request lists, since no query reaches the bucket.
            "Sid": "DistributionHearsWhatIsMissing",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": ["s3:ListBucket"],
            "Resource": [bucket_arn],
            "Condition": reader,
        },
    ]


def behavior(target: str, headers_policy: Input[str], **more: Any) -> dict[str, Any]:
    """A cache behaviour: over TLS only, with the security headers."""
    return {
        "target_origin_id": target,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": ["GET", "HEAD"],
        "cached_methods": ["GET", "HEAD"],
        "compress": True,
        "response_headers_policy_id": headers_policy,
        **more,
    }


def api_behavior(target: str, headers_policy: Input[str]) -> dict[str, Any]:
    """Everything to the API as it was sent, nothing kept; plain HTTP is refused, since a redirect comes too late."""
    return behavior(
        target,
        headers_policy,
        path_pattern=API_PATH,
        viewer_protocol_policy="https-only",
        allowed_methods=list(METHODS),
        compress=False,
        cache_policy_id=CACHING_DISABLED,
        origin_request_policy_id=ALL_VIEWER_EXCEPT_HOST,
    )
