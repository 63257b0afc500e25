"""A distribution as it was declared: which behaviour a path has, which origins are asked, who lets it read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.ledger import Ledger, Resource

DISTRIBUTION: Final = "aws:cloudfront/distribution:Distribution"
POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
HEADERS: Final = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
FUNCTION: Final = "aws:cloudfront/function:Function"
_BUCKET: Final = re.compile(r"(?P<bucket>[a-z0-9.-]+)\.s3\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True)
class Origin:
    """One place that is asked."""

    id: str
    host: str
    headers: Mapping[str, str]
    """What is added to each request."""
    bucket: str = ""
    """Its bucket; empty for a place that speaks HTTP."""
    region: str = ""
    """Region of the bucket."""
    admitted: bool = True
    """Whether the bucket's policy lets this distribution read."""


@dataclass(frozen=True)
class Behavior:
    """How requests to some paths are answered."""

    pattern: str
    methods: frozenset[str]
    origins: Sequence[Origin]
    """Asked in turn until one has an answer."""
    failures: frozenset[int]
    """Statuses that count as none; empty where there is one origin."""
    headers: Mapping[str, str]
    """Added to each answer."""
    code: str
    """JavaScript that sees each request first; empty without one."""

    def covers(self, path: str) -> bool:
        """Whether a path is one of its own."""
        parts = re.split(r"([*?])", self.pattern.lstrip("/"))
        expression = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts)
        return re.fullmatch(expression, path.lstrip("/"), re.DOTALL) is not None


class Declared:
    """One distribution."""

    def __init__(self, ledger: Ledger, distribution: Resource) -> None:
        inputs = distribution.inputs
        self.id = distribution.id
        self.names = [*(inputs.get("aliases") or []), str(distribution.outputs["domainName"])]
        """What it answers to on AWS."""
        self.root = str(inputs.get("defaultRootObject") or "")
        """What stands for a path of nothing but a slash."""
        self._ledger, self._arn = ledger, str(distribution.outputs["arn"])
        origins = {row["originId"]: self._origin(row) for row in inputs["origins"]}
        groups = {row["originId"]: row for row in inputs.get("originGroups") or []}
        rows = [*(inputs.get("orderedCacheBehaviors") or []), {**inputs["defaultCacheBehavior"], "pathPattern": "*"}]
        self.behaviors = [self._behavior(row, origins, groups) for row in rows]

    def behavior(self, path: str) -> Behavior:
        """The first one whose pattern fits; the default one fits every path."""
        return next(found for found in self.behaviors if found.covers(path))

    def _origin(self, row: Mapping[str, Any]) -> Origin:
        host = str(row["domainName"])
        headers = {one["name"]: one["value"] for one in row.get("customHeaders") or []}
        found = None if row.get("customOriginConfig") else _BUCKET.fullmatch(host)
        if found is None:
            return Origin(str(row["originId"]), host, headers)
        admitted = bool(row.get("originAccessControlId")) and self._admitted(found["bucket"])
        return Origin(str(row["originId"]), host, headers, found["bucket"], found["region"], admitted)

    def _behavior(
        self, row: Mapping[str, Any], origins: Mapping[str, Origin], groups: Mapping[str, Mapping[str, Any]]
    ) -> Behavior:
        target = row["targetOriginId"]
        group = groups.get(target)
        codes = group["failoverCriteria"]["statusCodes"] if group else []
        asked = [member["originId"] for member in group["members"]] if group else [target]
        functions = row.get("functionAssociations") or []
        arns = {one["functionArn"] for one in functions if one["eventType"] == "viewer-request"}
        code = [str(one.inputs["code"]) for one in self._ledger.of_type(FUNCTION) if one.outputs.get("arn") in arns]
        return Behavior(
            pattern=str(row["pathPattern"]),
            methods=frozenset(row["allowedMethods"]),
            origins=[origins[one] for one in asked],
            failures=frozenset(int(code) for code in codes),
            headers=self._headers(str(row.get("responseHeadersPolicyId") or "")),
            code="".join(code[:1]),
        )

    def _admitted(self, bucket: str) -> bool:
        """Whether the bucket's policy lets CloudFront read in the name of this distribution."""
        for policy in self._ledger.of_type(POLICY):
            if policy.inputs["bucket"] != bucket:
                continue
            for row in json.loads(policy.inputs["policy"])["Statement"]:
                service = row.get("Principal") == {"Service": "cloudfront.amazonaws.com"}
                sources = (row.get("Condition") or {}).get("StringEquals", {}).get("aws:SourceArn", [])
                if row["Effect"] == "Allow" and service and "s3:GetObject" in row["Action"] and self._arn in sources:
                    return True
        return False

    def _headers(self, policy_id: str) -> dict[str, str]:
        """What the response headers policy adds, by name."""
        found = next((one for one in self._ledger.of_type(HEADERS) if one.id == policy_id), None)
        return {} if found is None else added(found.inputs)


def added(policy: Mapping[str, Any]) -> dict[str, str]:
    """The headers that a response headers policy declares."""
    secure = policy.get("securityHeadersConfig") or {}
    headers = {}
    if csp := secure.get("contentSecurityPolicy"):
        headers["Content-Security-Policy"] = str(csp["contentSecurityPolicy"])
    if secure.get("contentTypeOptions"):
        headers["X-Content-Type-Options"] = "nosniff"
    if frame := secure.get("frameOptions"):
        headers["X-Frame-Options"] = str(frame["frameOption"])
    if referrer := secure.get("referrerPolicy"):
        headers["Referrer-Policy"] = str(referrer["referrerPolicy"])
    if transport := secure.get("strictTransportSecurity"):
        words = [f"max-age={transport['accessControlMaxAgeSec']}"]
        words += ["includeSubDomains"] if transport.get("includeSubdomains") else []
        headers["Strict-Transport-Security"] = "; ".join(words)
    for row in (policy.get("customHeadersConfig") or {}).get("items") or []:
        headers[str(row["header"])] = str(row["value"])
    return headers
